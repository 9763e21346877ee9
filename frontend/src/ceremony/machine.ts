/**
 * The ceremony as the window sees it: a pure fold over what Go reports and what
 * the person does.
 *
 *   needs-bluetooth -> show-qr | ring-phone -> phone-seen -> connecting
 *        -> confirm-on-phone -> verifying -> name-device (enrolment) -> done
 *
 * or, with a security key or this computer,
 *
 *   find-key -> touch-key <-> enter-pin -> verifying    system-dialog -> verifying
 *                                 \-> choose-account /
 *
 * and `failed` from every one of them. done and failed are the end of an id.
 */
import type { CeremonyDTO, Stage } from '../api/contract'

export interface CeremonyView {
  current: CeremonyDTO | null
  /** The newest ceremony the person walked away from: late news of it is dropped. */
  left: number
}

export type CeremonyInput =
  | { type: 'event'; ceremony: CeremonyDTO }
  /** The answer of a call that began it, or of a reloaded window. Events may have overtaken it. */
  | { type: 'snapshot'; ceremony: CeremonyDTO }
  | { type: 'leave' }

export const nothing: CeremonyView = { current: null, left: 0 }

const order: Stage[] = [
  'needs-bluetooth', 'system-dialog', 'find-key', 'show-qr', 'ring-phone', 'phone-seen', 'connecting', 'confirm-on-phone', 'touch-key', 'enter-pin',
  'choose-account', 'verifying', 'name-device', 'done', 'failed',
]

export const isOver = (c: CeremonyDTO): boolean => c.stage === 'done' || c.stage === 'failed'

export function reduce(view: CeremonyView, input: CeremonyInput): CeremonyView {
  const now = view.current
  if (input.type === 'leave') return { current: null, left: Math.max(view.left, now?.id ?? 0) }

  const next = input.ceremony
  // What was just begun counts, whatever number it has: another database counts anew.
  const begun = input.type === 'snapshot' && next.id <= view.left
  if (begun) return { current: next, left: next.id - 1 }
  if (next.id <= view.left || (now && next.id < now.id)) return view
  if (now && next.id === now.id) {
    if (isOver(now)) return view
    if (input.type === 'snapshot' && order.indexOf(next.stage) < order.indexOf(now.stage)) return view
  }
  return { ...view, current: next }
}

/** What fills the screen. */
export type Panel = 'checking' | 'code' | 'expired' | 'ring' | 'phone' | 'name-device' | 'done' | 'failed'

/** now is Unix milliseconds; a code whose time is up is not shown, even before Go says so. */
export function panelOf(c: CeremonyDTO, now: number): Panel {
  switch (c.stage) {
    case 'needs-bluetooth':
      return 'checking'
    case 'show-qr':
      return !c.qr ? 'checking' : c.until > 0 && now >= c.until ? 'expired' : 'code'
    case 'ring-phone':
      return 'ring'
    case 'name-device':
    case 'done':
    case 'failed':
      return c.stage
    default:
      return 'phone'
  }
}

/** Whole seconds the code still works. */
export const secondsLeft = (c: CeremonyDTO, now: number): number => Math.max(0, Math.ceil((c.until - now) / 1000))
