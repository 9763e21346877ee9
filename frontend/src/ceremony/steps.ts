/** The steps beside the code: what is done, what happens now, what comes next. */
import type { CeremonyDTO, Stage } from '../api/contract'
import type { Key } from '../i18n'

export type StepState = 'done' | 'now' | 'next' | 'failed'

export interface Step {
  id: 'bluetooth' | 'reach' | 'found' | 'connect' | 'confirm' | 'check'
  state: StepState
  label: Key
  /** A line under the label; empty for none. */
  detail: Key | ''
  params: Record<string, string>
}

const place: Record<Exclude<Stage, 'failed'>, number> = {
  'needs-bluetooth': 0,
  'show-qr': 1,
  'ring-phone': 1,
  'phone-seen': 2,
  connecting: 3,
  'confirm-on-phone': 4,
  verifying: 5,
  'name-device': 5,
  done: 6,
}

/** A failed ceremony stopped at the first step that was not reached to its end. */
function at(c: CeremonyDTO): number {
  if (c.stage !== 'failed') return place[c.stage]
  return c.reached.reduce((far, s) => (s === 'failed' ? far : Math.max(far, place[s])), 0)
}

export interface Surroundings {
  /** What the passkey is for: the relying-party ID. */
  rpId: string
  sandbox: boolean
  /** The linked phone that is rung, by its name; empty for a code. */
  ringing: string
}

export function stepsOf(c: CeremonyDTO, around: Surroundings): Step[] {
  const here = at(c)
  const failed = c.stage === 'failed'
  const enrol = c.purpose === 'enrol'
  const linked = around.ringing !== '' || c.stage === 'ring-phone' || c.reached.includes('ring-phone')
  const heard = here > 0 || c.radio !== ''

  const rows: Omit<Step, 'state' | 'params'>[] = [
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
  const params = { radio: c.radio, rpId: around.rpId, name: around.ringing }
  // An instruction is of use until it is followed; a fact stays.
  const instruction = ['reach', 'confirm']
  return rows.map((row, i) => ({
    ...row,
    detail: instruction.includes(row.id) && (i < here || (i === here && failed)) ? '' : row.detail,
    params,
    state: i < here ? 'done' : i > here ? 'next' : failed ? 'failed' : 'now',
  }))
}

function nearness(c: CeremonyDTO): Key | '' {
  if (c.signal === 0) return ''
  return c.signal > -60 ? 'step.found.l_near' : 'step.found.l_far'
}
