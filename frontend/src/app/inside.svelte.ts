/**
 * The part of the window behind the door. It is fetched with the first letter that
 * is typed or the first button that is pressed, so that it is there before Go has
 * looked at a password; a window that nobody touches does without its memory.
 */
type Parts = typeof import('../inside')

class Inside {
  /** Null until it is there. */
  parts = $state.raw<Parts | null>(null)
  private fetched: Promise<void> | undefined

  fetch = (): Promise<void> => (this.fetched ??= import('../inside').then((parts) => void (this.parts = parts)))
}

export const inside = new Inside()
