/** Keys, what is on them, and what a computer can do, for the fake to show. */
import type { DocumentedDTO, FailureDTO, FoundAccountDTO, KeyDTO, KeyPasskeyDTO, LadderDTO, ReadinessDTO, RungDTO, SimKeyDTO } from '../contract'
import { failure } from './samples'

/** A key as it comes, with a PIN. */
export const key = (more: Partial<KeyDTO> = {}): KeyDTO => ({
  id: 'k1', name: 'YubiKey OTP+FIDO+CCID', way: 'usb', trouble: null, model: 'YubiKey 5 NFC', aaguid: '2fc0579f-8113-47ea-b116-bb5a8db9202a',
  versions: ['FIDO_2_1', 'FIDO_2_0', 'U2F_V2'], pin: 'set', left: 8, minPin: 4, maxPin: 63, mustChangePin: false, biometric: false, passkeys: true,
  management: true, room: 22, extensions: ['credProtect', 'hmac-secret'], transports: ['nfc', 'usb'],
  certifications: [{ name: 'certifications', values: ['FIDO 1'] }], ...more,
})

/** A key that the system does not let us open. */
export const lockedKey = (): KeyDTO =>
  key({
    id: 'k2', name: 'SoloKeys Solo 2', model: '', aaguid: '', versions: [], extensions: [], transports: [], certifications: [], pin: 'none', left: -1,
    room: -1, management: false, passkeys: false,
    trouble: failure('key-permission', 'install-rule', { category: 'environment', params: { node: '/dev/hidraw3', vendor: '1209', product: 'beee' } }),
  })

export const samplePasskeys = (): KeyPasskeyDTO[] => [
  { id: 'a1b2', rpId: 'keyferry.internal', rpName: 'Keyferry', user: 'alice@example.org', displayName: '', device: 'alice-iphone' },
  { id: 'c3d4', rpId: 'keyferry.internal', rpName: 'Keyferry', user: 'bob', displayName: '', device: '' },
  { id: 'e5f6', rpId: 'github.com', rpName: 'GitHub', user: 'alice', displayName: 'Alice', device: '' },
]

/** What a sign-in without a name finds on a shared key; the last was made without names. */
export const sampleFound = (): FoundAccountDTO[] => [
  { name: 'bob', fullName: 'Bob Ferry', mark: '' },
  { name: 'alice@example.org', fullName: '', mark: '' },
  { name: '', fullName: '', mark: '9f86d081' },
]

export const sampleSimKey = (): SimKeyDTO => ({
  model: 'plain', models: ['plain', 'certified', 'fingerprint', 'old', 'u2f'], plugged: true, waiting: false, op: '', rpId: '', passkeys: 0, pinSet: false,
})

const rung = (id: string, more: Partial<RungDTO> = {}): RungDTO => ({ id, state: 'ok', params: {}, failure: null, ...more })

/** Where no TPM is there, and Bluetooth is off. */
export function sampleReadiness(): ReadinessDTO {
  const not = (code: string, next: FailureDTO['next'], params = {}) => failure(code, next, { category: 'environment', params })
  const unsaid: DocumentedDTO = { support: 'unsaid', browsers: [], note: '' }
  const ladders: LadderDTO[] = [
    {
      way: 'phone', state: 'not-ready', documented: unsaid,
      rungs: [
        rung('radio-service'), rung('radio-adapter', { params: { name: 'desk' } }),
        rung('radio-power', { state: 'failed', failure: not('bluetooth-off', 'turn-on-bluetooth') }),
        rung('host-name', { params: { host: 'cable.ua5v.com' } }), rung('host-connect', { params: { host: 'cable.ua5v.com' } }),
        rung('host-name', { state: 'failed', params: { host: 'cable.auth.com' } }), rung('host-connect', { state: 'skipped', params: { host: 'cable.auth.com' } }),
      ],
    },
    {
      way: 'key', state: 'ready', documented: { support: 'yes', browsers: ['Chrome'], note: 'browsers' },
      rungs: [rung('usb-access'), rung('usb-keys', { params: { count: '1' } }), rung('usb-permission')],
    },
    {
      way: 'nfc', state: 'not-ready', documented: { support: 'yes', browsers: ['Chrome'], note: 'browsers' },
      rungs: [rung('card-service', { state: 'failed', failure: not('reader-service-missing', 'another-way') }), rung('card-reader', { state: 'skipped' })],
    },
    {
      way: 'computer', state: 'not-ready', documented: unsaid,
      rungs: [rung('tpm-device', { state: 'failed', failure: not('tpm-missing', 'another-way') })],
    },
    {
      way: 'code', state: 'unsure', documented: { support: 'yes', browsers: [], note: 'any-system' },
      rungs: [rung('clock', { state: 'unknown', params: { why: 'system', computer: '2026-11-22T14:02:00Z' } }), rung('vault')],
    },
  ]
  const machine = [{ name: 'system', values: ['Debian GNU/Linux 13'] }, { name: 'architecture', values: ['amd64'] }, { name: 'virtual', values: ['no'] }]
  return { at: 0, system: 'linux', ladders, machine }
}
