/**
 * What the window knows and where the person is. Screens read from here and ask
 * here for what crosses to Go; the ceremony itself is folded in src/ceremony.
 */
import * as api from '../api'
import type { CeremonyDTO, DeviceDTO, FailureDTO, LinkedPhoneDTO, SignInDTO, SimPhoneDTO, StateDTO } from '../api'
import { isOver, nothing, reduce, type CeremonyInput, type CeremonyView } from '../ceremony/machine'
import type { Deed } from '../ceremony/ways'
import { t } from '../i18n'
import { mayOpen, type Area } from './access'

export type Route =
  | Area | 'starting' | 'welcome' | 'create' | 'sign-in' | 'second-factor' | 'add' | 'ceremony' | 'broken'

const areas: Area[] = ['home', 'users', 'tokens', 'enforcement', 'activity', 'settings']

const toastFor = 5_000

export class App {
  route = $state<Route>('starting')
  state = $state.raw<StateDTO | null>(null)
  ceremony = $state.raw<CeremonyView>(nothing)
  phone = $state.raw<SimPhoneDTO | null>(null)
  devices = $state.raw<DeviceDTO[]>([])
  linked = $state.raw<LinkedPhoneDTO[]>([])
  /** The password was right and a device is still to be shown. */
  halfSignedIn = $state.raw<SignInDTO | null>(null)
  /** The linked phone that the running ceremony rings. */
  ringing = $state.raw<LinkedPhoneDTO | null>(null)
  /** The name typed for a new device, kept until it is added or given up. */
  draftName = $state('')
  /** Whom a device is being added for; null for the person who is signed in. */
  addingFor = $state.raw<{ id: string; name: string } | null>(null)
  /** The area of the side bar that the person is in. */
  area = $state<Area>('home')
  /** Something failed outside of any form. */
  trouble = $state.raw<FailureDTO | null>(null)
  toast = $state('')
  /** Read out politely by a screen reader. */
  spoken = $state('')
  /** Unix milliseconds, once a second. */
  now = $state(Date.now())

  private stops: (() => void)[] = []
  private toastTimer = 0
  /** Rises whenever the person goes elsewhere, so that late answers do not pull them back. */
  private turn = 0

  get sandbox(): boolean {
    return this.state?.sandbox ?? false
  }

  get rpId(): string {
    return this.state?.account?.rpId ?? ''
  }

  async start(): Promise<void> {
    this.stop()
    const clock = setInterval(() => (this.now = Date.now()), 1_000)
    this.stops = [() => clearInterval(clock)]
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
    if (already?.sandbox !== state.sandbox || state.phase !== 'home') {
      this.devices = []
      this.linked = []
      this.draftName = ''
      this.phone = null
    }
    this.ceremony = already?.sandbox === state.sandbox ? reduce(this.ceremony, { type: 'leave' }) : nothing
    this.ringing = null
    if (state.phase !== 'sign-in') this.halfSignedIn = null
    this.route = state.phase === 'welcome' && state.sandbox ? 'create' : state.phase
    this.area = 'home'
    if (state.phase === 'home') void this.load()
    if (state.sandbox && state.phase !== 'broken') void this.loadPhone()
  }

  /** A window that was reloaded finds its ceremony again. */
  private async restore(): Promise<void> {
    const running = await api.ceremony()
    if (!running || this.state?.phase === 'broken' || isOver(running)) return
    if (running.purpose === 'sign-in' && this.state?.phase === 'home') return
    this.draftName = running.purpose === 'enrol' ? running.name : ''
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
    if (ended) this.tell(t('signin.l_ended'))
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
      const device = c.state.session?.device ?? ''
      this.enter(c.state)
      this.tell(device ? t('signin.l_done_with', { name: device }) : t('signin.l_done'))
    }
  }

  async load(): Promise<void> {
    const turn = this.turn
    try {
      const [devices, linked] = await Promise.all([api.devices(), api.linkedPhones()])
      if (turn !== this.turn) return
      this.devices = devices
      this.linked = linked
    } catch (e) {
      if (turn === this.turn) this.trouble = api.asFailure(e)
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

  go(route: Route): void {
    this.turn++
    if (route === 'home') this.draftName = ''
    if (areas.includes(route as Area)) this.area = route as Area
    this.route = route
  }

  /** An area of the side bar; what runs on the screen before is given up. */
  open(area: Area): void {
    if (!mayOpen(area, this.state?.session ?? null)) return
    if (this.route === 'ceremony') void this.leaveCeremony()
    this.go(area)
  }

  /** The wizard that adds a device, for oneself or for somebody else. */
  add(whom: { id: string; name: string } | null = null): void {
    this.addingFor = whom
    this.draftName = ''
    this.go('add')
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

  signedIn(answer: SignInDTO): void {
    this.enter(answer.state)
    if (answer.complete) return
    this.halfSignedIn = answer
    this.go('second-factor')
  }

  enrol(name: string): Promise<void> {
    this.ringing = null
    return this.begin(() => api.beginEnrolment(name, this.addingFor?.id))
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
    if (purpose === 'enrol') {
      this.go('home')
      void this.load()
    } else this.go(this.halfSignedIn ? 'second-factor' : 'sign-in')
  }

  /** What the buttons of a failure do. */
  async follow(deed: Deed): Promise<void> {
    const c = this.ceremony.current
    if (deed === 'again') return this.newCode()
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

  /** Done: back to the list with what the ceremony brought. */
  finish(): void {
    const state = this.ceremony.current?.state ?? this.state
    this.draftName = ''
    if (state) this.enter(state)
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
  }

  tell(text: string): void {
    this.toast = text
    clearTimeout(this.toastTimer)
    this.toastTimer = window.setTimeout(() => (this.toast = ''), toastFor)
  }
}

export const app = new App()
