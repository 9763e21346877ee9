/** One thing that a form tries: whether it is under way, and how it failed. */
import * as api from '../api'
import type { FailureDTO } from '../api'

export class Attempt {
  busy = $state(false)
  failure = $state.raw<FailureDTO | null>(null)

  /** True when it worked. */
  async run(call: () => Promise<unknown>): Promise<boolean> {
    return (await this.ask(async () => ({ answer: await call() }))) !== null
  }

  /** The answer, or null. A second call while one is under way does nothing; giving up is no failure. */
  async ask<T>(call: () => Promise<T>): Promise<T | null> {
    if (this.busy) return null
    this.busy = true
    this.failure = null
    try {
      return await call()
    } catch (e) {
      const f = api.asFailure(e)
      if (f.code !== 'cancelled') this.failure = f
      return null
    } finally {
      this.busy = false
    }
  }
}
