/** The steps beside the code, or beside the key: what is done, what happens now, what comes next. */
import type { CeremonyDTO, Road, Stage } from '../api/contract'
import type { Key } from '../i18n'

export type StepState = 'done' | 'now' | 'next' | 'failed'

export interface Step {
  id: 'bluetooth' | 'reach' | 'found' | 'connect' | 'confirm' | 'check' | 'insert' | 'pin' | 'touch' | 'system' | 'account'
  state: StepState
  label: Key
  /** A line under the label; empty for none. */
  detail: Key | ''
  params: Record<string, string>
}

type Place = Partial<Record<Stage, number>>

const byPhone: Place = {
  'needs-bluetooth': 0, 'show-qr': 1, 'ring-phone': 1, 'phone-seen': 2, connecting: 3, 'confirm-on-phone': 4, verifying: 5, 'name-device': 5, done: 6,
}
const byKey: Place = { 'find-key': 0, 'enter-pin': 1, 'touch-key': 2, 'choose-account': 3, verifying: 3, 'name-device': 3, done: 4 }
const byComputer: Place = { 'enter-pin': 0, 'choose-account': 1, verifying: 1, 'name-device': 1, done: 2 }
const bySystem: Place = { 'system-dialog': 0, verifying: 1, 'name-device': 1, done: 2 }
const places: Record<Road, Place> = { phone: byPhone, key: byKey, computer: byComputer, system: bySystem }

/** With several keys the first touch only says which one is meant. */
const placeOf = (c: CeremonyDTO, stage: Stage): number => (stage === 'touch-key' && c.keys > 1 ? 0 : (places[c.road][stage] ?? 0))

/** A failed ceremony stopped at the first step that was not reached to its end. */
function at(c: CeremonyDTO): number {
  if (c.stage !== 'failed') return placeOf(c, c.stage)
  return c.reached.reduce((far, s) => Math.max(far, placeOf(c, s)), 0)
}

export interface Surroundings {
  /** What the passkey is for: the relying-party ID. */
  rpId: string
  sandbox: boolean
  /** The linked phone that is rung, by its name; empty for a code. */
  ringing: string
  /** What the system is called: Windows, macOS. */
  system: string
}

type Row = Omit<Step, 'state' | 'params'>

export function stepsOf(c: CeremonyDTO, around: Surroundings): Step[] {
  const here = at(c)
  const failed = c.stage === 'failed'
  const rows = c.road === 'phone' ? phoneRows(c, around, here) : nearRows(c, around, here)
  const params = { radio: c.radio, rpId: around.rpId, name: around.ringing, system: around.system }
  // An instruction is of use until it is followed; a fact stays.
  const instruction = ['reach', 'confirm', 'insert', 'pin', 'touch', 'system']
  return rows.map((row, i) => ({
    ...row,
    detail: instruction.includes(row.id) && (i < here || (i === here && failed)) ? '' : row.detail,
    params,
    state: i < here ? 'done' : i > here ? 'next' : failed ? 'failed' : 'now',
  }))
}

function phoneRows(c: CeremonyDTO, around: Surroundings, here: number): Row[] {
  const enrol = c.purpose === 'enrol'
  const linked = around.ringing !== '' || c.stage === 'ring-phone' || c.reached.includes('ring-phone')
  const heard = here > 0 || c.radio !== ''

  return [
    {
      id: 'bluetooth',
      label: around.sandbox ? 'step.bluetooth.s_sandbox' : heard ? 'step.bluetooth.s_on' : 'step.bluetooth.s_checking',
      detail: around.sandbox ? 'step.bluetooth.l_sandbox' : c.radio !== '' ? 'step.bluetooth.l_radio' : '',
    },
    linked
      ? { id: 'reach', label: 'step.ring.s_label', detail: around.ringing !== '' ? 'step.ring.l_named' : '' }
      : { id: 'reach', label: 'step.scan.s_label', detail: around.sandbox ? 'step.scan.l_sandbox' : 'step.scan.l_detail' },
    { id: 'found', label: 'step.found.s_label', detail: nearness(c) },
    { id: 'connect', label: 'step.connect.s_label', detail: '' },
    { id: 'confirm', label: 'step.confirm.s_label', detail: enrol ? 'step.confirm.l_enrol' : 'step.confirm.l_signin' },
    { id: 'check', label: enrol ? 'step.check.s_enrol' : 'step.check.s_signin', detail: '' },
  ]
}

/** With a security key, this computer's own chip, or the system's window. */
function nearRows(c: CeremonyDTO, around: Surroundings, here: number): Row[] {
  // Only where it is asked is it a step, and then in the place of the one after it.
  const check: Row = choosing(c) ? { id: 'account', label: 'step.account.s_label', detail: '' } : { id: 'check', label: c.purpose === 'enrol' ? 'step.check.s_enrol' : 'step.check.s_signin', detail: '' }
  if (c.road === 'system') return [{ id: 'system', label: 'step.system.s_label', detail: 'step.system.l_detail' }, check]
  if (c.road === 'computer') return [{ id: 'pin', label: 'step.pin.s_local', detail: '' }, check]
  return [
    c.stage === 'touch-key' && c.keys > 1
      ? { id: 'insert', label: 'step.insert.s_choose', detail: 'step.insert.l_choose' }
      : { id: 'insert', label: 'step.insert.s_label', detail: around.sandbox ? 'step.insert.l_sandbox' : 'step.insert.l_detail' },
    unasked(c, here)
      ? { id: 'pin', label: 'step.pin.s_unasked', detail: '' }
      : { id: 'pin', label: 'step.pin.s_label', detail: 'step.pin.l_detail' },
    { id: 'touch', label: 'step.touch.s_label', detail: 'step.touch.l_detail' },
    check,
  ]
}

/** An account is chosen, or was not before it failed. */
const choosing = (c: CeremonyDTO): boolean => (c.stage === 'failed' ? c.reached.at(-1) : c.stage) === 'choose-account'

/** The key went on without its PIN: it has none, or a finger did. */
const unasked = (c: CeremonyDTO, here: number): boolean => here > byKey['enter-pin']! && c.stage !== 'enter-pin' && !c.reached.includes('enter-pin')

function nearness(c: CeremonyDTO): Key | '' {
  if (c.signal === 0) return ''
  return c.signal > -60 ? 'step.found.l_near' : 'step.found.l_far'
}
