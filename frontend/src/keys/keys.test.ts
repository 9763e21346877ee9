/** What is worked out about keys before anything is asked. */
import { expect, it } from 'vitest'
import { failure } from '../api/fake'
import { fitOf } from './pin'
import { ruleCommand } from './rule'

it.each([
  ['nothing', '', 'empty'],
  ['three digits', '123', 'short'],
  ['four digits', '1234', 'good'],
  ['four of which each takes four bytes', '😀😀😀😀', 'good'],
  ['three that look like six', 'e\u0301e\u0301e\u0301', 'short'],
  ['63 bytes', 'a'.repeat(63), 'good'],
  ['64 bytes', 'ä'.repeat(32), 'long'],
])('%s', (_, pin, fit) => expect(fitOf(pin, { min: 4, max: 63 })).toBe(fit))

it.each([
  ['a key by its maker', { vendor: '1050' }, 'ATTRS{idVendor}=="1050"'],
  ['capital letters', { vendor: '20A0' }, 'ATTRS{idVendor}=="20a0"'],
  ['one key of a maker whose number many share', { vendor: '0483', product: 'A2CA' }, 'ATTRS{idVendor}=="0483", ATTRS{idProduct}=="a2ca", TAG'],
  ['a product that is none', { vendor: '1050', product: "'; reboot" }, 'ATTRS{idVendor}=="1050", TAG'],
])('has a rule for %s', (_, params, part) => expect(ruleCommand(failure('key-permission', 'install-rule', { params }))).toContain(part))

it.each([
  ['no maker', 'key-permission', {}],
  ['what is no number', 'key-permission', { vendor: "1050'; rm" }],
  ['another failure', 'key-busy', { vendor: '1050' }],
])('makes no command of %s', (_, code, params) => expect(ruleCommand(failure(code, 'retry', { params }))).toBe(''))
