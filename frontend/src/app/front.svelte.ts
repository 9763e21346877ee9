/**
 * Which dialogs are open, the one in front last. All behind it is inert: a message there
 * is neither clear to see nor read out, and a file that is dropped is not for it.
 */
class Front {
  /** The dialog in front, empty where the screen itself is. */
  id = $state('')
  // Plain, because dialogs come and go in effects, which must not depend on it.
  private open: string[] = []

  enter(id: string): void {
    this.open.push(id)
    this.id = id
  }

  leave(id: string): void {
    this.open = this.open.filter((o) => o !== id)
    this.id = this.open.at(-1) ?? ''
  }
}

export const front = new Front()
