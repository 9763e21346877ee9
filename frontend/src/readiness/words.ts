/** Ladders and rungs in words. */
import '../i18n/readiness'
import type { DocumentedDTO, LadderDTO, RungDTO } from '../api/contract'
import { failureTitle, failureWhat, t, wordOr } from '../i18n'

export const wayName = (way: LadderDTO['way']): string => wordOr(`ready.s_way_${way}`, way)

export const stateName = (state: LadderDTO['state']): string => wordOr(`ready.s_state_${state}`, state)

export const rungName = (r: RungDTO): string => wordOr(`ready.s_${r.id}`, r.id)

/** How a rung stands, for those who do not see its mark. */
export const rungState = (r: RungDTO): string => wordOr(`ready.s_${r.state}`, r.state)

/** What is to be said of a rung: what was found, what is wrong and how to mend it, or why nobody knows. Can be empty. */
export function rungLine(r: RungDTO): string {
  if (r.failure) return `${failureTitle(r.failure.code, r.failure.params)}. ${failureWhat(r.failure.code, r.failure.params)}`
  const own = `${r.id}_${r.state}`
  const said = wordOr(`ready.l_${own}`, wordOr(`ready.p_${own}`, '', r.params), r.params)
  if (said !== '') return said
  if (r.state === 'skipped') return t('ready.l_skipped')
  return r.state === 'unknown' ? wordOr(`ready.l_why_${r.params['why'] ?? ''}`, '') : ''
}

/** What is known of this computer: names stay as they are. */
export const factValue = (value: string): string => wordOr(`machine.s_is_${value}`, value)

export const supportName = (d: DocumentedDTO): string => wordOr(`ready.s_support_${d.support}`, d.support)

export const noteOf = (d: DocumentedDTO): string => (d.note ? wordOr(`ready.l_note_${d.note}`, '', { browsers: d.browsers.join(', ') }) : '')
