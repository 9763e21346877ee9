/** The conversation with a phone, a key or this computer, real or simulated, at the fake's pace. */
import type { BoundAPI, CeremonyDTO, FailureDTO, PINAskDTO, Road, SimPhoneDTO, Stage } from '../contract'
import { checkName } from './devices'
import { rightPIN } from './keys'
import { device, failure, pretendQR } from './samples'
import { textOf } from './signin'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'BeginPhoneSignIn' | 'BeginPasskeySignIn' | 'ComputerAlone' | 'BeginKeySignIn' | 'GivePIN' | 'ChooseAccount' | 'TouchSimulatedKey' | 'BeginEnrolment' | 'NewCode' | 'ConfirmDevice' | 'CancelCeremony' | 'Ceremony'
  | 'ScanWithSimulatedPhone' | 'AnswerSimulatedPhone' | 'SetSimulatedPhone' | 'SimulatedPhone'
>

export interface Stagehand {
  /** Moves the running ceremony on. */
  advance(stage: Stage, more?: Partial<CeremonyDTO>): void
  fail(failure: FailureDTO): void
}

const first: Record<Road, Stage> = { phone: 'needs-bluetooth', key: 'find-key', computer: 'enter-pin', system: 'system-dialog' }

export function ceremonyCalls(w: World): Part & Stagehand {
  let principal = ''
  const advance: Stagehand['advance'] = (stage, more = {}) => {
    if (!w.running) return
    w.running = { ...w.running, reached: [...w.running.reached, w.running.stage], stage, ...more }
    w.emit('ceremony', w.running)
  }
  const fail: Stagehand['fail'] = (f) => {
    w.stop()
    advance('failed', { failure: f, qr: null })
  }
  const phone = (more: Partial<SimPhoneDTO>) => {
    w.simPhone = { ...w.simPhone, failure: null, ...more }
    w.emit('phone', w.simPhone)
  }

  function begin(purpose: CeremonyDTO['purpose'], name: string, ring: boolean, road: Road = 'phone'): CeremonyDTO {
    w.stop()
    if (w.sandbox) phone({ state: 'idle', op: '' })
    const id = w.next()
    w.running = {
      id, purpose, name, stage: first[road], reached: [], qr: null, until: 0, radio: '', signal: 0, road, sightings: [], keys: 0, key: '',
      trouble: null, pin: null, accounts: null, candidate: null, device: null, state: null, failure: null,
    }
    if (road === 'computer') w.running = { ...w.running, pin: question() }
    if (road !== 'phone') {
      if (road === 'system') w.later(3, answered)
      else if (road === 'key') w.later(1, () => advance('enter-pin', { keys: 1, key: question().key, pin: question() }))
      return w.running
    }
    const radio = w.sandbox ? 'loopback' : 'hci0'
    w.later(0.3, () => (ring ? advance('ring-phone', { radio }) : advance('show-qr', { qr: pretendQR(id), until: Date.now() + 100_000, radio })))
    if (ring) w.later(3, () => heard())
    return w.running
  }

  function question(more: Partial<PINAskDTO> = {}): PINAskDTO {
    const local = w.running?.road === 'computer'
    return {
      for: local && w.own.length === 0 ? 'new' : 'verify', key: local ? '' : (w.keys[0]?.model ?? ''), local, min: 4, max: 63, left: 8, wrong: false,
      replug: false, ...more,
    }
  }

  function touched() {
    w.simKey = { ...w.simKey, waiting: false, op: '' }
    w.emit('simkey', w.simKey)
    found()
  }

  /** Whose passkey, where the sign-in named nobody. */
  function found() {
    if (!w.running || w.half || w.running.purpose === 'enrol' || w.found.length < 2) return answered()
    const { key, road } = w.running
    advance('choose-account', { pin: null, accounts: { id: w.next(), key, local: road === 'computer', accounts: w.found } })
  }

  function heard() {
    advance('phone-seen', { qr: null, signal: -52 })
    w.later(1, () => advance('connecting'))
    w.later(2, () => {
      advance('confirm-on-phone')
      if (w.sandbox) phone({ state: 'asking', op: w.running?.purpose === 'enrol' ? 'create' : 'sign-in' })
      else w.later(2, answered)
    })
  }

  function answered() {
    advance('verifying')
    if (w.sandbox && w.running?.road === 'phone') phone({ state: 'done' })
    w.later(1, () => {
      if (w.running?.purpose === 'enrol') {
        const phone = w.running.road === 'phone'
        const provider = phone ? 'Google Password Manager' : w.running.road === 'key' ? 'YubiKey 5 NFC' : ''
        advance('name-device', { candidate: { provider, aaguid: '', synced: phone, onPhone: false, trust: null } })
        return
      }
      w.signedIn = w.mfa = true
      w.provedBy = w.own[0]?.name ?? ''
      advance('done', { state: w.state() })
    })
  }

  return {
    advance,
    fail,
    BeginEnrolment: async (r) => {
      checkName(w, r.name)
      principal = r.principalId
      return begin('enrol', r.name, false, r.road)
    },
    BeginPhoneSignIn: async (r) => begin('sign-in', '', r.linkedId !== ''),
    ComputerAlone: async () => w.settings.passwordless && w.localPasskey,
    BeginPasskeySignIn: async (road) => (w.settings.passwordless ? begin('sign-in', '', false, road) : w.refuse('passwordless-off', 'another-way')),
    BeginKeySignIn: async (road) => begin('sign-in', '', false, road),
    GivePIN: async (pin) => {
      const asked = w.running?.pin
      if (!asked) return
      if (asked.for === 'verify' && textOf(pin) !== rightPIN) {
        const left = asked.left - 1
        if (left === 0) return fail(failure('pin-blocked', 'reset-key', { category: 'denied' }))
        return advance('enter-pin', { pin: question({ left, wrong: true, replug: left === 6 }) })
      }
      if (asked.local) return found()
      advance('touch-key', { pin: null })
      if (!w.sandbox) return w.later(3, found)
      w.simKey = { ...w.simKey, waiting: true, op: w.running?.purpose === 'enrol' ? 'create' : 'sign-in', rpId: w.rpId }
      w.emit('simkey', w.simKey)
    },
    ChooseAccount: async (r) => {
      const asked = w.running?.accounts
      if (!asked || w.running?.stage !== 'choose-account' || asked.id !== r.question) w.refuse('not-found', 'reload')
      w.running = { ...w.running!, accounts: null }
      answered()
    },
    TouchSimulatedKey: async () => touched(),
    NewCode: async () => begin(w.running?.purpose ?? 'enrol', w.running?.name ?? '', false, w.running?.road),
    ConfirmDevice: async (accept) => {
      if (!accept) return fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      const key = w.running?.road === 'key' ? { provider: 'YubiKey 5 NFC', synced: false, transports: ['usb', 'nfc'] } : {}
      const d = device({ name: w.running?.name ?? '', addedAt: Date.now(), lastUsedAt: 0, rpId: w.rpId, ...key })
      w.put(principal, [...w.of(principal), d])
      w.limit = w.limit === 'set-up-device' ? '' : w.limit
      advance('done', { device: d, state: w.state() })
    },
    CancelCeremony: async () => {
      fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      w.running = null
    },
    Ceremony: async () => w.running,
    ScanWithSimulatedPhone: async () => {
      phone({ state: 'reading' })
      w.later(0.5, () => {
        phone({ state: 'connecting' })
        heard()
      })
      return w.simPhone
    },
    AnswerSimulatedPhone: async (approve) => {
      if (approve) return answered()
      phone({ state: 'failed', failure: failure('declined', 'retry') })
      fail(failure('declined', 'retry'))
    },
    SetSimulatedPhone: async (r) => {
      phone({ ...r, name: r.model === 'iphone' ? 'Simulated iPhone' : 'Simulated Android phone' })
      return w.simPhone
    },
    SimulatedPhone: async () => w.simPhone,
  }
}
