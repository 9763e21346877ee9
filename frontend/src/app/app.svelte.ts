/**
 * What the window knows and where the person is. Screens read from here and ask
 * here for what crosses to Go; the ceremony itself is folded in src/ceremony.
 */
import * as api from '../api'
import type { CeremonyDTO, DeviceDTO, FailureDTO, LinkedPhoneDTO, Road, SignInDTO, SimPhoneDTO, StateDTO, UserDTO, Way } from '../api'
import { isOver, nothing, reduce, type CeremonyInput, type CeremonyView } from '../ceremony/machine'
import type { Deed } from '../ceremony/ways'
import { t } from '../i18n'
import { allAreas, heldTo, mayOpen, type Area } from './access'
import { Adding, type Whom } from './adding.svelte'
import { front } from './front.svelte'
import { watchActivity } from './idle'
import { inside } from './inside.svelte'
import { VaultGate } from './vault.svelte'

export type Route =
  | Area | 'starting' | 'welcome' | 'create' | 'broken'
  // signing in
  | 'sign-in' | 'second-factor' | 'code' | 'resync' | 'recovery' | 'blocked'
  // after the password, before anything else
  | 'grace' | 'set-up' | 'new-password'
  // what this computer can do
  | 'readiness'
  // adding
  | 'add' | 'ceremony' | 'add-app' | 'add-token' | 'added' | 'recovery-codes'

export interface ToastAction { label: string; act: () => void }

const toastFor = 5_000

export class App {
  route = $state<Route>('starting')
  state = $state.raw<StateDTO | null>(null)
  ceremony = $state.raw<CeremonyView>(nothing)
  phone = $state.raw<SimPhoneDTO | null>(null)
  devices = $state.raw<DeviceDTO[]>([])
  /** What belongs to the person has arrived at least once. */
  loaded = $state(false)
  linked = $state.raw<LinkedPhoneDTO[]>([])
  /** The password was right and a device is still to be shown. */
  halfSignedIn = $state.raw<SignInDTO | null>(null)
  /** The linked phone that the running ceremony rings. */
  ringing = $state.raw<LinkedPhoneDTO | null>(null)
  /** The apps of the account that belong to nobody at the moment. */
  unassigned = $state.raw<DeviceDTO[]>([])
  /** The person who is signed in, as the list of users shows them. */
  me = $state.raw<UserDTO | null>(null)
  /** The unassigned app that is given back to the person. */
  assigning = $state.raw<DeviceDTO | null>(null)
  readonly adding = new Adding()
  readonly vault = new VaultGate()
  /** The area of the side bar that the person is in. */
  area = $state<Area>('home')
  /** Rises whenever somebody presses an area of the side bar: it opens at its start. */
  visit = $state(0)
  /** Why signing in cannot be finished at all. */
  refusal = $state.raw<FailureDTO | null>(null)
  /** Something failed outside of any form. */
  trouble = $state.raw<FailureDTO | null>(null)
  toast = $state('')
  toastAction = $state.raw<ToastAction | null>(null)
  /** Read out politely by a screen reader. */
  spoken = $state('')
  /** The dialog that it was said in: it is not said again when that closes or another opens. */
  spokenIn = $state('')
  /** Unix milliseconds, once a second. */
  now = $state(Date.now())

  /** Of a screen with unsaved work: true when it asks first, and goes on by itself when the person agrees. */
  guard: ((go: () => void) => boolean) | null = null

  private stops: (() => void)[] = []
  private toastTimer = 0
  /** Rises whenever the person goes elsewhere, so that late answers do not pull them back. */
  private turn = 0

  get sandbox(): boolean {
    return this.state?.sandbox ?? false
  }

  /** Whether the person is an administrator or root. */
  get governs(): boolean {
    const session = this.state?.session
    return session?.administrator === true || session?.kind === 'root'
  }

  get rpId(): string {
    return this.state?.account?.rpId ?? ''
  }

  async start(): Promise<void> {
    this.stop()
    const clock = setInterval(() => (this.now = Date.now()), 1_000)
    this.stops = [() => clearInterval(clock), watchActivity(() => this.touch())]
    this.ceremony = nothing
    try {
      this.stops.push(
        api.on('ceremony', (c) => this.feed({ type: 'event', ceremony: c })),
        api.on('phone', (p) => (this.phone = p)),
        api.on('state', (s) => this.onState(s)),
      )
      this.enter(await api.state())
      await this.restore()
    } catch (e) {
      this.trouble = api.asFailure(e)
    }
  }

  stop(): void {
    for (const stop of this.stops) stop()
    this.stops = []
  }

  /** Shows the screen that belongs to a state. */
  enter(state: StateDTO): void {
    const already = this.state
    this.turn++
    this.state = state
    if (state.sandbox || state.phase === 'home' || state.phase === 'broken') void inside.fetch()
    if (already?.sandbox !== state.sandbox || state.phase !== 'home') {
      this.devices = []
      this.unassigned = []
      this.linked = []
      this.me = null
      this.loaded = false
      this.adding.clear()
      this.phone = null
    }
    this.ceremony = already?.sandbox === state.sandbox ? reduce(this.ceremony, { type: 'leave' }) : nothing
    this.ringing = null
    if (state.phase !== 'sign-in') this.halfSignedIn = null
    this.area = 'home'
    this.route = state.phase === 'welcome' && state.sandbox ? 'create' : heldTo(state.phase, state.session)
    if (state.phase === 'home') void this.load()
    if (state.sandbox && state.phase !== 'broken') void this.loadPhone()
  }

  /** A window that was reloaded finds its ceremony again. */
  private async restore(): Promise<void> {
    const running = await api.ceremony()
    if (!running || this.state?.phase === 'broken' || isOver(running)) return
    if (running.purpose === 'sign-in' && this.state?.phase === 'home') return
    void inside.fetch()
    this.adding.name = running.purpose === 'enrol' ? running.name : ''
    this.route = 'ceremony'
    this.feed({ type: 'snapshot', ceremony: running })
  }

  private onState(state: StateDTO): void {
    const was = this.state
    const ended = was?.phase === 'home' && state.phase === 'sign-in'
    if (was && was.phase === state.phase && was.sandbox === state.sandbox && state.phase === 'home') {
      this.state = state
      void this.load()
      return
    }
    if (was?.phase === state.phase && state.phase === 'sign-in' && was?.sandbox === state.sandbox) {
      this.state = state
      return
    }
    if (this.inCeremony('sign-in') && state.phase === 'home') return // `done` brings the state along
    this.enter(state)
    if (ended && state.ended === '') this.tell(t('signin.l_ended'))
  }

  private inCeremony(purpose: CeremonyDTO['purpose']): boolean {
    return this.route === 'ceremony' && this.ceremony.current?.purpose === purpose
  }

  private feed(input: CeremonyInput): void {
    const before = this.ceremony.current
    this.ceremony = reduce(this.ceremony, input)
    const c = this.ceremony.current
    if (!c || c === before) return
    this.now = Date.now() // so that a countdown starts at its full time
    // What the simulated phone did for an earlier code is over.
    if (c.id !== before?.id && (this.phone?.state === 'done' || this.phone?.state === 'failed')) {
      this.phone = { ...this.phone, state: 'idle', failure: null }
    }
    if (c.stage === 'failed' && c.failure?.code === 'cancelled' && this.route === 'ceremony') {
      this.toWays(c.purpose)
      return
    }
    if (c.stage === 'done' && c.purpose === 'sign-in' && c.state) {
      this.enter(c.state)
      this.welcome(c.state)
    }
  }

  async load(): Promise<void> {
    const limit = this.state?.session?.limit ?? ''
    if (limit === 'change-password') return // nothing of it is allowed before
    const free = limit === '' // who is held to adding a device sees the devices alone
    const turn = this.turn
    try {
      const [devices, linked, me, unassigned] = await Promise.all([
        api.devices(), free ? api.linkedPhones() : [], free ? api.me() : null, free && this.governs ? api.unassignedDevices() : [],
      ])
      if (turn !== this.turn) return
      this.devices = devices
      this.loaded = true
      this.linked = linked
      this.me = me
      this.unassigned = unassigned
    } catch (e) {
      if (turn !== this.turn) return
      this.loaded = true
      this.trouble = api.asFailure(e)
    }
  }

  private async loadPhone(): Promise<void> {
    try {
      const phone = await api.simulatedPhone()
      if (this.sandbox) this.phone = phone
    } catch {
      this.phone = null // it is only drawn where it exists
    }
  }

  go(to: Route): void {
    const route = heldTo(to, this.state?.session ?? null)
    this.turn++
    if (allAreas.includes(route as Area)) {
      this.area = route as Area
      this.adding.clear()
    }
    this.route = route
    if (route === 'home') void this.load()
  }

  /** An area of the side bar; what runs on the screen before is given up. */
  open(area: Area): void {
    if (!mayOpen(area, this.state?.session ?? null)) return
    if (this.guard?.(() => this.open(area))) return
    if (this.route === 'ceremony') void this.leaveCeremony()
    if (this.route === 'add-app') void this.adding.cancelApp()
    this.visit++
    this.go(area)
  }

  /** Out of the account, unless a screen has something to ask first. */
  signOut(): void {
    if (!this.guard?.(() => this.signOut())) void this.attempt(api.signOut)
  }

  /** The wizard that adds a device, for oneself or for somebody else; replacing one that is removed afterwards. */
  add(whom: Whom | null = null, replacing: DeviceDTO | null = null): void {
    const back = this.area
    this.adding.start(whom, replacing)
    this.go('add')
    this.area = back
  }

  /** An app that was removed just now, whose phone still has it. */
  addAgain(device: DeviceDTO): void {
    this.go('home')
    this.assigning = device
  }

  /** Out of the wizard, back to where it was opened. */
  leaveAdding(): void {
    this.go(this.area)
  }

  /** A device with codes was added. */
  async added(device: DeviceDTO): Promise<void> {
    this.adding.done = device
    this.go('added')
    try {
      this.state = await api.state() // a limit of the session may be gone
    } catch (e) {
      this.trouble = api.asFailure(e)
    }
  }

  /** Runs a call that answers with a state, and goes where it leads. A failure is thrown on. */
  async change(call: () => Promise<StateDTO>): Promise<void> {
    this.enter(await call())
  }

  /** The same for buttons outside of forms: a failure is shown over the window. */
  async attempt(call: () => Promise<StateDTO>): Promise<void> {
    try {
      await this.change(call)
    } catch (e) {
      this.trouble = api.asFailure(e)
    }
  }

  /** After the password, and again after a second factor that needs no ceremony. */
  signedIn(answer: SignInDTO): void {
    this.enter(answer.state)
    if (!answer.complete) {
      this.halfSignedIn = answer
      return this.go(secondFactorOf(answer.ways))
    }
    this.welcome(answer.state)
  }

  /** Signing in ends here, whatever is tried. */
  refuse(failure: FailureDTO): void {
    this.refusal = failure
    this.go('blocked')
  }

  /** Somebody has just signed in: what enforcement has to say comes before the list. */
  private welcome(state: StateDTO): void {
    const session = state.session
    if (session?.limit === '' && session.verdict.state === 'grace') this.go('grace')
    const device = session?.device ?? ''
    if (session?.mfaPresent) this.tell(device ? t('signin.l_done_with', { name: device }) : t('signin.l_done'))
  }

  enrol(name: string, road: Road): Promise<void> {
    this.ringing = null
    return this.begin(() => api.beginEnrolment(name, road, this.adding.whom?.id))
  }

  /** Without a name and a password: the passkey says who it is. */
  passkeySignIn(road: Road): Promise<void> {
    this.ringing = null
    return this.begin(() => api.beginPasskeySignIn(road))
  }

  keySignIn(road: Road): Promise<void> {
    this.ringing = null
    return this.begin(() => api.beginKeySignIn(road))
  }

  phoneSignIn(linked: LinkedPhoneDTO | null): Promise<void> {
    this.ringing = linked
    return this.begin(() => api.beginPhoneSignIn(linked?.id ?? ''))
  }

  private async begin(call: () => Promise<CeremonyDTO>): Promise<void> {
    const turn = ++this.turn
    const c = await call()
    if (turn !== this.turn) {
      await api.cancelCeremony()
      return
    }
    this.route = 'ceremony'
    this.feed({ type: 'snapshot', ceremony: c })
  }

  async newCode(): Promise<void> {
    this.ringing = null
    try {
      await this.begin(api.newCode)
    } catch (e) {
      this.trouble = api.asFailure(e)
    }
  }

  /** Stops what runs and goes back to where another way can be chosen. */
  async leaveCeremony(): Promise<void> {
    const purpose = this.ceremony.current?.purpose ?? 'enrol'
    const running = this.ceremony.current?.stage !== 'failed'
    this.toWays(purpose)
    if (!running) return
    this.say(t('ceremony.l_cancelled'))
    try {
      await api.cancelCeremony()
    } catch (e) {
      this.trouble = api.asFailure(e)
    }
  }

  private toWays(purpose: CeremonyDTO['purpose']): void {
    this.ceremony = reduce(this.ceremony, { type: 'leave' })
    this.ringing = null
    if (purpose === 'enrol') this.leaveAdding()
    else this.go(this.halfSignedIn ? 'second-factor' : 'sign-in')
  }

  /** What the buttons of a failure do. */
  async follow(deed: Deed): Promise<void> {
    const c = this.ceremony.current
    if (deed === 'again') return this.newCode()
    if (deed === 'keys') return this.open('keys')
    if (deed === 'copy-details' && c?.failure) return this.copyFailure(c.failure)
    if (deed === 'change') {
      this.ceremony = reduce(this.ceremony, { type: 'leave' })
      return this.go('add')
    }
    if (deed === 'forget' && this.ringing) {
      try {
        await api.forgetPhone(this.ringing.id)
        this.dropLinked(this.ringing.id)
      } catch (e) {
        this.trouble = api.asFailure(e)
        return
      }
      return this.newCode()
    }
    return this.leaveCeremony()
  }

  dropLinked(id: string): void {
    this.linked = this.linked.filter((l) => l.id !== id)
    if (this.halfSignedIn) {
      this.halfSignedIn = { ...this.halfSignedIn, linked: this.halfSignedIn.linked.filter((l) => l.id !== id) }
    }
  }

  async confirm(accept: boolean): Promise<void> {
    if (!accept) this.toWays('enrol')
    try {
      await api.confirmDevice(accept)
    } catch (e) {
      this.trouble = api.asFailure(e)
      return
    }
    if (!accept) this.tell(t('confirm.l_not_added'))
  }

  /** Done: back to where the wizard was opened, with what the ceremony brought. */
  finish(): void {
    const state = this.ceremony.current?.state ?? this.state
    const back = this.area
    if (state) this.enter(state)
    this.adding.clear()
    this.go(back)
  }

  /** A call that answers with a state, but leaves the person where they are. */
  async keep(call: () => Promise<StateDTO>): Promise<void> {
    this.state = await call()
  }

  private touch(): void {
    if (this.state?.session) api.touch().catch(() => undefined) // the end of a session comes as a state
  }

  async copyFailure(f: FailureDTO): Promise<void> {
    const version = this.state ? `Keyferry ${this.state.version} ${this.state.system}\n` : ''
    const params = Object.entries(f.params).map(([k, v]) => `${k}=${v}\n`)
    const ok = await api.copy(`${version}${f.code} (${f.category})\n${params.join('')}${f.detail}`)
    this.tell(ok ? t('do.l_copied') : t('do.l_not_copied'))
  }

  /** A fault of the window itself. */
  stumble(e: unknown): void {
    this.trouble = api.asFailure(e)
  }

  say(text: string): void {
    this.spoken = text
    this.spokenIn = front.id
  }

  tell(text: string, action: ToastAction | null = null): void {
    this.toast = text
    this.toastAction = action
    clearTimeout(this.toastTimer)
    this.toastTimer = window.setTimeout(() => (this.toast = ''), action ? 2 * toastFor : toastFor)
  }
}

/** With a single way there is nothing to choose; but only a person begins what lights up a code or a key. */
function secondFactorOf(ways: Way[]): Route {
  const [only] = ways
  if (only === undefined) return 'blocked'
  return ways.length === 1 && (only === 'code' || only === 'recovery') ? only : 'second-factor'
}

export const app = new App()
