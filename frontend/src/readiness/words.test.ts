/** What is said of a rung. */
import { expect, it } from 'vitest'
import { failure } from '../api/fake'
import type { RungDTO } from '../api/contract'
import { markOf, rungLine, rungName, toShow } from './words'

const rung = (id: string, state: RungDTO['state'], params = {}, more: Partial<RungDTO> = {}): RungDTO => ({ id, state, params, failure: null, ...more })
const at = new Date(2026, 10, 22, 14, 2).toISOString()

it.each([
  ['a clock nobody keeps', rung('clock', 'warning', { computer: at, why: 'unsynchronised' }), 'Clock', '22 Nov 2026, 14:02. Nothing keeps it right'],
  ['a clock that is wrong', rung('clock', 'failed', { computer: at, least: at }), 'Clock', 'It says 22 Nov 2026, 14:02, and it was 22 Nov 2026, 14:02 already.'],
  ['a virtual machine', rung('virtual', 'warning', { kind: 'kvm' }), 'A virtual machine', 'its host (kvm) hands on'],
  ['a container', rung('virtual', 'warning', { kind: 'container' }), 'A container', 'its host hands on'],
  ['a proxy', rung('host-name', 'skipped', { host: 'cable.ua5v.com', via: 'proxy' }), 'Name of the server', 'The proxy looks up cable.ua5v.com.'],
  ['an old Windows', rung('windows-api', 'ok', { have: '4', route: 'own' }), 'Passkeys of Windows', 'Keyferry does.'],
  ['no rule for keys', rung('usb-permission', 'warning', { why: 'no-rule' }), 'Allowed to open keys', 'Nothing lets people open security keys'],
  ['a rule before any key', rung('usb-permission', 'ok', { count: '0' }), 'Allowed to open keys', 'A rule of this system'],
  ['secrets that wait for a passphrase', rung('vault', 'failed', {}, { failure: failure('vault-locked', 'unlock', { params: { state: 'unset' } }) }), 'Place for secrets', 'Set a passphrase'],
  ['Bluetooth that is off', rung('radio-power', 'failed', {}, { failure: failure('bluetooth-off', 'turn-on-bluetooth') }), 'Bluetooth turned on', 'Bluetooth is off.'],
  ['a chip whose count anybody can start over', rung('tpm-lockout', 'ok', { kind: 'open' }), 'The chip takes PINs', 'can start that count over'],
  ['what the chip keeps', rung('tpm-passkeys', 'ok', { count: '2' }), 'Passkeys it keeps', 'Kept here: 2'],
  ['a chip that counts nothing', rung('tpm-device', 'failed', {}, { failure: failure('tpm-failed', 'another-way', { params: { why: 'no-guard' } }) }), 'Security chip (TPM)', 'counts no wrong PINs'],
  ['a Mac that asks under another name', rung('radio-permission', 'failed', {}, { failure: failure('bluetooth-denied', 'allow-bluetooth', { params: { why: 'macos' } }) }), 'Allowed to use Bluetooth', 'terminal’s name'],
  ['what was not asked', rung('host-name', 'unknown', { why: 'not-asked' }), 'Name of the server', 'The network was left alone.'],
])('says it of %s', (_, r, name, line) => {
  expect(rungName(r)).toBe(name)
  expect(rungLine(r, false)).toContain(line)
})

it('says that the sandbox brings none where nothing can ask', () => {
  const unasked = rung('card-service', 'unknown', { why: 'not-built' })
  expect(rungLine(unasked, true)).toBe('The evaluation sandbox brings none.')
  expect(rungLine(unasked, false)).toBe('Nothing here can ask that on this system.')
})

it('takes an empty port for no warning', () => {
  expect(markOf(rung('usb-keys', 'warning', { count: '0' }))).toBe('idle')
  expect(markOf(rung('usb-permission', 'warning', { count: '2', denied: '1' }))).toBe('warning')
})

it('leaves out what comes after something that nobody knows', () => {
  const ids = (...all: RungDTO[]) => toShow(all).map((r) => r.id)
  const above = rung('card-reader', 'skipped')
  expect(ids(rung('card-service', 'unknown'), above)).toEqual(['card-service'])
  expect(ids(rung('card-service', 'failed'), above)).toEqual(['card-service', 'card-reader'])
  expect(ids(rung('host-name', 'skipped', { host: 'a', via: 'proxy' }))).toEqual(['host-name'])
})
