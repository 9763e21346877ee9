/** How long a further try is refused anyway, after too many wrong ones. */
import type { FailureDTO } from '../api'
import { app } from './app.svelte'

export class Delay {
  /** Unix milliseconds. */
  private until = $state(0)
  readonly seconds = $derived(Math.max(0, Math.ceil((this.until - app.now) / 1000)))

  heed(f: FailureDTO | null): void {
    if (f?.code !== 'sign-in-delayed') return
    app.now = Date.now()
    this.until = app.now + Number(f.params['seconds'] ?? 0) * 1000
  }
}
