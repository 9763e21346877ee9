/** What would leave nobody but root is asked about once more, and done only then. */
import * as api from '../api'

class Lockout {
  /** Set while the question is open; it takes the answer. */
  asked = $state.raw<((yes: boolean) => void) | null>(null)

  /** The answer of the call, or null when the person thought better of it. */
  async run<T>(call: (lockOut: boolean) => Promise<T>): Promise<{ answer: T } | null> {
    try {
      return { answer: await call(false) }
    } catch (e) {
      if (api.asFailure(e).code !== 'policy-lockout') throw e
      const yes = await new Promise<boolean>((answer) => (this.asked = answer))
      this.asked = null
      return yes ? { answer: await call(true) } : null
    }
  }
}

export const lockout = new Lockout()
