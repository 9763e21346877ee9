/**
 * Esc goes back and Enter goes on, everywhere. A screen marks its buttons with
 * data-back and data-primary; dialogs, menus and fields that use the keys
 * themselves prevent the default first.
 */
export function onKey(e: KeyboardEvent): void {
  if (e.defaultPrevented || e.isComposing || e.altKey || e.ctrlKey || e.metaKey) return
  if (document.querySelector('dialog[open]')) return
  if (e.key === 'Escape') press('[data-back]', e)
  // On a control Enter belongs to the control.
  if (e.key === 'Enter' && !isControl(e.target)) press('[data-primary]', e)
}

function press(selector: string, e: KeyboardEvent): void {
  const button = document.querySelector<HTMLButtonElement>(selector)
  if (!button || button.disabled) return
  e.preventDefault()
  button.click()
}

const isControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('a, button, input, select, textarea, summary, [role="menu"]') !== null
