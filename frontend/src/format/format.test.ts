import { describe, expect, it } from 'vitest'
import { nearestName } from './name'
import { strengthOf } from './password'
import { ago, clock, day, fileDay, midnightOf } from './when'

const now = new Date(2026, 10, 22, 10, 30).getTime()
const at = (...d: [number, number, number, number?, number?]) => new Date(...d).getTime()

describe('ago', () => {
  it.each([
    ['just now', now - 59_000],
    ['just now', now + 5_000],
    ['1 min ago', now - 60_000],
    ['59 min ago', now - 3_599_000],
    ['10 h ago', at(2026, 10, 22, 0, 10)],
    ['yesterday', at(2026, 10, 21, 23, 0)],
    ['20 Nov', at(2026, 10, 20)],
    ['14 Sep', at(2026, 8, 14)],
    ['2 Nov 2025', at(2025, 10, 2)],
  ])('%s', (words, ms) => expect(ago(ms, now)).toBe(words))

  it('calls ten minutes before midnight minutes, not yesterday', () => {
    expect(ago(at(2026, 10, 21, 23, 55), at(2026, 10, 22, 0, 5))).toBe('10 min ago')
  })
})

it('names days by the calendar', () => {
  expect(day(at(2026, 10, 22, 0, 0), now)).toBe('today')
  expect(day(at(2026, 10, 21, 23, 59), now)).toBe('yesterday')
})

it.each([[0, '0:00'], [9, '0:09'], [100, '1:40'], [600, '10:00']])('clock %i', (s, words) => expect(clock(s)).toBe(words))

it.each([
  ['Alice’s phone', 'Alices-phone'],
  ['  my  new phone ', 'my-new-phone'],
  ['Téléphone', 'Telephone'],
  ['a@b.c', 'a@b.c'],
  ['電話', ''],
  ['x'.repeat(70), 'x'.repeat(64)],
])('nearest name of %s', (typed, name) => expect(nearestName(typed)).toBe(name))

it.each([['short', 0], ['eightchr', 1], ['aaaaaaaaaaaaaaaaaaaa', 1], ['correct horse', 2], ['correct horse battery', 3]])(
  'strength of %s',
  (password, n) => expect(strengthOf(password)).toBe(n),
)

it('writes days for fields and reads them again', () => {
  expect(fileDay(at(2026, 2, 5, 23, 59))).toBe('2026-03-05')
  expect(midnightOf('2026-03-05')).toBe(at(2026, 2, 5))
  expect(midnightOf('2026-12-31', 1)).toBe(at(2027, 0, 1))
  expect(midnightOf('31.12.2026')).toBeNaN()
  expect(midnightOf('')).toBeNaN()
})
