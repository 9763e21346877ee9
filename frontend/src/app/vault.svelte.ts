/**
 * The way to the sealed secrets. A call that finds them locked waits here while the
 * person unlocks them, and goes on where it was.
 */
import * as api from '../api'
import type { FailureDTO } from '../api'

/** What the dialog is to do: open a vault, or choose where its key is kept. */
export type Unlocking = 'locked' | 'unset'

export class VaultGate {
  /** Set while the dialog is open. */
  asked = $state.raw<Unlocking | null>(null)
  private answer: (opened: boolean) => void = () => undefined

  /** Runs a call; when the vault is not open, again once it is. Fails with `cancelled` when the person gives up. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (e) {
      const f = api.asFailure(e)
      if (f.code !== 'vault-locked') throw f
      if (!(await this.open(f.params['state'] === 'unset' ? 'unset' : 'locked'))) throw given
      return call()
    }
  }

  /** Asks; true once it is open. */
  open(how: Unlocking): Promise<boolean> {
    this.answer(false)
    this.asked = how
    return new Promise((resolve) => (this.answer = resolve))
  }

  /** The dialog is done. */
  close(opened: boolean): void {
    this.asked = null
    this.answer(opened)
    this.answer = () => undefined
  }
}

const given: FailureDTO = { code: 'cancelled', category: 'cancelled', next: 'retry', params: {}, iam: 'ServiceFailure', detail: '' }
