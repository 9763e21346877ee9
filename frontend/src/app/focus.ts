/** Moves focus to an element when it appears: the heading or the first field of a screen. */
export function focusHere(node: HTMLElement): void {
  queueMicrotask(() => {
    node.focus({ preventScroll: true })
    if (node instanceof HTMLInputElement) node.select()
  })
}
