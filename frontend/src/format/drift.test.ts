import { expect, it } from 'vitest'
import type { DriftDTO } from '../api/contract'
import { driftChart } from './drift'

const box = { width: 500, height: 150, left: 40, right: 10, top: 10, bottom: 20 }
const day = 86_400_000
const now = 1_800_000_000_000
const drift = (more: Partial<DriftDTO>): DriftDTO => ({ samples: [], perDay: 0, leavesAt: 0, window: 90, resyncWindow: 600, ...more })

it('draws nothing of nothing', () => expect(driftChart(drift({}), now, box)).toBeNull())

it('puts time to the right and seconds up, inside of the frame', () => {
  const c = driftChart(drift({ samples: [{ at: now, seconds: 60 }, { at: now - 40 * day, seconds: 0 }], perDay: 1.5, leavesAt: now + 20 * day }), now, box)!
  const [old, fresh] = c.dots
  expect(old!.x).toBe(box.left)
  expect(fresh!.x).toBeGreaterThan(old!.x)
  expect(fresh!.y).toBeLessThan(old!.y)
  expect(old!.y).toBe(c.zero)
  expect(c.upper).toBeGreaterThan(box.top)
  expect(c.lower).toBeLessThan(box.height - box.bottom)
  expect(c.leaves!.x).toBeLessThan(box.width - box.right)
  expect(c.ahead!.x2).toBeCloseTo(c.leaves!.x)
  expect(c.ahead!.y2).toBeCloseTo(c.upper, 0) // it leaves where the window ends
})

it('makes room for what is far off, and leaves out a day that is years away', () => {
  const c = driftChart(drift({ samples: [{ at: now, seconds: -900 }], perDay: 0.001, leavesAt: now + 9_000 * day }), now, box)!
  expect(c.dots[0]!.y).toBeLessThanOrEqual(box.height - box.bottom)
  expect(c.leaves).toBeNull()
  expect(c.ahead).not.toBeNull()
})

it('has no outlook for a clock that keeps time', () => {
  expect(driftChart(drift({ samples: [{ at: now, seconds: 0 }] }), now, box)!.ahead).toBeNull()
})
