/** Searching, filtering and sorting the catalogue of models. */
import type { ModelDTO } from '../api/contract'
import { levels } from '../policies/levels'
import type { Sort } from '../users/table'

export const columns = ['name', 'levels', 'transports', 'since'] as const
export type ModelColumn = (typeof columns)[number]

export const facets = ['fido', 'fips2', 'fips3', 'transport', 'status', 'protocol'] as const
export type Facet = (typeof facets)[number]

/** all takes every model, none those without a level; refused is a status of its own. */
export const all = 'all'
export const none = 'none'
export const refused = 'refused'

/** What is chosen of each facet. */
export type Chosen = Record<Facet, string>

export const everything = (): Chosen => ({ fido: all, fips2: all, fips3: all, transport: all, status: all, protocol: all })

export interface Query { text: string; chosen: Chosen; sort: Sort<ModelColumn> }

/** A model with what it is found and ordered by. */
export interface Entry { model: ModelDTO; key: string; text: string; rank: number }

export const entries = (models: ModelDTO[]): Entry[] =>
  models.map((model) => {
    const key = model.name.toLowerCase()
    return { model, key, text: `${key} ${model.id.toLowerCase()}`, rank: rank(model) }
  })

/** The FIDO level counts most, then the newer FIPS; what is refused stands below all. */
function rank(m: ModelDTO): number {
  const step = (key: 'fido' | 'fips2' | 'fips3') => levels[key].indexOf(m[key]) + 1
  return m.refused ? -1 : step('fido') * 100 + step('fips3') * 10 + step('fips2')
}

/** What a model has of a facet: several transports, one of everything else. */
const of: Record<Facet, (m: ModelDTO) => string[]> = {
  fido: (m) => [m.fido || none],
  fips2: (m) => [m.fips2 || none],
  fips3: (m) => [m.fips3 || none],
  transport: (m) => m.transports,
  status: (m) => (m.refused ? [m.status, refused] : [m.status]),
  protocol: (m) => [m.protocol],
}

const fits = (m: ModelDTO, chosen: Chosen, besides?: Facet): boolean =>
  facets.every((f) => f === besides || chosen[f] === all || of[f](m).includes(chosen[f]))

/** Every word of the text has to occur in the name or the ID. */
function found(list: Entry[], text: string): Entry[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return words.length === 0 ? list : list.filter((e) => words.every((w) => e.text.includes(w)))
}

const compare = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

/** What fits, in order; equal ones by name, upwards. */
export function choose(list: Entry[], q: Query): ModelDTO[] {
  const way = q.sort.down ? -1 : 1
  const by: Record<ModelColumn, (a: Entry, b: Entry) => number> = {
    name: (a, b) => way * compare(a.key, b.key),
    levels: (a, b) => way * (a.rank - b.rank),
    transports: (a, b) => way * (a.model.transports.length - b.model.transports.length),
    since: (a, b) => way * compare(a.model.since, b.model.since),
  }
  return found(list, q.text)
    .filter((e) => fits(e.model, q.chosen))
    .sort((a, b) => by[q.sort.by](a, b) || compare(a.key, b.key))
    .map((e) => e.model)
}

/** Of each facet, how many models each of its values would leave. */
export type Counts = Record<Facet, Map<string, number>>

export function counts(list: Entry[], q: Pick<Query, 'text' | 'chosen'>): Counts {
  const named = found(list, q.text)
  const count = (facet: Facet) => {
    const left = named.filter((e) => fits(e.model, q.chosen, facet))
    const n = new Map([[all, left.length]])
    for (const { model } of left) for (const value of new Set(of[facet](model))) n.set(value, (n.get(value) ?? 0) + 1)
    return n
  }
  return Object.fromEntries(facets.map((f) => [f, count(f)])) as Counts
}

const orders: Partial<Record<Facet, string[]>> = {
  fido: [...levels.fido, none], fips2: [...levels.fips2, none], fips3: [...levels.fips3, none],
  transport: ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'], protocol: ['fido2', 'u2f', 'uaf'],
}

/** The values to choose from, in the order they are read in; what is chosen stays, though nothing is left of it. */
export function valuesOf(facet: Facet, n: Map<string, number>, chosen: string): string[] {
  const place = (v: string) => {
    const at = orders[facet]?.indexOf(v) ?? -1
    return at < 0 ? 1_000 : at
  }
  const there = new Set([...n.keys(), chosen])
  const rest = [...there].filter((v) => v !== all && v !== refused).sort((a, b) => place(a) - place(b) || compare(a, b))
  return [all, ...(there.has(refused) ? [refused] : []), ...rest]
}
