/** The sandbox's security key, as it is now. */
import { asFailure, type SimKeyDTO } from '../api'
import * as api from '../api/keys'
import { app } from '../app/app.svelte'

class SimulatedKeys {
  now = $state.raw<SimKeyDTO | null>(null)

  /** Until the returned function is called. */
  follow(): () => void {
    const stop = api.onSimulatedKey((key) => (this.now = key))
    // What an event brought meanwhile is newer.
    const before = this.now
    api
      .simulatedKey()
      .then((key) => this.now === before && (this.now = key))
      .catch(() => (this.now = null)) // it is only drawn where it exists
    return stop
  }

  async do(call: () => Promise<SimKeyDTO | void>): Promise<void> {
    try {
      const key = await call()
      if (key) this.now = key
    } catch (e) {
      app.trouble = asFailure(e)
    }
  }
}

export const simkey = new SimulatedKeys()
