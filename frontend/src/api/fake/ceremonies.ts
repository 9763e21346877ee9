/** The conversation with a phone, real or simulated, at the fake's pace. */
import type { BoundAPI, CeremonyDTO, FailureDTO, SimPhoneDTO, Stage } from '../contract'
import { checkName } from './devices'
import { device, failure, pretendQR } from './samples'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'BeginPhoneSignIn' | 'BeginPasskeySignIn' | 'BeginEnrolment' | 'NewCode' | 'ConfirmDevice' | 'CancelCeremony' | 'Ceremony'
  | 'ScanWithSimulatedPhone' | 'AnswerSimulatedPhone' | 'SetSimulatedPhone' | 'SimulatedPhone'
>

export interface Stagehand {
  /** Moves the running ceremony on. */
  advance(stage: Stage, more?: Partial<CeremonyDTO>): void
  fail(failure: FailureDTO): void
}

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

  function begin(purpose: CeremonyDTO['purpose'], name: string, ring: boolean): CeremonyDTO {
    w.stop()
    if (w.sandbox) phone({ state: 'idle', op: '' })
    const id = w.next()
    w.running = {
      id, purpose, name, stage: 'needs-bluetooth', reached: [], qr: null, until: 0, radio: '', signal: 0,
      candidate: null, device: null, state: null, failure: null,
    }
    const radio = w.sandbox ? 'loopback' : 'hci0'
    w.later(0.3, () => (ring ? advance('ring-phone', { radio }) : advance('show-qr', { qr: pretendQR(id), until: Date.now() + 100_000, radio })))
    if (ring) w.later(3, () => heard())
    return w.running
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
    if (w.sandbox) phone({ state: 'done' })
    w.later(1, () => {
      if (w.running?.purpose === 'enrol') {
        advance('name-device', { candidate: { provider: 'Google Password Manager', aaguid: '', synced: true, onPhone: false, trust: null } })
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
      return begin('enrol', r.name, false)
    },
    BeginPhoneSignIn: async (r) => begin('sign-in', '', r.linkedId !== ''),
    BeginPasskeySignIn: async () => (w.settings.passwordless ? begin('sign-in', '', false) : w.refuse('passwordless-off', 'another-way')),
    NewCode: async () => begin(w.running?.purpose ?? 'enrol', w.running?.name ?? '', false),
    ConfirmDevice: async (accept) => {
      if (!accept) return fail(failure('cancelled', 'retry', { category: 'cancelled' }))
      const d = device({ name: w.running?.name ?? '', addedAt: Date.now(), lastUsedAt: 0, rpId: w.rpId })
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
