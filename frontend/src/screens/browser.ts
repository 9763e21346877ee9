/** For tests only: what jsdom lacks and the window uses. */
import { cleanup, configure } from '@testing-library/svelte'
import { afterEach } from 'vitest'

HTMLDialogElement.prototype.showModal ??= function (this: HTMLDialogElement) {
  this.open = true
}
HTMLDialogElement.prototype.close ??= function (this: HTMLDialogElement) {
  this.open = false
}
HTMLCanvasElement.prototype.getContext = (() => null) as never
HTMLCanvasElement.prototype.toDataURL = () => 'data:image/png;base64,cGljdHVyZQ=='
Element.prototype.scrollTo ??= () => {}
Element.prototype.scrollIntoView ??= () => {}
// The editor of policies measures its text.
Range.prototype.getClientRects ??= () => [] as unknown as DOMRectList
Range.prototype.getBoundingClientRect ??= () => new DOMRect()
document.execCommand ??= () => false
// Its styles stay out of the document, where computing any style would go over all of them.
if (!('adoptedStyleSheets' in ShadowRoot.prototype)) Object.defineProperty(ShadowRoot.prototype, 'adoptedStyleSheets', { value: [], writable: true })
globalThis.CSS ??= { escape: (s: string) => s.replace(/[^\w-]/g, '\\$&') } as typeof CSS
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
}

// Nothing here waits for a clock, but a busy machine may be slow.
configure({ asyncUtilTimeout: 60_000 })
afterEach(cleanup)
