import { expect, it } from 'vitest'
import { failure } from '../api/fake'
import { failureWhat } from '../i18n'
import { facts } from './facts'
import { driftReason, oddReason, period, placed, standing, stated, statusName } from './words'
import type { DriftRowDTO, ModelDTO, StatusReportDTO } from '../api/contract'

it.each([
  ['FIDO_CERTIFIED_L2plus', 0, 'FIDO L2plus'],
  ['FIPS140_CERTIFIED_L2', 2, 'FIPS 140-2 L2'],
  ['FIPS140_CERTIFIED_L3', 3, 'FIPS 140-3 L3'],
  ['FIPS140_CERTIFIED_L1', 0, 'FIPS 140 L1, revision not told'],
  ['REVOKED', 0, 'Revoked by FIDO'],
  ['', 0, 'No report'],
  ['SOMETHING_NEW', 0, 'SOMETHING_NEW'],
])('says %s (%i) in words', (status, fips, words) => expect(statusName(status, fips)).toBe(words))

const words = (code: string, params: Record<string, string>) => {
  const f = placed(failure(code, 'choose-file', { params }))!
  return failureWhat(f.code, f.params)
}

// The codes of backend/mds.
it.each([
  ['JWT', 'parts', 'three parts'],
  ['base64', 'line end', 'line breaks inside'],
  ['base64', 'payload', 'its content'],
  ['length', 'header', 'its head'],
  ['length', 'signature', 'its signature'],
  ['JSON', 'payload byte 4711', 'byte 4711 of its content'],
  ['JSON', 'header', 'its head'],
  ['nesting', 'payload byte 5', 'byte 5 of its content'],
  ['doubled member', 'payload', 'twice in its content'],
  ['number', 'no', 'no number'],
  ['entries', 'entries', 'no list of models'],
  ['entries', 'payload byte 7', 'far too long'],
  ['certificate', 'x5c', 'the certificates of its signature'],
  ['certificate', 'x5c/0', 'certificate 1 of its signature'],
  ['entry', 'abc', 'Import it again'],
  ['CRL', 'DER', 'revocation list'],
])('says where a file is not well formed: %s at %s', (what, where, said) => expect(words('metadata-malformed', { what, where })).toContain(said))

it.each([
  ['metadata-untrusted', { why: 'root' }, 'two roots'],
  ['metadata-untrusted', { why: 'host' }, 'metadata service'],
  ['metadata-untrusted', { why: 'order' }, 'issue one another'],
  ['metadata-untrusted', { why: 'expired' }, 'was not valid'],
  ['metadata-untrusted', { why: 'revoked' }, 'was revoked'],
  ['metadata-algorithm', { alg: 'none' }, 'with nothing'],
  ['metadata-algorithm', { alg: 'x5u' }, 'from the network'],
  ['metadata-algorithm', { alg: 'HS256' }, 'HS256'],
  ['metadata-rollback', { got: '4', have: '12' }, 'number 4, and you have 12'],
  ['metadata-too-large', { limit: '64 MB' }, '64 MB'],
  ['metadata-download', { host: 'mds3.fidoalliance.org' }, 'mds3.fidoalliance.org'],
])('says why %s (%o)', (code, params, said) => expect(words(code, params)).toContain(said))

it('leaves other failures alone', () => {
  const f = failure('not-found', 'reload', { params: { where: 'parts' } })
  expect(placed(f)).toBe(f)
  expect(placed(null)).toBeNull()
})

// All that backend/mds notes about entries.
it.each([
  'object', 'id', 'aaguid', 'reports', 'report', 'doubled', 'members', 'inner-aaguid', 'key-id', 'date', 'version', 'certificate', 'root',
  'certifications', 'statement',
])('has words for an entry that is odd by %s', (why) => expect(oddReason({ position: 0, id: '', why, used: true })).toMatch(/ .*\.$/))

it.each([
  ['2020-05-12', '', 'since 12 May 2020'],
  ['', '2021-01-01', 'until 1 Jan 2021'],
  ['2020-05-12', '2021-01-01', 'from 12 May 2020 until 1 Jan 2021'],
  ['', '', ''],
])('says when a report holds: %s to %s', (date, until, said) => expect(period({ date, until } as StatusReportDTO)).toBe(said))

it('says of a model without levels what is reported', () => {
  const model = { fido: '', fips2: '', fips3: '', status: 'NOT_FIDO_CERTIFIED', refused: false } as ModelDTO
  expect(standing(model)).toBe('Not certified by FIDO')
  expect(standing({ ...model, fido: 'L1', fips3: 'L2' })).toBe('FIDO L1 · FIPS 140-3 L2')
  expect(standing({ ...model, fido: 'L1', status: 'REVOKED', refused: true })).toBe('Revoked by FIDO')
})

it('tells levels that only the device lists from those that FIDO reports', () => {
  const model = { fido: 'L1', fips2: 'L2', fips3: 'L3' } as ModelDTO
  const reports = [{ fips: 3, now: true }, { fips: 2, now: false }] as StatusReportDTO[]
  expect(stated(model, reports)).toBe('FIPS 140-2 L2')
  expect(stated({ ...model, fips2: '' }, reports)).toBe('')
})

it.each(['better', 'worse', 'gone', 'known'] as const)('says what it means that a model is %s', (change) =>
  expect(driftReason({ change, refused: null } as DriftRowDTO)).toMatch(/\.$/),
)

// Every fact that backend/mds tells, with the values of the FIDO registry.
const every: Record<string, string[]> = {
  protocol: ['fido2', 'u2f', 'uaf'], transports: ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal', 'lightning'],
  'user-verification': [
    'presence_internal', 'fingerprint_internal', 'passcode_internal', 'voiceprint_internal', 'faceprint_internal', 'location_internal',
    'eyeprint_internal', 'pattern_internal', 'handprint_internal', 'passcode_external', 'pattern_external', 'none', 'all',
  ],
  'key-protection': ['software', 'hardware', 'tee', 'secure_element', 'remote_handle'], 'matcher-protection': ['software', 'tee', 'on_chip'],
  attachment: ['internal', 'external', 'wired', 'wireless', 'nfc', 'bluetooth', 'network', 'ready', 'wifi_direct'],
  display: ['any', 'privileged_software', 'tee', 'hardware', 'remote'], attestation: ['basic_full', 'basic_surrogate', 'ecdaa', 'attca', 'anonca', 'none'],
  algorithms: ['secp256r1_ecdsa_sha256_raw', 'secp256r1_ecdsa_sha256_der', 'rsa_emsa_pkcs1_sha256_raw', 'ed25519_eddsa_sha512_raw', 'secp384r1_ecdsa_sha384_raw'],
  biometric: ['fingerprint_internal'], 'key-restricted': ['true', 'false'], 'fresh-verification': ['true'], 'crypto-strength': ['128'],
}

it.each(Object.entries(every))('has words for %s', (name, values) => {
  for (const value of values) {
    const [fact] = facts([{ name, values: [value] }])
    expect(fact!.label).not.toBe(name)
    expect(fact!.values[0]).not.toBe(value)
  }
})

it('joins what belongs together, and says the same only once', () => {
  const [checks, signs] = facts([
    { name: 'user-verification', values: ['passcode_external + presence_internal', 'none', 'none'] },
    { name: 'algorithms', values: ['secp256r1_ecdsa_sha256_raw', 'secp256r1_ecdsa_sha256_der', 'brand_new_raw'] },
  ])
  expect(checks!.values).toEqual(['PIN on the computer + touch', 'no check'])
  expect(signs!.values).toEqual(['ECDSA P-256 with SHA-256', 'brand_new_raw'])
})
