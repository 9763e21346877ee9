/** What happened, newest first, as far as it was read. */
import * as api from '../api'
import type { ActivityFilter, EventDTO, FailureDTO, UserDTO } from '../api'
import { midnightOf } from '../format/when'
import { kindsOf } from './kinds'

export const pageLength = 100

export interface Choice { whom: UserDTO | null; kind: string; from: string; to: string }

export const everything: Choice = { whom: null, kind: '', from: '', to: '' }

/** Days are whole, the last one included. */
export function filterOf(c: Choice, before = 0, limit = pageLength): ActivityFilter {
  const at = (day: string, plus: number) => {
    const ms = midnightOf(day, plus)
    return Number.isNaN(ms) ? 0 : ms
  }
  return { from: at(c.from, 0), to: at(c.to, 1), kinds: kindsOf(c.kind), principalId: c.whom?.id ?? '', before, limit }
}

export class Trail {
  /** null until something was read. */
  events = $state.raw<EventDTO[] | null>(null)
  /** There may be older ones. */
  more = $state(false)
  busy = $state(false)
  failure = $state.raw<FailureDTO | null>(null)
  private turn = 0

  /** From the newest on. */
  read(choice: Choice): Promise<void> {
    return this.page(choice, [])
  }

  older(choice: Choice): Promise<void> {
    return this.page(choice, this.events ?? [])
  }

  private async page(choice: Choice, before: EventDTO[]): Promise<void> {
    const turn = ++this.turn
    this.busy = true
    this.failure = null
    try {
      const found = await api.activity(filterOf(choice, before.at(-1)?.seq ?? 0))
      if (turn !== this.turn) return
      this.events = [...before, ...found]
      this.more = found.length === pageLength
    } catch (e) {
      if (turn === this.turn) this.failure = api.asFailure(e)
    }
    if (turn === this.turn) this.busy = false
  }
}
