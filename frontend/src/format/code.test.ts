import { describe, expect, it } from 'vitest'
import { groupedId, isAccount } from './account'
import { caretAfter, digitsOf, grouped, recoveryCode, untilNextStep, utcTime } from './code'

it.each([
  ['123456', '123456'],
  [' 123 456 ', '123456'],
  ['12a3-45.6', '123456'],
  ['1234567', '123456'],
  ['', ''],
])('digits of %j', (typed, digits) => expect(digitsOf(typed, 6)).toBe(digits))

it.each([['', ''], ['12', '12'], ['123', '123'], ['1234', '123 4'], ['123456', '123 456']])('groups %j', (digits, text) =>
  expect(grouped(digits)).toBe(text),
)

it.each([
  ['at the start', 0, '123 456', 0],
  ['before the gap', 3, '123 456', 3],
  ['behind the gap', 4, '123 456', 5],
  ['at the end', 6, '123 456', 7],
  ['behind what is there', 6, '12', 2],
])('puts the caret %s', (_, digits, text, at) => expect(caretAfter(digits, text)).toBe(at))

it('shows the time of UTC, whatever the zone', () => {
  expect(utcTime(Date.UTC(2026, 10, 22, 7, 42, 5))).toBe('07:42:05')
})

it.each([[0, 30], [1_000, 29], [29_999, 1], [30_000, 30]])('counts down from %i', (now, left) => expect(untilNextStep(now, 30)).toBe(left))

describe('recovery codes', () => {
  it.each([
    ['abcd efgh ijkl mnop', 'ABCD-EFGH-IJKL-MNOP'],
    ['abcdefghijklmnopqrst', 'ABCD-EFGH-IJKL-MNOP'],
    ['ABCD-', 'ABCD'],
    ['abcde', 'ABCD-E'],
  ])('types %j', (typed, text) => expect(recoveryCode(typed)).toBe(text))
})

describe('accounts', () => {
  const account = { id: '123456789012', alias: 'acme-lab' }
  it.each([
    ['acme-lab', true], [' Acme-Lab ', true], ['123456789012', true], ['1234-5678-9012', true], ['1234 5678 9012', true],
    ['acme', false], ['123456789013', false], ['', false],
  ])('%j', (typed, yes) => expect(isAccount(typed, account)).toBe(yes))
  it('writes the number in groups', () => expect(groupedId(account.id)).toBe('1234-5678-9012'))
})
