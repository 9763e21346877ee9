/** What is said of a finding in a policy. */
import type { FindingDTO } from '../api'
import { failureWhat, t, wordOr } from '../i18n'

/** What there must be is named by an id: text-or-list. */
const wanted = (id: string): string => id.replaceAll('-', ' ')

/** A Deny that hits others than it should says whom. */
function variant(f: FindingDTO): string {
  if (f.code !== 'deny-hits-others' || f.params['create'] === f.params['totp']) return ''
  return f.params['create'] === 'yes' ? '_create' : '_totp'
}

/** In a sentence or two, with the nearest thing that exists. */
export function describe(f: FindingDTO): string {
  const { line, column, params } = f
  if (f.code === 'malformed') {
    const said = failureWhat('policy-malformed', { ...params, wanted: wanted(params['wanted'] ?? ''), line, column })
    return withNearest(said, ['unknown-element', 'unknown-operator'].includes(params['what'] ?? '') ? params['wanted'] : '')
  }
  const end = variant(f)
  const said = wordOr(`finding.${f.code}.l_what`, '', params) || wordOr(`finding.${f.code}.p_what${end}`, f.code, params)
  return withNearest(said, params['nearest'])
}

const withNearest = (said: string, nearest: string | undefined): string => (nearest ? `${said} ${t('finding.l_nearest', { nearest })}` : said)
