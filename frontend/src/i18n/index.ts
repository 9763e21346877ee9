/**
 * The words, one file for each area. Keys are checked by the compiler, lengths and
 * gaps by `npm run i18n`. The door brings the words that are needed before somebody
 * comes in (door.ts), the inside nearly all others (inside.ts),
 * and a screen that is read later those that it alone says (keys.ts, readiness.ts).
 */
import { date, midnightOf } from '../format/when'
import type activity from './en/activity.json'
import type add from './en/add.json'
import type app from './en/app.json'
import type backup from './en/backup.json'
import type ceremony from './en/ceremony.json'
import type door from './en/door.json'
import type enforcement from './en/enforcement.json'
import type failures from './en/failure.json'
import type findings from './en/findings.json'
import type home from './en/home.json'
import type imports from './en/imports.json'
import type keys from './en/keys.json'
import type metadata from './en/metadata.json'
import type phone from './en/phone.json'
import type policies from './en/policies.json'
import type readiness from './en/readiness.json'
import type report from './en/report.json'
import type security from './en/security.json'
import type settings from './en/settings.json'
import type tokens from './en/tokens.json'
import type trust from './en/trust.json'
import type users from './en/users.json'
import type vault from './en/vault.json'

type Words =
  & typeof activity & typeof add & typeof app & typeof backup & typeof ceremony & typeof door & typeof enforcement & typeof failures
  & typeof findings & typeof home & typeof imports & typeof keys & typeof metadata & typeof phone & typeof policies & typeof readiness & typeof report
  & typeof security & typeof settings & typeof tokens & typeof trust & typeof users & typeof vault

export type Key = keyof Words
export type Params = Record<string, string | number>

const texts: Record<string, string> = {}

/** Adds words; a screen is drawn after those that it needs. */
export const know = (...files: Record<string, string>[]): void => void Object.assign(texts, ...files)

// Made for the first number that needs it: its tables are some megabytes, and the first
// screens count no further than 999.
let counts: Intl.NumberFormat | undefined
const plain = (n: number): boolean => Number.isInteger(n) && 0 <= n && n <= 999
const shown = (value: string | number): string =>
  typeof value === 'string' || plain(value) ? String(value) : (counts ??= new Intl.NumberFormat('en')).format(value)

/**
 * The text of a key, with {name} replaced by params.name, numbers as 5,001; a missing one leaves a dash.
 * A text that counts has a form for one beside it, its key with _one: it is taken when n is 1. A text with
 * two counts is put together from texts with one each.
 */
export function t(key: Key, params: Params = {}): string {
  return fill(formOf(key, params) ?? key, params)
}

/** What is counted is called n; events call it count or left. */
function formOf(key: string, params: Params): string | undefined {
  const one = Number(params['n'] ?? params['count'] ?? params['left']) === 1
  return (one ? texts[`${key}_one`] : undefined) ?? texts[key]
}

const fill = (text: string, params: Params): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => shown(params[name] ?? '–'))

/** The title of a failure; a code without words gets those of `internal`. */
export const failureTitle = (code: string, params: Params = {}): string =>
  fill((isNear(params) && texts[`failure.${code}.s_title_near`]) || (texts[`failure.${code}.s_title`] ?? t('failure.internal.s_title')), params)

/** Words are about a phone unless the parameter road says that it was none. */
const isNear = (params: Params): boolean => (params['road'] ?? 'phone') !== 'phone'

/**
 * What happened, in a line or a paragraph. A failure that can have several reasons
 * has words for each: p_what_machine for the parameter cause=machine.
 */
export function failureWhat(code: string, params: Params = {}): string {
  const reasons = [params['cause'], params['state'], params['what'], params['why'], params['good'], params['decision']].filter((r) => r !== undefined)
  const ends = [...reasons.map((r) => `_${r}`), ...(isNear(params) ? ['_near'] : []), '']
  const keys = ends.flatMap((end) => [`failure.${code}.l_what${end}`, `failure.${code}.p_what${end}`])
  const found = keys.find((key) => texts[key])
  return found ? fill(formOf(found, params)!, worded(params)) : t('failure.internal.l_what')
}

/** What a password lacks comes as ids, upper,digit, and what FIDO reports as its codes. */
function worded(params: Params): Params {
  if (typeof params['status'] === 'string') {
    const status = wordOr(`status.l_${params['status']}`, params['status'])
    const at = midnightOf(String(params['date'] ?? ''))
    const day = Number.isNaN(at) ? params['date'] : date(at, true)
    return { ...params, status, date: day || t('metadata.s_no_date') }
  }
  if (typeof params['needs'] !== 'string') return params
  const parts = params['needs'].split(',').map((id) => wordOr(`need.l_${id}`, id, params))
  const last = parts.pop() ?? ''
  return { ...params, needs: parts.length > 0 ? t('need.l_and', { first: parts.join(', '), last }) : last }
}

/** The person's word for a behaviour of the simulated phone; unknown ones keep their id. */
export const behaviourName = (id: string): string => texts[`behaviour.${id}.s_label`] ?? id

/** The text of a key that is put together at run time, or the id itself where there are no words for it. */
export const wordOr = (key: string, id: string, params: Params = {}): string => (texts[key] ? fill(formOf(key, params)!, params) : id)

/** Cuts a text at its one {name}, so that a component can set that part apart. */
export function around(key: Key, name: string, params: Params = {}): [string, string] {
  const [before = '', after = ''] = (formOf(key, params) ?? '').split(`{${name}}`)
  return [fill(before, params), fill(after, params)]
}

/** What to do when the data cannot be opened; empty where a second try is all there is. */
export const brokenAdvice = (code: string): string => texts[`broken.p_${code}`] ?? ''
