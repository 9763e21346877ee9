/**
 * The two ways on from a failure: one main button and one other. The registry
 * on the Go side names the next action; here it becomes something to press.
 */
import type { CeremonyDTO, FailureDTO, NextAction } from '../api/contract'
import type { Key } from '../i18n'

export type Deed =
  /** Start again with a fresh code. */
  | 'again'
  /** Choose another way, or go back to the list when there is none. */
  | 'leave'
  /** Back to the form to change what was typed. */
  | 'change'
  /** Forget the linked phone, then scan a code. */
  | 'forget'
  | 'copy-details'
  /** To the security keys, where PINs are set and keys are reset. */
  | 'keys'

export interface Button { deed: Deed; label: Key }

const main: Partial<Record<NextAction, Button>> = {
  retry: { deed: 'again', label: 'do.s_retry' },
  'new-code': { deed: 'again', label: 'do.s_new_code' },
  'turn-on-bluetooth': { deed: 'again', label: 'do.s_check_again' },
  'allow-bluetooth': { deed: 'again', label: 'do.s_check_again' },
  'check-network': { deed: 'again', label: 'do.s_retry' },
  'update-phone': { deed: 'again', label: 'do.s_another_phone' },
  'use-other-device': { deed: 'again', label: 'do.s_another_phone' },
  'another-way': { deed: 'again', label: 'do.s_retry' },
  'choose-picture': { deed: 'again', label: 'do.s_new_code' },
  wait: { deed: 'again', label: 'do.s_retry' },
  'free-disk': { deed: 'again', label: 'do.s_retry' },
  'change-input': { deed: 'change', label: 'do.s_change_name' },
  'forget-phone': { deed: 'forget', label: 'do.s_forget_and_scan' },
  'insert-key': { deed: 'again', label: 'do.s_retry' },
  'replug-key': { deed: 'again', label: 'do.s_replugged' },
  'install-rule': { deed: 'again', label: 'do.s_check_again' },
  'set-pin': { deed: 'keys', label: 'do.s_to_keys' },
  'reset-key': { deed: 'keys', label: 'do.s_to_keys' },
  report: { deed: 'copy-details', label: 'do.s_copy_details' },
  'sign-in': { deed: 'leave', label: 'do.s_to_sign_in' },
}

/** What stands there where no phone is meant. */
const near: typeof main = {
  'new-code': { deed: 'again', label: 'do.s_retry' },
  'update-phone': { deed: 'again', label: 'do.s_retry' },
  'use-other-device': { deed: 'again', label: 'do.s_another_key' },
}

/** Policies that want what no phone proves, or allow nothing of the kind: another one would be refused as well. */
const noOtherWill = (f: FailureDTO, road: CeremonyDTO['road']): boolean =>
  f.code === 'device-not-admitted' && (f.params['step'] === 'Create' || (road === 'phone' && (f.params['unproven'] ?? '') !== ''))

export interface Ways { main: Button; other: Button | null }

/**
 * other leads out: to the devices while adding, to the choice of ways while signing in.
 * keys: the person may open the security keys.
 */
export function waysOn(failure: FailureDTO, { purpose, road }: Pick<CeremonyDTO, 'purpose' | 'road'>, keys = false): Ways {
  const out: Button = { deed: 'leave', label: purpose === 'enrol' ? 'do.s_to_devices' : 'do.s_other_way' }
  const usual = (road === 'phone' ? undefined : near[failure.next]) ?? main[failure.next]
  const first = noOtherWill(failure, road) ? undefined : usual
  if (!first || (purpose === 'sign-in' && first.deed === 'change') || (first.deed === 'keys' && !keys)) return { main: out, other: null }
  if (first.deed === 'leave') return { main: first, other: null }
  if (first.deed === 'copy-details') return { main: { deed: 'again', label: 'do.s_retry' }, other: first }
  return { main: first, other: out }
}
