/** The policies and groups of the account as an administrator sees them, and what is open of them. */
import * as api from '../api'
import type { FailureDTO, GroupDTO, OutcomeDTO, PolicyDTO, PolicyWordsDTO, UserDTO } from '../api'
import { app } from '../app/app.svelte'
import { Arrivals } from '../app/arrival'
import { t } from '../i18n'
import { Draft, type Subject } from './draft.svelte'
import { formatted } from './text'

export type View = 'list' | 'new' | 'edit' | 'groups' | 'group'

/** What an empty policy begins with: one statement that allows nothing. */
export const blank =
  '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": [],\n      "Resource": "*"\n    }\n  ]\n}\n'

/** Where the editor was opened from, and leads back to. */
type From = 'list' | 'user' | 'group' | 'metadata' | 'keys'

export class Rulebook {
  /** null until they are there for the first time. */
  all = $state.raw<PolicyDTO[] | null>(null)
  groups = $state.raw<GroupDTO[] | null>(null)
  people = $state.raw<UserDTO[]>([])
  words = $state.raw<PolicyWordsDTO | null>(null)
  failure = $state.raw<FailureDTO | null>(null)
  view = $state<View>('list')
  draft = $state.raw<Draft | null>(null)
  from = $state<From>('list')
  /** The statement that the text was opened for. */
  pointed = $state.raw<OutcomeDTO | null>(null)
  groupId = $state('')
  text = $state('')
  active = $state(0)
  top = $state(0)
  resume = $state(false)
  /** What the person wanted to do when the unsaved text was asked about. */
  leaving = $state.raw<(() => void) | null>(null)

  private readonly arrivals = new Arrivals()
  readonly shown = $derived((this.all ?? []).filter((p) => p.name.toLowerCase().includes(this.text.trim().toLowerCase())))
  readonly group = $derived(this.groups?.find((g) => g.id === this.groupId) ?? null)

  async load(): Promise<void> {
    try {
      const [all, groups, people] = await Promise.all([api.policies(), api.groups(), api.users()])
      this.all = all
      this.groups = groups
      this.people = people
      this.failure = null
    } catch (e) {
      this.failure = api.asFailure(e)
    }
  }

  /** For completion; the editor works without. */
  async learn(): Promise<void> {
    this.words ??= await api.policyWords().catch(() => null)
  }

  nameOf(principalId: string): string {
    return this.people.find((u) => u.id === principalId)?.name ?? principalId
  }

  show(view: View): void {
    this.resume = view === 'list' && this.view === 'edit'
    this.view = view
    if (view !== 'edit') this.drop()
  }

  showGroup(id: string): void {
    this.groupId = id
    this.show('group')
  }

  edit(subject: Subject, text: string, from: From): void {
    this.drop()
    this.draft = new Draft(subject, text)
    this.from = from
    this.pointed = null
    this.view = 'edit'
  }

  /** What nobody wrote by hand is laid out to be read. */
  editManaged(p: PolicyDTO, from: From = 'list'): void {
    this.edit({ kind: 'managed', name: p.name, path: p.path, version: p.version, builtIn: p.builtIn }, p.builtIn ? (formatted(p.document) ?? p.document) : p.document, from)
  }

  /** Shows the statement of a managed policy that decided about a model. */
  async reveal(o: OutcomeDTO, from: From): Promise<void> {
    await this.load()
    if (this.failure) throw this.failure
    const policy = this.all?.find((p) => p.name === o.policy)
    // It decided a moment ago: whoever asks again sees what holds now.
    if (!policy || !this.enter()) return
    this.editManaged(policy, from)
    this.pointed = o
  }

  write(text: string, path = '/'): void {
    this.edit({ kind: 'managed', name: '', path, version: 0, builtIn: false }, text, 'list')
  }

  /** Out of the editor, to where it was opened. */
  back(): void {
    this.away(() => {
      const from = this.from
      this.show(from === 'group' ? 'group' : 'list')
      if (from === 'user') app.go('users')
      else if (from === 'metadata' || from === 'keys') app.go(from)
    })
  }

  /** Goes, unless something unsaved has to be asked about first. */
  away(go: () => void): void {
    if (!this.guard(go)) go()
  }

  readonly guard = (go: () => void): boolean => {
    if (!this.draft?.dirty || this.view !== 'edit') return false
    this.leaving = go
    return true
  }

  /** The unsaved text goes. */
  discard(): void {
    const go = this.leaving
    this.leaving = null
    this.drop()
    this.view = 'list'
    go?.()
  }

  private drop(): void {
    this.draft?.close()
    this.draft = null
  }

  /** From another area: it is entered first, so that arriving there drops nothing. False leads to unsaved text. */
  enter(): boolean {
    this.arrive(this.who, app.visit)
    app.go('policies')
    if (this.draft?.dirty) app.tell(t('policies.l_kept'))
    return !this.draft?.dirty
  }

  get who(): string {
    return `${app.state?.account?.id}/${app.state?.session?.principalId}`
  }

  arrive(who: string, visit: number): void {
    const arrival = this.arrivals.arrive(who, visit)
    if (arrival === 'stranger') this.forget()
    else if (arrival === 'anew') {
      // A session that ended by itself took nothing away.
      if (this.draft?.dirty) app.tell(t('policies.l_kept'))
      else this.show('list')
      this.resume = false
    }
  }

  private forget(): void {
    this.drop()
    this.all = this.groups = this.words = this.failure = this.leaving = null
    this.people = []
    this.view = 'list'
    this.text = this.groupId = ''
    this.active = this.top = 0
    this.resume = false
  }
}

export const rulebook = new Rulebook()
