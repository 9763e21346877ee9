/** The security keys that are plugged in, and which of them somebody looks after. */
import { asFailure, type FailureDTO, type KeyDTO, type KeyPasskeyDTO } from '../api'
import * as api from '../api/keys'
import { app } from '../app/app.svelte'
import { Arrivals } from '../app/arrival'

export type View = 'list' | 'key' | 'passkeys'

/** A passkey that a refusal left on a key. */
export interface Leftover { rpId: string; user: string }

export class KeyRing {
  /** Null until it is there for the first time. */
  keys = $state.raw<KeyDTO[] | null>(null)
  failure = $state.raw<FailureDTO | null>(null)
  view = $state<View>('list')
  openId = $state('')
  /** What somebody came for, from a refusal; null for nothing. */
  leftover = $state.raw<Leftover | null>(null)
  /** What is on the open key, once its PIN was right. */
  passkeys = $state.raw<KeyPasskeyDTO[] | null>(null)
  /** The key that somebody resets: it goes meanwhile, and comes back under another ID. */
  resetting = $state.raw<KeyDTO | null>(null)

  private readonly arrivals = new Arrivals()

  readonly open = $derived(this.keys?.find((k) => k.id === this.openId) ?? null)

  /** Until the returned function is called. */
  follow(): () => void {
    const stop = api.onKeys((keys) => this.take(keys))
    void this.load()
    return stop
  }

  async load(): Promise<void> {
    const before = this.keys
    try {
      const keys = await api.keys()
      if (this.keys === before) this.take(keys) // what an event brought meanwhile is newer
      this.failure = null
    } catch (e) {
      this.failure = asFailure(e)
    }
  }

  private take(keys: KeyDTO[]): void {
    this.keys = keys
    this.failure = null
    if (this.passkeys && !this.open) this.passkeys = null // it forgets the PIN when it goes
    const only = keys.filter((k) => !k.trouble && k.way !== 'internal')
    if (this.leftover && this.view === 'list' && only.length === 1) this.show('passkeys', only[0]!.id)
  }

  show(view: View, id = this.openId): void {
    if (this.passkeys && (view !== 'passkeys' || id !== this.openId)) this.close()
    if (view === 'list') this.leftover = null
    this.view = view
    this.openId = view === 'list' ? '' : id
  }

  /** A key has other facts now. */
  put(key: KeyDTO): void {
    this.keys = (this.keys ?? []).map((k) => (k.id === key.id ? key : k))
  }

  /** Leads to what a refusal left on a key, as soon as that is plugged in. */
  cleanUp(leftover: Leftover): void {
    this.arrivals.arrive(who(), app.visit + 1) // the press that opens the area is this one
    this.show('list')
    this.leftover = leftover
  }

  isLeft(p: KeyPasskeyDTO): boolean {
    return this.leftover !== null && p.rpId === this.leftover.rpId && p.user === this.leftover.user && p.device === ''
  }

  /** Forgets the PIN of the open key. */
  close(): void {
    if (this.passkeys) api.closeKey(this.openId).catch(() => undefined) // it is gone then
    this.passkeys = null
  }

  /** The area was opened, or pressed again. */
  arrive(): void {
    if (this.arrivals.arrive(who(), app.visit) !== 'here') this.show('list')
  }
}

const who = (): string => `${app.state?.account?.id}/${app.state?.session?.principalId}`

export const ring = new KeyRing()
