/**
 * Which rows of a long list are drawn. All rows have one height, so that the
 * place of each is known without measuring any.
 */
export interface Window { first: number; end: number }

/** Rows drawn beyond either edge, so that a fast wheel meets no gap. */
const beyond = 6

/** Rows in [first, end); top and view are pixels. A view that was not measured yet counts as 600. */
export function windowOf(top: number, view: number, height: number, count: number): Window {
  const first = Math.floor(Math.max(0, top) / height) - beyond
  const shown = Math.ceil((view > 0 ? view : 600) / height) + 2 * beyond
  const end = Math.min(count, Math.max(0, first) + shown)
  return { first: Math.max(0, Math.min(first, end - shown)), end }
}

/** Where to scroll so that a row is wholly seen; top itself when it already is. */
export function reveal(index: number, top: number, view: number, height: number): number {
  const room = view > 0 ? view : 600
  if (index * height < top) return index * height
  if ((index + 1) * height > top + room) return (index + 1) * height - room
  return top
}

/** The row a key leads to from another; undefined for keys that lead nowhere. */
export function stepTo(key: string, from: number, count: number, page: number): number | undefined {
  const to = {
    ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: count - 1,
  }[key]
  return to === undefined || count === 0 ? undefined : Math.max(0, Math.min(count - 1, to))
}
