/** Why a statement decided, or did not match, in people's words. */
import type { DecisionDTO, OutcomeDTO } from '../api'
import { t, wordOr } from '../i18n'

/** A condition key as people call it; others keep their names. */
export function keyName(key: string): string {
  const id = key.toLowerCase().replace(/[^a-z0-9]+/g, '_')
  return wordOr(`policies.s_key_${id}`, key)
}

const shownMost = 4

/** "a, b or c"; of many the first and how many more. */
export function listed(values: string[]): string {
  if (values.length === 0) return t('policies.s_nothing')
  const shown = values.slice(0, shownMost)
  const rest = values.length - shown.length
  if (rest > 0) return t('policies.l_and_more', { some: shown.join(', '), n: rest })
  const last = shown.pop()!
  return shown.length > 0 ? t('policies.l_or', { some: shown.join(', '), last }) : last
}

/** How a statement is called: by its Sid, or by its place. */
export function statementName(o: OutcomeDTO): string {
  const own = o.sid ? t('policies.l_sid', { sid: o.sid }) : t('policies.l_statement', { n: o.statement })
  if (!o.policy) return own
  return t(o.inline ? 'policies.l_of_inline' : 'policies.l_of_policy', { statement: own, policy: o.policy })
}

/** The first thing that did not match. */
export function mismatch(o: OutcomeDTO): string {
  const params = { key: keyName(o.key), want: listed(o.want), got: listed(o.got), operator: o.operator }
  if (o.part === 'action') return t('policies.l_miss_action', params)
  if (o.part === 'resource') return t('policies.l_miss_resource', params)
  if (o.part !== 'condition') return ''
  if (o.operator === 'Null') return o.absent ? t('policies.l_miss_unknown', params) : t('policies.l_miss_known', params)
  if (o.absent) return t('policies.l_miss_absent', params)
  if (o.operator.includes('Not')) return t('policies.l_miss_not', params)
  return /^(For\w+:)?(String|Arn|Bool)/.test(o.operator) ? t('policies.l_miss_value', params) : t('policies.l_miss_other', params)
}

/** What came of a question, in a sentence. */
export function verdict(d: DecisionDTO): string {
  const by = d.outcomes[d.decided]
  if (d.effect === 'explicitDeny') return by ? t('policies.l_denied_by', { statement: statementName(by) }) : t('policies.l_denied')
  if (d.effect === 'allow') return by ? t('policies.l_allowed_by', { statement: statementName(by) }) : t('policies.l_allowed')
  return t('policies.l_implicit')
}
