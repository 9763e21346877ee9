/** What this computer can do, as it was found when somebody asked. */
import * as api from '../api/keys'
import { asFailure, type FailureDTO, type ReadinessDTO } from '../api'
import { app, type Route } from '../app/app.svelte'

/** Only what takes longer is said to be under way. */
const patience = 400

export class Ladders {
  report = $state.raw<ReadinessDTO | null>(null)
  failure = $state.raw<FailureDTO | null>(null)
  checking = $state(false)
  /** It takes long enough to say so. */
  slow = $state(false)
  /** Where somebody came from, and goes back to. */
  private from: Route = 'home'

  openFrom(route: Route): void {
    this.from = route
    app.go('readiness')
  }

  back(): void {
    app.go(this.from)
  }

  async check(): Promise<void> {
    if (this.checking) return
    this.checking = true
    const timer = setTimeout(() => (this.slow = true), patience)
    try {
      this.report = await api.readiness()
      this.failure = null
    } catch (e) {
      this.failure = asFailure(e)
    } finally {
      clearTimeout(timer)
      this.checking = this.slow = false
    }
  }
}

export const readiness = new Ladders()
