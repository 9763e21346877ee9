/** A policy while somebody writes it. */
import * as api from '../api'
import type { FailureDTO, FindingDTO, PolicyDTO } from '../api'
import { Latest } from './latest'
import { lockout } from './lockout.svelte'

/** Of whom or what the text is. version 0: it does not exist yet. */
export type Subject =
  | { kind: 'managed'; name: string; path: string; version: number; builtIn: boolean }
  | { kind: 'inline'; name: string; version: 0 | 1; owner: string; principalId: string; groupId: string }

export class Draft {
  readonly subject: Subject
  name: string
  text: string
  /** What is kept at Go; empty for a policy that does not exist yet. */
  saved: string
  /** The text began with this. */
  private base: string
  version: number
  findings = $state.raw<FindingDTO[]>([])
  busy = $state(false)
  failure = $state.raw<FailureDTO | null>(null)
  /** What somebody else saved meanwhile. */
  theirs = $state.raw<PolicyDTO | null>(null)
  readonly dirty: boolean
  readonly readonly: boolean
  /** The text that the findings are about. */
  private checked: string
  /** It can be read as a policy; and it cannot. While it is checked it is neither. */
  readonly sound: boolean
  readonly faulty: boolean

  private readonly checking = new Latest(
    (text: string) => api.checkPolicy(text),
    (found, text) => {
      if (text !== this.text) return
      this.findings = found
      this.checked = text
    },
    (e) => (this.failure = api.asFailure(e)),
  )

  constructor(subject: Subject, text: string) {
    this.subject = subject
    this.readonly = subject.kind === 'managed' && subject.builtIn
    this.name = $state(subject.name)
    this.text = $state(text)
    this.base = $state(text)
    this.version = $state(subject.version)
    this.saved = $state(subject.version === 0 ? '' : text)
    this.dirty = $derived(this.text !== this.base || (this.version === 0 && this.name !== subject.name))
    this.checked = $state('')
    const broken = $derived(this.findings.some((f) => f.level === 'error'))
    this.faulty = $derived(this.checked === this.text && broken)
    this.sound = $derived(this.checked === this.text && this.text.trim() !== '' && !broken)
    this.checking.about(text)
  }

  get fresh(): boolean {
    return this.version === 0
  }

  write(text: string): void {
    this.text = text
    this.failure = null
    this.checking.about(text)
  }

  /** True when it is kept. */
  async save(): Promise<boolean> {
    if (this.busy || this.readonly) return false
    this.busy = true
    this.failure = null
    const text = this.text
    try {
      const done = await lockout.run((lockOut) => this.put(text, lockOut))
      if (!done) return false
      this.version = done.answer
      this.base = this.saved = text
      this.name = this.name.trim()
      this.theirs = null
      return true
    } catch (e) {
      await this.refused(api.asFailure(e))
      return false
    } finally {
      this.busy = false
    }
  }

  /** The version that it has now. */
  private async put(document: string, lockOut: boolean): Promise<number> {
    const { subject } = this
    const name = this.name.trim()
    if (subject.kind === 'managed') return (await api.savePolicy({ name, path: subject.path, document, version: this.version, lockOut })).version
    await api.putInline({ name, document, principalId: subject.principalId, groupId: subject.groupId, lockOut })
    return 1
  }

  private async refused(f: FailureDTO): Promise<void> {
    this.failure = f
    if (f.code === 'policy-malformed') {
      const { line, column, ...params } = f.params
      this.findings = [{ level: 'error', code: 'malformed', line: Number(line) || 1, column: Number(column) || 1, length: 1, params }]
    }
    if (f.code === 'concurrent-modification') this.theirs = (await api.policies().catch(() => [])).find((p) => p.name === this.subject.name) ?? null
    // It was deleted meanwhile: the next try makes it anew.
    if (f.code === 'not-found' || (f.code === 'concurrent-modification' && !this.theirs)) this.version = 0
  }

  /** Goes on from what somebody else saved; with their text, or with one's own over it. */
  settle(take: 'theirs' | 'mine'): void {
    const { theirs } = this
    if (!theirs) return
    this.version = theirs.version
    this.saved = this.base = theirs.document
    this.theirs = this.failure = null
    if (take === 'theirs') this.write(theirs.document)
  }

  close(): void {
    this.checking.close()
  }
}
