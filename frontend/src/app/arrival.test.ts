import { expect, it } from 'vitest'
import { Arrivals } from './arrival'

it('goes on after the wizard, starts anew from the side bar, and forgets for a stranger', () => {
  const a = new Arrivals()
  expect(a.arrive('1/alice', 1)).toBe('stranger')
  expect(a.arrive('1/alice', 1)).toBe('here')
  expect(a.arrive('1/alice', 2)).toBe('anew')
  expect(a.arrive('1/bob', 2)).toBe('stranger')
  expect(a.arrive('2/bob', 2)).toBe('stranger')
})
