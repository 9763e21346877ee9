/** Ladders and rungs in words. */
import '../i18n/readiness'
import type { DocumentedDTO, LadderDTO, RungDTO } from '../api/contract'
import { moment } from '../format/when'
import { failureTitle, failureWhat, t, wordOr } from '../i18n'

export const wayName = (way: LadderDTO['way']): string => wordOr(`ready.s_way_${way}`, way)

export const stateName = (state: LadderDTO['state']): string => wordOr(`ready.s_state_${state}`, state)

/** How a rung looks: a key that nobody has plugged in yet is no warning. */
export type Mark = RungDTO['state'] | 'idle'
export const markOf = (r: RungDTO): Mark => (r.state === 'warning' && comesLater.includes(r.id) ? 'idle' : r.state)
const comesLater = ['usb-keys', 'card-present']

/** What tells apart two rungs that stand alike. */
function detailOf({ params, failure }: RungDTO): string {
  const found = params['via'] ?? params['route'] ?? params['why'] ?? params['kind'] ?? failure?.params['state']
  return found ?? (params['count'] === '0' ? 'none' : '')
}

export const rungName = (r: RungDTO): string => wordOr(`ready.s_${r.id}_${detailOf(r)}`, wordOr(`ready.s_${r.id}`, r.id))

/** How a rung stands, for those who do not see its mark. */
export const rungState = (r: RungDTO): string => wordOr(`ready.s_${markOf(r)}`, r.state)

/** Its own words: what was found, what is wrong and how to mend it. */
function ownLine(r: RungDTO): string {
  const times = ['computer', 'least'].filter((name) => name in r.params).map((name) => [name, moment(Date.parse(r.params[name]!))])
  const params = { ...r.params, ...Object.fromEntries(times) }
  for (const end of [`${r.id}_${r.state}_${detailOf(r)}`, `${r.id}_${r.state}`]) {
    const said = wordOr(`ready.l_${end}`, wordOr(`ready.p_${end}`, '', params), params)
    if (said !== '') return said
  }
  return ''
}

/** What is to be said of a rung, or why nobody knows. Can be empty. */
export function rungLine(r: RungDTO, sandbox: boolean): string {
  const own = ownLine(r)
  if (own !== '') return own
  if (r.failure) return `${failureTitle(r.failure.code, r.failure.params)}. ${failureWhat(r.failure.code, r.failure.params)}`
  if (r.state === 'skipped') return t('ready.l_skipped')
  if (r.state !== 'unknown') return ''
  return sandbox && r.params['why'] === 'not-built' ? t('ready.l_not_simulated') : wordOr(`ready.l_why_${r.params['why'] ?? ''}`, '')
}

/** The rungs that say something: one that was skipped does so above what is missing, where it is to come next. */
export function toShow(rungs: RungDTO[]): RungDTO[] {
  let missing = false
  return rungs.filter((r) => {
    if (r.state !== 'skipped') {
      missing = r.state === 'failed' || (r.state === 'warning' && r.failure !== null)
      return true
    }
    return missing || ownLine(r) !== ''
  })
}

/** What is known of this computer: names stay as they are. */
export const factValue = (value: string): string => wordOr(`machine.s_is_${value}`, value)

export const supportName = (d: DocumentedDTO): string => wordOr(`ready.s_support_${d.support}`, d.support)

export const noteOf = (d: DocumentedDTO): string => (d.note ? wordOr(`ready.l_note_${d.note}`, '', { browsers: d.browsers.join(', ') }) : '')
