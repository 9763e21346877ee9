/**
 * Where a code's modules fall on the screen. A module is a whole number of
 * device pixels, so that every edge is sharp and a camera reads it at once.
 */
import type { QRDTO } from '../api/contract'

/** Modules of white on each side (ISO/IEC 18004, 9.1). */
export const quietZone = 4

/** The least CSS pixels a module may have. */
export const leastModule = 4

export interface Geometry {
  /** Device pixels a module. */
  module: number
  /** Device pixels a side, quiet zone included: the canvas' own size. */
  side: number
  /** CSS pixels a side. */
  css: number
}

/** The largest code that fits into room CSS pixels, but never below leastModule. */
export function geometryOf(size: number, room: number, ratio = 1): Geometry {
  const across = size + 2 * quietZone
  const module = Math.max(Math.ceil(leastModule * ratio), Math.floor((room * ratio) / across))
  const side = module * across
  return { module, side, css: side / ratio }
}

/** The dark modules as runs: x, y and length, in modules without the quiet zone. */
export function* darkRuns(qr: QRDTO): Generator<[x: number, y: number, length: number]> {
  for (const [y, row] of qr.rows.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (row[x] !== '1') continue
      const from = x
      while (row[x + 1] === '1') x++
      yield [from, y, x - from + 1]
    }
  }
}

/** Paints the code dark on light, whatever the theme is. */
export function paint(pen: CanvasRenderingContext2D, qr: QRDTO, { module, side }: Geometry): void {
  pen.fillStyle = '#ffffff'
  pen.fillRect(0, 0, side, side)
  pen.fillStyle = '#0a111c'
  for (const [x, y, length] of darkRuns(qr)) {
    pen.fillRect((x + quietZone) * module, (y + quietZone) * module, length * module, module)
  }
}
