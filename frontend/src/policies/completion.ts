/** What can stand at a place of a policy. The words come from Go; which of them fit depends on where one types. */
import type { PolicyWordsDTO } from '../api'
import type { Place } from './text'

export type Sort = 'element' | 'action' | 'operator' | 'key' | 'value' | 'variable'

export interface Choice { text: string; sort: Sort }

const document = ['Version', 'Statement']
const statement = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']

const as = (sort: Sort, all: string[]): Choice[] => all.map((text) => ({ text, sort }))

/** Each service once more with a star. */
function actions(words: PolicyWordsDTO): string[] {
  const services = new Set(words.actions.map((a) => a.split(':')[0]!))
  return [...words.actions, ...[...services].map((s) => `${s}:*`)]
}

/** Level values are asked for by the key's name, whatever its case. */
function valuesOf(words: PolicyWordsDTO, key: string): string[] {
  return Object.entries(words.values).find(([k]) => k.toLowerCase() === key.toLowerCase())?.[1] ?? []
}

export function choices(place: Place, words: PolicyWordsDTO): Choice[] {
  const path = place.path.filter((p) => typeof p === 'string')
  const [first, second, operator, key] = path
  if (place.part === 'name') {
    if (path.length === 0) return as('element', document)
    if (first !== 'Statement') return []
    if (path.length === 1) return as('element', statement)
    if (second !== 'Condition') return []
    return path.length === 2 ? as('operator', words.operators) : path.length === 3 ? as('key', words.keys) : []
  }
  if (first === 'Version') return as('value', ['2012-10-17'])
  if (first !== 'Statement') return []
  switch (second) {
    case 'Effect':
      return as('value', ['Allow', 'Deny'])
    case 'Action':
    case 'NotAction':
      return as('action', actions(words))
    case 'Resource':
    case 'NotResource':
      return [...as('value', ['*']), ...as('variable', words.variables)]
    case 'Condition': {
      if (!operator || !key) return []
      if (operator === 'Null') return as('value', ['true', 'false'])
      const values = valuesOf(words, key)
      if (values.length === 0 && /^Bool/.test(operator)) return as('value', ['true', 'false'])
      return [...as('value', values), ...as('variable', values.length > 0 ? [] : words.variables)]
    }
    default:
      return []
  }
}

/**
 * Where in the typed text a choice begins: a variable may follow other text, and is
 * offered from its dollar sign on.
 */
export function startOf(typed: string, sort: Sort): number {
  if (sort !== 'variable') return 0
  const dollar = typed.lastIndexOf('$')
  return dollar >= 0 && !typed.slice(dollar).includes('}') ? dollar : typed.length
}
