/** The tokens that belong to nobody yet. */
import * as api from '../api'
import { Arrivals } from '../app/arrival'
import type { DeviceDTO, FailureDTO } from '../api'
import { nextSort, type Sort } from '../users/table'
import { chooseTokens, tokenEntries, type TokenColumn } from './table'

export class Stock {
  /** null until they are there for the first time. */
  all = $state.raw<DeviceDTO[] | null>(null)
  failure = $state.raw<FailureDTO | null>(null)
  view = $state<'list' | 'import'>('list')
  text = $state('')
  sort = $state.raw<Sort<TokenColumn>>({ by: 'serial', down: false })
  active = $state(0)
  top = $state(0)

  private readonly arrivals = new Arrivals()
  private readonly entries = $derived(tokenEntries(this.all ?? []))
  readonly shown = $derived(chooseTokens(this.entries, this.text, this.sort))

  async load(): Promise<void> {
    try {
      this.all = await api.tokens()
      this.failure = null
    } catch (e) {
      this.failure = api.asFailure(e)
    }
  }

  order(by: TokenColumn): void {
    this.sort = nextSort(this.sort, by, 'serial')
    this.active = this.top = 0
  }

  drop(id: string): void {
    this.all = (this.all ?? []).filter((d) => d.id !== id)
  }

  /** The area was opened, or pressed again. */
  arrive(who: string, visit: number): void {
    const arrival = this.arrivals.arrive(who, visit)
    if (arrival === 'stranger') this.forget()
    else if (arrival === 'anew') this.view = 'list'
  }

  private forget(): void {
    this.all = null
    this.failure = null
    this.view = 'list'
    this.text = ''
    this.sort = { by: 'serial', down: false }
    this.active = this.top = 0
  }
}

export const stock = new Stock()
