/** The people of the account as an administrator sees them, and which of them is open. */
import * as api from '../api'
import { Arrivals } from '../app/arrival'
import type { FailureDTO, UserDTO } from '../api'
import { choose, counts, entries, nextSort, type Sort, type UserColumn, type UserFilter } from './table'

export type View = 'list' | 'one' | 'add' | 'import' | 'report'

export class People {
  /** null until they are there for the first time. */
  all = $state.raw<UserDTO[] | null>(null)
  failure = $state.raw<FailureDTO | null>(null)
  view = $state<View>('list')
  /** Whose page is open. */
  openId = $state('')
  text = $state('')
  filter = $state<UserFilter>('all')
  sort = $state.raw<Sort<UserColumn>>({ by: 'name', down: false })
  /** Where one was in the list. */
  active = $state(0)
  top = $state(0)
  /** Somebody comes back from a person's page. */
  resume = $state(false)

  private readonly arrivals = new Arrivals()
  private readonly entries = $derived(entries(this.all ?? []))
  readonly shown = $derived(choose(this.entries, { text: this.text, filter: this.filter, sort: this.sort }))
  readonly counts = $derived(counts(this.entries))
  readonly open = $derived(this.all?.find((u) => u.id === this.openId) ?? null)

  async load(): Promise<void> {
    try {
      this.all = await api.users()
      this.failure = null
    } catch (e) {
      this.failure = api.asFailure(e)
    }
  }

  show(view: View, id = ''): void {
    this.resume = view === 'list' && this.view === 'one'
    this.view = view
    this.openId = id
  }

  order(by: UserColumn): void {
    this.sort = nextSort(this.sort, by, 'name')
    this.active = this.top = 0
  }

  put(user: UserDTO): void {
    const all = this.all ?? []
    this.all = all.some((u) => u.id === user.id) ? all.map((u) => (u.id === user.id ? user : u)) : [...all, user]
  }

  drop(id: string): void {
    this.all = (this.all ?? []).filter((u) => u.id !== id)
  }

  /** A person's page, opened from elsewhere: the area is not arrived at anew. */
  visitOf(id: string, who: string, visit: number): void {
    this.arrive(who, visit)
    this.show('one', id)
  }

  /** The area was opened, or pressed again. */
  arrive(who: string, visit: number): void {
    const arrival = this.arrivals.arrive(who, visit)
    if (arrival === 'stranger') this.forget()
    else if (arrival === 'anew') {
      this.show('list')
      this.resume = false
    }
  }

  private forget(): void {
    this.all = null
    this.failure = null
    this.view = 'list'
    this.openId = this.text = ''
    this.filter = 'all'
    this.sort = { by: 'name', down: false }
    this.active = this.top = 0
    this.resume = false
  }
}

export const people = new People()
