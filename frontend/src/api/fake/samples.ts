/** People, devices and happenings for the fake to show. */
import type { DeviceDTO, EventDTO, FailureDTO, QRDTO, UserDTO } from '../contract'
import { unproven } from './catalogue'

export const dayLong = 86_400_000

export function failure(code: string, next: FailureDTO['next'], more: Partial<FailureDTO> = {}): FailureDTO {
  return { code, category: 'device', next, params: {}, iam: 'ServiceFailure', detail: '', ...more }
}

type PasskeyPart = Partial<NonNullable<DeviceDTO['passkey']>>

/** A passkey on a phone. */
export function device(more: Partial<Omit<DeviceDTO, 'passkey'>> & PasskeyPart = {}): DeviceDTO {
  const { provider, aaguid, synced, onPhone, rpId, algorithm, transports, attestation, signCount, userVerified, trust, ...rest } = more
  const name = rest.name ?? 'alice-phone'
  return {
    id: `d-${name}`, version: 1, name, kind: 'passkey',
    serial: `arn:aws:iam::123456789012:u2f/user/alice/${name}-EXAMPLEBN5FHTECLFG7EXAMPLE`,
    addedAt: Date.now() - 3 * 3_600_000, createdAt: Date.now() - 3 * 3_600_000, lastUsedAt: Date.now() - 20_000, suspectAt: 0,
    passkey: {
      provider: provider ?? 'Google Password Manager', aaguid: aaguid ?? 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
      synced: synced ?? true, onPhone: onPhone ?? false, rpId: rpId ?? 'keyferry.internal', algorithm: algorithm ?? 'ES256',
      transports: transports ?? ['hybrid', 'internal'], attestation: attestation ?? 'none', signCount: signCount ?? 0,
      userVerified: userVerified ?? true, trust: trust ?? unproven,
    },
    code: null, ...rest,
  }
}

/** An authenticator app, or a token when kind says so. */
export function codeDevice(more: Partial<DeviceDTO> = {}, code: Partial<NonNullable<DeviceDTO['code']>> = {}): DeviceDTO {
  const name = more.name ?? 'backup-app'
  return {
    id: `d-${name || more.serial}`, version: 1, name, kind: 'app', serial: `arn:aws:iam::123456789012:mfa/${name}`,
    addedAt: Date.now() - 60 * dayLong, createdAt: Date.now() - 60 * dayLong, lastUsedAt: Date.now() - 2 * dayLong, suspectAt: 0,
    passkey: null,
    code: { algorithm: 'SHA1', digits: 6, period: 30, drift: 0, manufacturer: '', model: '', ...code }, ...more,
  }
}

const token = (more: Partial<DeviceDTO>, drift = 0): DeviceDTO =>
  codeDevice({ kind: 'token', ...more }, { drift, manufacturer: 'Feitian', model: 'c200' })

export function sampleTokens(count: number): DeviceDTO[] {
  return Array.from({ length: count }, (_, i) =>
    token({ id: `t-${i}`, name: '', serial: `GAHT${12345678 + i}`, addedAt: 0, lastUsedAt: 0, createdAt: Date.now() - (3 + (i % 20)) * dayLong }),
  )
}

export function sampleDevices(scene: string): DeviceDTO[] {
  const mixed = () => [
    device({ name: 'alice-iphone', provider: 'iCloud Keychain' }),
    codeDevice({ name: 'backup-app' }),
    token({ name: 'desk-token', serial: 'GAHT12340001' }, 60),
  ]
  const scenes: Record<string, () => DeviceDTO[]> = {
    home: () => [
      device({ name: 'alice-iphone', provider: 'iCloud Keychain' }),
      device({ name: 'work-pixel', lastUsedAt: Date.now() - dayLong, addedAt: Date.now() - 40 * dayLong }),
      device({
        name: 'old-tablet', provider: '', synced: false, onPhone: true, signCount: 41, addedAt: Date.now() - 400 * dayLong,
        lastUsedAt: Date.now() - 70 * dayLong, suspectAt: Date.now() - 2 * dayLong,
      }),
      codeDevice({ name: 'backup-app' }),
      token({ name: 'desk-token', serial: 'GAHT12340001', lastUsedAt: Date.now() - 5 * dayLong }, 60),
    ],
    'home-one': () => [device()],
    many: () => [device(), codeDevice()],
    'sign-in': () => [device()],
    'sign-in-key': () => [device({ name: 'blue-key', provider: 'YubiKey 5 NFC', synced: false, transports: ['usb', 'nfc'] }), codeDevice()],
    'sign-in-mixed': mixed,
    'sign-in-codes': () => [codeDevice({ name: 'backup-app' }), token({ name: 'desk-token', serial: 'GAHT12340001' }, 60)],
    'sign-in-locked': () => [codeDevice({ name: 'backup-app' })],
    'home-full': () =>
      Array.from({ length: 8 }, (_, i) => device({ name: `phone-${i + 1}`, lastUsedAt: i ? Date.now() - i * 9 * dayLong : 0 })),
    user: () => [device({ name: 'bob-phone' })],
    unassigned: () => [codeDevice({ name: 'former-app', addedAt: 0, lastUsedAt: 0, createdAt: Date.now() - 12 * dayLong })],
  }
  return scenes[scene]?.() ?? []
}

export function user(more: Partial<UserDTO> = {}): UserDTO {
  const name = more.name ?? 'bob'
  const path = more.path ?? '/'
  return {
    id: `p-${name}`, version: 1, kind: 'user', name, path, arn: `arn:aws:iam::123456789012:user${path}${name}`, administrator: false,
    hasPassword: true, mustChange: false, createdAt: Date.now() - 200 * dayLong, passwordAt: Date.now() - 90 * dayLong,
    passwordUsedAt: Date.now() - 3 * dayLong, deadline: 0, passkeys: 0, apps: 0, tokens: 0, suspect: 0, lastUsedAt: 0,
    recoveryLeft: 0, ways: 0, ...more,
  }
}

/** Root and count users. */
export function sampleUsers(count: number): UserDTO[] {
  const first = ['bob', 'carol', 'dan', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'judy', 'mallory', 'peggy']
  const root = user({
    id: 'p-root', kind: 'root', name: 'alice@example.org', path: '', arn: 'arn:aws:iam::123456789012:root', administrator: true,
    passkeys: 3, apps: 1, tokens: 1, suspect: 1, ways: 4, lastUsedAt: Date.now() - 20_000, passwordUsedAt: Date.now() - 30_000,
  })
  const users = Array.from({ length: count }, (_, i) => {
    const name = i < first.length ? first[i]! : `${first[i % first.length]}.${String(i).padStart(4, '0')}`
    const passkeys = [1, 0, 2, 0, 1][i % 5]!
    const apps = [0, 1, 1, 0, 0][i % 5]!
    const tokens = i % 7 === 3 ? 1 : 0
    const devices = passkeys + apps + tokens
    return user({
      name, path: i % 4 === 2 ? '/engineering/' : '/', administrator: i === 1, hasPassword: i % 9 !== 8, passkeys, apps, tokens,
      ways: devices, lastUsedAt: devices ? Date.now() - (i % 40) * dayLong - 3_600_000 : 0, mustChange: i === 4,
    })
  })
  return [root, ...users]
}

export function sampleEvents(count: number): EventDTO[] {
  const kinds: [string, Record<string, string>][] = [
    ['signed-in-password', {}], ['signed-in-mfa', { device: 'alice-iphone' }], ['device-added', { name: 'desk-token', kind: 'token' }],
    ['sign-in-refused', { code: 'sign-in-refused' }], ['user-created', { name: 'heidi' }], ['tokens-imported', { count: '6', format: 'pskc' }],
    ['device-renamed', { from: 'phone', to: 'alice-iphone' }], ['settings-changed', { what: 'idle', from: '15', to: '10' }],
    ['device-resynced', { name: 'desk-token' }], ['signed-out', {}],
  ]
  return Array.from({ length: count }, (_, i) => {
    const [kind, detail] = kinds[i % kinds.length]!
    const who = i % 3 === 0 ? ['p-bob', 'bob'] : ['p-root', 'alice@example.org']
    return { seq: count - i, at: Date.now() - i * 3 * 3_600_000, kind, principalId: who[0]!, principal: who[1]!, deviceId: '', detail }
  })
}

/** Looks like a code and holds nothing. */
export function pretendQR(seed: number, size = 37): QRDTO {
  let x = seed * 2654435761 + 1
  const noise = () => ((x = (Math.imul(x, 1103515245) + 12345) >>> 0) >>> 16) & 1
  const finder = (r: number, c: number) => {
    const d = Math.max(Math.abs(r - 3), Math.abs(c - 3))
    return d > 4 ? -1 : d === 4 ? 0 : d === 2 ? 0 : 1
  }
  const rows = Array.from({ length: size }, (_, r) =>
    Array.from({ length: size }, (_, c) => {
      for (const [dr, dc] of [[0, 0], [0, size - 7], [size - 7, 0]] as const) {
        const f = finder(r - dr, c - dc)
        if (f >= 0) return f
      }
      return r === 6 || c === 6 ? (r + c + 1) % 2 : noise()
    }).join(''),
  )
  return { size, rows }
}
