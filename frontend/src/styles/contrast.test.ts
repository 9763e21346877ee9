import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('src/styles/tokens.css', 'utf8')
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)')
const colours = (part: string) => Object.fromEntries([...part.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map((m) => [m[1]!, m[2]!]))

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [hi = 0, lo = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (hi + 0.05) / (lo + 0.05)
}

const text: [string, string[]][] = [
  ['ink', ['bg', 'panel', 'hover', 'sky']],
  ['ink2', ['bg', 'panel', 'hover', 'sky']],
  ['accent', ['bg', 'panel', 'accent-soft', 'sky', 'hover']],
  ['accent-ink', ['accent', 'accent-strong']],
  ['bad-ink', ['bad', 'bad-strong']],
  ['warn', ['warn-soft', 'panel', 'hover']],
  ['bad', ['bad-soft', 'panel']],
  ['ok', ['ok-soft', 'panel', 'hover']],
]
const edges: [string, string[]][] = [
  ['accent', ['bg', 'panel', 'hover', 'accent-soft']],
  ['edge', ['panel', 'bg']],
  ['ok', ['bg']],
  ['bad', ['bg']],
  ['warn', ['warn-soft']],
]

describe.each([
  ['light', colours(light)],
  ['dark', { ...colours(light), ...colours(dark) }],
])('%s', (_, c) => {
  it.each(text.flatMap(([a, all]) => all.map((b) => [a, b])))('text: %s on %s', (a, b) => {
    expect(contrast(c[a!]!, c[b!]!)).toBeGreaterThanOrEqual(4.5)
  })
  it.each(edges.flatMap(([a, all]) => all.map((b) => [a, b])))('edge: %s on %s', (a, b) => {
    expect(contrast(c[a!]!, c[b!]!)).toBeGreaterThanOrEqual(3)
  })
})
