/**
 * A far side without Go, for `npm run dev`, for tests and for looking at every
 * screen. It keeps the contract's promises in the contract's order and proves
 * nothing else. It is not part of a release build.
 */
import type {
  BoundAPI, CeremonyDTO, DeviceDTO, Events, FailureDTO, LinkedPhoneDTO, QRDTO, Runtime, SimPhoneDTO, Stage, StateDTO,
} from './contract'

export type Scene = 'welcome' | 'sign-in' | 'home' | 'home-one' | 'home-empty' | 'home-full' | 'sandbox' | 'sandbox-home' | 'broken'

export interface Fake {
  api: BoundAPI
  runtime: Runtime
  /** Sends an event as Go would. */
  emit<E extends keyof Events>(event: E, data: Events[E]): void
  /** Moves the running ceremony on. */
  advance(stage: Stage, more?: Partial<CeremonyDTO>): void
  fail(failure: FailureDTO): void
  copied: string[]
}

const day = 86_400_000

export function failure(code: string, next: FailureDTO['next'], more: Partial<FailureDTO> = {}): FailureDTO {
  return { code, category: 'device', next, params: {}, detail: '', ...more }
}

export function device(more: Partial<DeviceDTO> = {}): DeviceDTO {
  const name = more.name ?? 'alice-phone'
  return {
    id: `d-${name}`, version: 1, name, kind: 'passkey', provider: 'Google Password Manager',
    aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4', addedAt: Date.now() - 3 * 3_600_000, lastUsedAt: Date.now() - 20_000,
    synced: true, onPhone: false, suspectAt: 0,
    serial: `arn:keyferry:iam::123456789012:mfa/${name}`, rpId: 'keyferry.internal', algorithm: 'ES256',
    transports: ['hybrid', 'internal'], attestation: 'none', signCount: 0, userVerified: true, ...more,
  }
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

const behaviours = [
  'ask', 'approve', 'decline', 'wait', 'no-uv', 'unknown-account', 'drop-before-connect', 'drop-at-handshake',
  'drop-after-handshake', 'drop-after-connect', 'drop-after-request', 'wrong-signature', 'wrong-eid', 'legacy-uuid', 'suffix', 'too-old',
]

/** pace is milliseconds from one stage to the next; 0 leaves every step to advance(). */
export function fake(scene: string, pace = 900): Fake {
  const listeners = new Map<string, Set<(data: never) => void>>()
  const copied: string[] = []
  let signedIn = scene.includes('home')
  let exists = signedIn || scene === 'sign-in'
  let sandbox = scene.startsWith('sandbox')
  let alias = 'acme-lab'
  let devices: DeviceDTO[] = {
    home: [
      device({ name: 'alice-iphone', provider: 'iCloud Keychain' }),
      device({ name: 'work-pixel', lastUsedAt: Date.now() - day, addedAt: Date.now() - 40 * day }),
      device({
        name: 'old-tablet', provider: '', synced: false, onPhone: true, signCount: 41, addedAt: Date.now() - 400 * day,
        lastUsedAt: Date.now() - 70 * day, suspectAt: Date.now() - 2 * day,
      }),
    ],
    'home-one': [device()],
    'sign-in': [device()],
    'home-full': Array.from({ length: 8 }, (_, i) => device({ name: `phone-${i + 1}`, lastUsedAt: i ? Date.now() - i * 9 * day : 0 })),
  }[scene] ?? []
  let linked: LinkedPhoneDTO[] = ['home', 'sign-in'].includes(scene) ? [{ id: 'l1', name: 'Alice’s iPhone', createdAt: Date.now() - 9 * day }] : []
  let running: CeremonyDTO | null = null
  let ids = 0
  let timers: number[] = []
  let simPhone: SimPhoneDTO = {
    state: 'idle', model: 'android', behaviour: 'ask', behaviours, op: '', rpId: 'sandbox.keyferry.internal',
    account: 'root@sandbox.keyferry.internal', failure: null, name: 'Simulated Android phone',
  }

  const emit: Fake['emit'] = (event, data) => listeners.get(event)?.forEach((f) => f(data as never))
  const later = (n: number, f: () => void) => pace > 0 && timers.push(window.setTimeout(f, n * pace))
  const stop = () => {
    timers.forEach(clearTimeout)
    timers = []
  }
  const refuse = (f: FailureDTO): never => {
    throw f
  }

  const rpId = () => (sandbox ? 'sandbox.keyferry.internal' : 'keyferry.internal')
  const state = (): StateDTO => ({
    phase: scene === 'broken' ? 'broken' : signedIn ? 'home' : exists ? 'sign-in' : 'welcome',
    sandbox, hasSandbox: sandbox,
    account: exists ? { id: '123456789012', alias, rpId: rpId(), frozen: devices.length > 0, sandbox } : null,
    session: signedIn
      ? {
          principal: sandbox ? 'root' : 'alice', kind: 'root', startedAt: Date.now(), mfaAt: Date.now() - 4 * 60_000,
          mfaPresent: devices.length > 0, device: devices[0]?.name ?? '',
        }
      : null,
    failure: scene === 'broken'
      ? failure('database-damaged', 'restore-backup', { category: 'storage', detail: 'sqlite: file is not a database (26)' })
      : null,
    version: '0.1.0', system: 'linux',
    lastIdentity: scene === 'sign-in' ? { kind: 'root', name: 'alice@example.org' } : null,
    backups: scene === 'broken'
      ? ['/home/alice/.local/share/keyferry/backups/keyferry-2026-11-20-v3.db', '/home/alice/.local/share/keyferry/backups/keyferry-2026-11-02-v2.db']
      : [],
  })

  const advance: Fake['advance'] = (stage, more = {}) => {
    if (!running) return
    running = { ...running, reached: [...running.reached, running.stage], stage, ...more }
    emit('ceremony', running)
  }
  const fail: Fake['fail'] = (f) => {
    stop()
    advance('failed', { failure: f, qr: null })
  }
  const phone = (more: Partial<SimPhoneDTO>) => {
    simPhone = { ...simPhone, failure: null, ...more }
    emit('phone', simPhone)
  }

  function begin(purpose: CeremonyDTO['purpose'], name: string, ring: boolean): CeremonyDTO {
    stop()
    if (sandbox) phone({ state: 'idle', op: '' })
    running = {
      id: ++ids, purpose, name, stage: 'needs-bluetooth', reached: [], qr: null, until: 0, radio: '', signal: 0,
      candidate: null, device: null, state: null, failure: null,
    }
    const radio = sandbox ? 'loopback' : 'hci0'
    later(0.3, () =>
      ring ? advance('ring-phone', { radio }) : advance('show-qr', { qr: pretendQR(ids), until: Date.now() + 100_000, radio }),
    )
    if (ring) later(3, () => heard())
    return running
  }

  function heard() {
    advance('phone-seen', { qr: null, signal: -52 })
    later(1, () => advance('connecting'))
    later(2, () => {
      advance('confirm-on-phone')
      if (sandbox) phone({ state: 'asking', op: running?.purpose === 'enrol' ? 'create' : 'sign-in' })
      else later(2, answered)
    })
  }

  function answered() {
    advance('verifying')
    if (sandbox) phone({ state: 'done' })
    later(1, () => {
      if (running?.purpose === 'enrol') {
        advance('name-device', { candidate: { provider: 'Google Password Manager', aaguid: '', synced: true, onPhone: false } })
        return
      }
      signedIn = true
      advance('done', { state: state() })
    })
  }

  const api: BoundAPI = {
    State: async () => state(),
    CreateAccount: async (r) => {
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(r.alias) || r.alias.length < 3) refuse(failure('alias-invalid', 'change-input'))
      if (!r.email.includes('@')) refuse(failure('email-invalid', 'change-input'))
      if (r.password.length < 8) refuse(failure('password-too-short', 'change-input', { params: { min: '8' } }))
      alias = r.alias
      exists = signedIn = true
      return state()
    },
    OpenSandbox: async () => {
      sandbox = true
      exists = signedIn = false
      devices = []
      return state()
    },
    LeaveSandbox: async () => {
      sandbox = exists = signedIn = false
      return state()
    },
    SignIn: async (r) => {
      if (new TextDecoder().decode(new Uint8Array(r.password)) === 'wrong password') refuse(failure('sign-in-refused', 'change-input', { category: 'denied' }))
      if (new TextDecoder().decode(new Uint8Array(r.password)) === 'too often') {
        refuse(failure('sign-in-delayed', 'wait', { category: 'denied', params: { seconds: '24' } }))
      }
      signedIn = devices.length === 0
      return { complete: signedIn, state: state(), ways: ['phone'], devices: devices.map((d) => d.name), linked }
    },
    CancelSignIn: async () => state(),
    SignOut: async () => {
      signedIn = false
      stop()
      return state()
    },
    Devices: async () => devices,
    CheckDeviceName: async (name) => {
      if (!/^[\w+=,.@-]{1,64}$/.test(name)) refuse(failure('name-invalid', 'change-input', { params: { max: '64' } }))
      if (devices.some((d) => d.name.toLowerCase() === name.toLowerCase())) refuse(failure('name-taken', 'change-input', { params: { name } }))
    },
    RenameDevice: async (r) => {
      await api.CheckDeviceName(r.name)
      devices = devices.map((d) => (d.id === r.id ? { ...d, name: r.name, version: d.version + 1 } : d))
      return devices.find((d) => d.id === r.id)!
    },
    RemoveDevice: async (r) => void (devices = devices.filter((d) => d.id !== r.id)),
    LinkedPhones: async () => linked,
    ForgetPhone: async (id) => void (linked = linked.filter((l) => l.id !== id)),
    BeginEnrolment: async (r) => {
      await api.CheckDeviceName(r.name)
      return begin('enrol', r.name, false)
    },
    BeginPhoneSignIn: async (r) => begin('sign-in', '', r.linkedId !== ''),
    NewCode: async () => begin(running?.purpose ?? 'enrol', running?.name ?? '', false),
    ConfirmDevice: async (accept) => {
      if (!accept) return fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      const d = device({ name: running?.name ?? '', addedAt: Date.now(), lastUsedAt: 0, rpId: rpId() })
      devices = [...devices, d]
      advance('done', { device: d, state: state() })
    },
    CancelCeremony: async () => {
      fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      running = null
    },
    Ceremony: async () => running,
    ScanWithSimulatedPhone: async () => {
      phone({ state: 'reading' })
      later(0.5, () => {
        phone({ state: 'connecting' })
        heard()
      })
      return simPhone
    },
    AnswerSimulatedPhone: async (approve) => {
      if (approve) return answered()
      phone({ state: 'failed', failure: failure('declined', 'retry') })
      fail(failure('declined', 'retry'))
    },
    SetSimulatedPhone: async (r) => {
      phone({ ...r, name: r.model === 'iphone' ? 'Simulated iPhone' : 'Simulated Android phone' })
      return simPhone
    },
    SimulatedPhone: async () => simPhone,
  }

  const runtime: Runtime = {
    EventsOn(name, callback) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set.add(callback as (data: never) => void))
      return () => set.delete(callback as (data: never) => void)
    },
    ClipboardSetText: async (text) => {
      copied.push(text)
      return true
    },
  }
  const made = { api, runtime, emit, advance, fail, copied }
  Object.assign(window, { fake: made })
  return made
}

