import { describe, expect, it } from 'vitest'
import { pretendQR } from '../api/fake'
import { darkRuns, geometryOf, leastModule, paint, quietZone } from './geometry'

describe('geometryOf', () => {
  it.each([
    ['fills the room', 37, 360, 1, 8],
    ['leaves what no whole pixel fills', 37, 359, 1, 7],
    ['never goes below the least', 37, 50, 1, leastModule],
    ['counts device pixels', 37, 360, 2, 16],
    ['keeps the least on dense screens', 57, 100, 1.5, 6],
  ])('%s', (_, size, room, ratio, module) => {
    const g = geometryOf(size, room, ratio)
    expect(g.module).toBe(module)
    expect(g.side).toBe(module * (size + 2 * quietZone))
    expect(g.css).toBeCloseTo(g.side / ratio)
    expect(g.module / ratio).toBeGreaterThanOrEqual(leastModule)
  })
})

describe('darkRuns', () => {
  it('covers each dark module once and no light one', () => {
    const qr = pretendQR(7)
    const grid = qr.rows.map((r) => [...r].map(() => '0'))
    for (const [x, y, length] of darkRuns(qr)) {
      for (let i = x; i < x + length; i++) {
        expect(grid[y]![i]).toBe('0')
        grid[y]![i] = '1'
      }
    }
    expect(grid.map((r) => r.join(''))).toEqual(qr.rows)
  })
})

it('paints dark on light with the quiet zone left white', () => {
  const rects: [string, number, number, number, number][] = []
  const pen = {
    fillStyle: '',
    fillRect(x: number, y: number, w: number, h: number) {
      rects.push([this.fillStyle, x, y, w, h])
    },
  }
  paint(pen as unknown as CanvasRenderingContext2D, { size: 2, rows: ['11', '01'] }, geometryOf(2, 50))
  expect(rects).toEqual([
    ['#ffffff', 0, 0, 50, 50],
    ['#0a111c', 20, 20, 10, 5],
    ['#0a111c', 25, 25, 5, 5],
  ])
})
