/** How far a device's clock is from this computer's, as points of a chart. */
import type { DriftDTO } from '../api/contract'

export interface Box { width: number; height: number; left: number; right: number; top: number; bottom: number }

export interface DriftChart {
  dots: { x: number; y: number; at: number; seconds: number }[]
  /** Where it goes from here if nothing is done; null when that is not known. */
  ahead: { x1: number; y1: number; x2: number; y2: number } | null
  /** The day it leaves the window; null when that is never or beyond the chart. */
  leaves: { x: number; at: number } | null
  /** The edges of the window, and the middle. */
  zero: number
  upper: number
  lower: number
  from: number
  to: number
}

const dayLong = 86_400_000
const farthest = 5 * 365 * dayLong

export function driftChart(d: DriftDTO, now: number, box: Box): DriftChart | null {
  const samples = [...d.samples].sort((a, b) => a.at - b.at)
  const last = samples.at(-1)
  if (!last) return null
  const from = Math.min(samples[0]!.at, now - 7 * dayLong)
  const known = d.leavesAt > now && d.leavesAt < now + farthest
  const to = known ? d.leavesAt + (d.leavesAt - from) * 0.06 : now + Math.max(7 * dayLong, (now - from) * 0.1)
  const reach = Math.max(d.window, ...samples.map((s) => Math.abs(s.seconds))) * 1.25
  const x = (at: number) => box.left + ((at - from) / (to - from)) * (box.width - box.left - box.right)
  const y = (seconds: number) => box.top + ((reach - seconds) / (2 * reach)) * (box.height - box.top - box.bottom)
  const end = known ? d.leavesAt : to
  return {
    dots: samples.map((s) => ({ x: x(s.at), y: y(s.seconds), at: s.at, seconds: s.seconds })),
    ahead: d.perDay === 0 ? null : { x1: x(last.at), y1: y(last.seconds), x2: x(end), y2: y(last.seconds + (d.perDay * (end - last.at)) / dayLong) },
    leaves: known ? { x: x(d.leavesAt), at: d.leavesAt } : null,
    zero: y(0), upper: y(d.window), lower: y(-d.window), from, to,
  }
}
