/** Tells Go that somebody is there, so that a session ends only when nobody is. */

/** Milliseconds between two calls at most. */
export const every = 20_000

const signs = ['pointerdown', 'pointermove', 'keydown', 'wheel'] as const

/** Calls back at the first sign of a person, then at most every 20 s. Stops when the returned function is called. */
export function watchActivity(callback: () => void, now: () => number = Date.now): () => void {
  let last = -Infinity
  const seen = () => {
    if (now() - last < every) return
    last = now()
    callback()
  }
  for (const sign of signs) window.addEventListener(sign, seen, { passive: true, capture: true })
  return () => {
    for (const sign of signs) window.removeEventListener(sign, seen, { capture: true })
  }
}
