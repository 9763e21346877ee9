import { describe, expect, it } from 'vitest'
import { reveal, stepTo, windowOf } from './window'

describe('windowOf', () => {
  it.each([
    ['the top', 0, 500, 5_000, { first: 0, end: 22 }],
    ['the middle', 100 * 50, 500, 5_000, { first: 94, end: 116 }],
    ['the end', 4_990 * 50, 500, 5_000, { first: 4_978, end: 5_000 }],
    ['a list shorter than the window', 0, 500, 3, { first: 0, end: 3 }],
    ['a list that became shorter than where one was', 4_000 * 50, 500, 30, { first: 8, end: 30 }],
    ['no rows', 0, 500, 0, { first: 0, end: 0 }],
    ['a view that was not measured', 0, 0, 5_000, { first: 0, end: 24 }],
    ['a scroll beyond the upper edge', -80, 500, 5_000, { first: 0, end: 22 }],
  ])('%s', (_, top, view, count, want) => expect(windowOf(top, view, 50, count)).toEqual(want))
})

it.each([
  ['a row in view stays', 5, 100, 100],
  ['a row above comes to the upper edge', 1, 100, 50],
  ['a row below comes to the lower edge', 20, 100, 550],
])('%s', (_, index, top, want) => expect(reveal(index, top, 500, 50)).toBe(want))

it.each([
  ['ArrowDown', 0, 1], ['ArrowUp', 0, 0], ['End', 3, 99], ['Home', 3, 0], ['PageDown', 95, 99], ['PageUp', 15, 5], ['x', 0, undefined],
])('%s from %i', (key, from, want) => expect(stepTo(key, from, 100, 10)).toBe(want))

it('leads nowhere in an empty list', () => expect(stepTo('End', 0, 0, 10)).toBeUndefined())
