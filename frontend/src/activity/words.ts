/** An event as a sentence. What happened names what it happened to, where the event says so. */
import type { EventDTO } from '../api/contract'
import { date } from '../format/when'
import { failureTitle, t, wordOr } from '../i18n'

/** The short name of a kind; its id where this version has no words for it. */
export const kindName = (kind: string): string => wordOr(`event.${kind}.s_name`, kind)

/** Who did it; the trail outlives people. */
export const actor = (e: EventDTO): string => e.principal || (e.principalId ? t('activity.s_gone') : t('activity.s_nobody'))

/** Without the actor: "added the device desk-token for carol". */
export function deed(e: EventDTO): string {
  const params: Record<string, string> = { ...e.detail }
  if (params['code']) params['reason'] = failureTitle(params['code'])
  if (params['format']) params['format'] = wordOr(`tokens.s_format_${params['format']}`, params['format'])
  if (e.kind === 'settings-changed' && params['what']) params['changes'] = changes(params['what'], params['from'], params['to'])
  const key = `event.${e.kind}.l_what`
  const text = wordOr(key, '', params)
  // A sentence with a hole says less than the name of the kind.
  const said = text === '' || text.includes('–') ? wordOr(`event.${e.kind}.l_bare`, kindName(e.kind)) : text
  if (params['user'] && !ofUser.includes(e.kind)) return t('activity.l_for', { deed: said, user: params['user'] })
  const deadline = Date.parse(params['mfa_deadline'] ?? '')
  return Number.isNaN(deadline) ? said : t('activity.l_deadline', { deed: said, day: date(deadline, true) })
}

/** Their sentence is about the user already. */
const ofUser = ['user-created', 'user-changed', 'user-removed']

/** "days for users from 35 to 14, ...": the event has names, old and new values as three lists in one order. */
function changes(what: string, from = '', to = ''): string {
  const [olds, news] = [from.split(','), to.split(',')]
  const value = (v = '') => (v === 'true' ? t('activity.s_on') : v === 'false' ? t('activity.s_off') : v)
  return what
    .split(',')
    .map((id, i) => t('activity.l_change', { what: wordOr(`setting.s_${id}`, id), from: value(olds[i]), to: value(news[i]) }))
    .join(', ')
}

/** What an event keeps, in the order of its names, for "Details". */
export const details = (e: EventDTO): [string, string][] =>
  [
    ['seq', String(e.seq)], ['kind', e.kind], ['principal', e.principalId], ['device', e.deviceId],
    ...Object.entries(e.detail).sort(([a], [b]) => (a < b ? -1 : 1)),
  ].filter((pair): pair is [string, string] => pair[1] !== '')
