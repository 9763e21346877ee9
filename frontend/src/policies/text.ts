/**
 * The text of a policy while it is typed: where in it a place is, where its
 * statements are, and how it looks in order. It reads what is no JSON yet as well
 * as it can, and never fails; what is wrong with a policy is Go's to say.
 */
export interface Token { kind: '{' | '}' | '[' | ']' | ':' | ',' | 'string' | 'other'; from: number; to: number }

export type Path = (string | number)[]

/** Where one is typing. */
export interface Place {
  /** The names and places in lists that lead there; of a name, to the object it stands in. */
  path: Path
  part: 'name' | 'value'
  /** What is typed so far stands from here on, without its quotation mark. */
  from: number
  /** The end of the text that a completion replaces. */
  to: number
  /** A quotation mark stands before from. */
  quoted: boolean
  /** And one at to. */
  closed: boolean
}

export interface Range { from: number; to: number }

export function tokens(text: string): Token[] {
  const found: Token[] = []
  for (const m of text.matchAll(/[{}[\]:,]|"(?:[^"\\\n]|\\.)*"?|[^\s{}[\]:,"]+/g)) {
    const [it] = m
    const kind = '{}[]:,'.includes(it) ? (it as Token['kind']) : it.startsWith('"') ? 'string' : 'other'
    found.push({ kind, from: m.index, to: m.index + it.length })
  }
  return found
}

const isClosed = (text: string, token: Token): boolean => token.to - token.from > 1 && text[token.to - 1] === '"'

/** The name that a string token spells; its escapes stay as they are. */
const plain = (text: string, token: Token): string => text.slice(token.from + 1, isClosed(text, token) ? token.to - 1 : token.to)

interface Level { list: boolean; name: string; index: number; expect: 'name' | 'value' }

const pathOf = (levels: Level[], part: Place['part']): Path => {
  const path = levels.map((l) => (l.list ? l.index : l.name))
  return part === 'name' ? path.slice(0, -1) : path
}

/** Follows the braces: each container and what is next in it. */
class Walk {
  readonly levels: Level[] = []

  constructor(private readonly text: string) {}

  get part(): Place['part'] {
    return this.levels.at(-1)?.expect ?? 'value'
  }

  take(token: Token): void {
    const level = this.levels.at(-1)
    switch (token.kind) {
      case '{':
        this.levels.push({ list: false, name: '', index: 0, expect: 'name' })
        return
      case '[':
        this.levels.push({ list: true, name: '', index: 0, expect: 'value' })
        return
      case '}':
      case ']':
        this.levels.pop()
        return
      case ':':
        if (level && !level.list) level.expect = 'value'
        return
      case ',':
        if (level?.list) level.index++
        else if (level) level.expect = 'name'
        return
      default:
        if (level?.expect === 'name') level.name = token.kind === 'string' ? plain(this.text, token) : ''
    }
  }
}

export function placeAt(text: string, at: number): Place {
  const walk = new Walk(text)
  let here: Token | null = null
  for (const token of tokens(text)) {
    if (token.from >= at) break
    // One is in a string after its first mark and before its last.
    if (token.kind === 'string' ? token.to > at || !isClosed(text, token) : token.kind === 'other' && token.to >= at) {
      here = token
      break
    }
    walk.take(token)
  }
  const part = walk.part
  const path = pathOf(walk.levels, part)
  if (!here) return { path, part, from: at, to: at, quoted: false, closed: false }
  const quoted = here.kind === 'string'
  const closed = quoted && isClosed(text, here)
  // A string that nobody closed would take in the rest of the line.
  return { path, part, from: here.from + (quoted ? 1 : 0), to: closed ? here.to - 1 : at, quoted, closed }
}

/** Where each statement stands, from brace to brace. */
export function statements(text: string): Range[] {
  const walk = new Walk(text)
  const found: Range[] = []
  let open = -1
  for (const token of tokens(text)) {
    const path = pathOf(walk.levels, 'value')
    const inside = path[0] === 'Statement' && (path.length === 1 || (path.length === 2 && typeof path[1] === 'number'))
    if (token.kind === '{' && inside && walk.part === 'value') open = token.from
    walk.take(token)
    if (token.kind !== '}' || open < 0) continue
    const after = pathOf(walk.levels, 'value')
    if (after[0] === 'Statement' && (after.length === 1 || (after.length === 2 && typeof after[1] === 'number'))) {
      found.push({ from: open, to: token.to })
      open = -1
    }
  }
  return found
}

const opens = { '{': '}', '[': ']' } as const
const width = 96

/** The same tokens in order: two spaces a level, short lists on one line. null while braces do not match. */
export function formatted(text: string): string | null {
  const all = tokens(text)
  const ends = matching(all)
  if (!ends || all.some((t) => t.kind === 'string' && !isClosed(text, t))) return null
  const word = (t: Token) => text.slice(t.from, t.to)
  const flat = (from: number, to: number) => all.slice(from, to + 1).map((t) => (t.kind === ',' || t.kind === ':' ? `${word(t)} ` : word(t))).join('')
  let out = ''
  let depth = 0
  const line = () => '\n' + '  '.repeat(depth)
  for (let i = 0; i < all.length; i++) {
    const t = all[i]!
    const end = ends.get(i)
    if (end !== undefined) {
      const column = out.length - out.lastIndexOf('\n') - 1
      const short = all.slice(i + 1, end).every((x) => x.kind !== '{' && x.kind !== '[')
      const one = flat(i, end)
      if (end === i + 1 || (t.kind === '[' && short && column + one.length <= width)) {
        out += one
        i = end
        continue
      }
      depth++
      out += word(t) + line()
    } else if (t.kind === '}' || t.kind === ']') {
      depth--
      out += line() + word(t)
    } else out += t.kind === ',' ? `,${line()}` : t.kind === ':' ? ': ' : word(t)
  }
  return out + '\n'
}

/** The index of the end of each container by that of its start; null where they do not match. */
function matching(all: Token[]): Map<number, number> | null {
  const ends = new Map<number, number>()
  const open: number[] = []
  for (const [i, t] of all.entries()) {
    if (t.kind === '{' || t.kind === '[') open.push(i)
    if (t.kind !== '}' && t.kind !== ']') continue
    const start = open.pop()
    if (start === undefined || opens[all[start]!.kind as '{' | '['] !== t.kind) return null
    ends.set(start, i)
  }
  return open.length === 0 && all.length > 0 ? ends : null
}

/** The offset of a line and a column, both from 1; the nearest there is. */
export function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n')
  const row = Math.min(Math.max(line, 1), lines.length) - 1
  const before = lines.slice(0, row).reduce((sum, l) => sum + l.length + 1, 0)
  return before + Math.min(Math.max(column, 1) - 1, lines[row]!.length)
}
