/** A rehearsed day put into groups and words. */
import type { ForecastDTO, VerdictDTO } from '../api/contract'
import { moment } from '../format/when'
import { t } from '../i18n'

export interface Rehearsal {
  /** Blocked, then set-up, then grace, in the order given. */
  affected: ForecastDTO[]
  rest: ForecastDTO[]
  counts: Record<VerdictDTO['state'], number>
}

export function grouped(all: ForecastDTO[]): Rehearsal {
  const counts = { blocked: 0, 'set-up': 0, grace: 0, free: 0 }
  for (const f of all) counts[f.verdict.state]++
  const of = (state: VerdictDTO['state']) => all.filter((f) => f.verdict.state === state)
  return { affected: [...of('blocked'), ...of('set-up'), ...of('grace')], rest: of('free'), counts }
}

export const stateWord = (state: VerdictDTO['state']): string =>
  ({
    blocked: t('enforce.s_blocked'), 'set-up': t('enforce.s_set_up'), grace: t('enforce.s_grace'), free: t('enforce.s_free'),
  })[state]

/** Why, in a sentence. */
export function why({ state, reason, deadline }: VerdictDTO): string {
  const day = deadline ? moment(deadline) : ''
  if (reason === 'devices-suspect') return t('enforce.l_suspect')
  if (reason === 'no-password') return t('enforce.l_no_password')
  if (reason === 'has-device') return t('enforce.l_has_device')
  if (reason === 'not-required') return t('enforce.l_not_required')
  if (state === 'grace') return day ? t('enforce.l_grace_until', { moment: day }) : t('enforce.l_grace')
  return day ? t('enforce.l_set_up_since', { moment: day }) : t('enforce.l_set_up')
}
