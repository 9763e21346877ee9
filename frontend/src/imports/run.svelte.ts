/** An import that is under way, and how far it is. */
import * as api from '../api'
import type { FailureDTO } from '../api'

export class Run {
  busy = $state(false)
  done = $state(0)
  total = $state(0)
  failure = $state.raw<FailureDTO | null>(null)

  /** What the call answers, or null after a failure. The window must not leave meanwhile. */
  async of<T>(id: string, total: number, call: () => Promise<T>): Promise<T | null> {
    this.busy = true
    this.failure = null
    this.done = 0
    this.total = total
    const stop = api.on('import', (p) => {
      if (p.id !== id) return
      this.done = p.done
      this.total = p.total
    })
    try {
      return await call()
    } catch (e) {
      this.failure = api.asFailure(e)
      return null
    } finally {
      stop()
      this.busy = false
    }
  }
}
