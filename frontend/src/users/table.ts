/**
 * Searching, filtering and sorting the list of users. 5,000 of them are put in
 * order while somebody types, so what is compared is made once per list.
 */
import type { UserDTO } from '../api/contract'

export const filters = ['all', 'no-device', 'passkey', 'app', 'token', 'suspect', 'no-password', 'administrator'] as const
export type UserFilter = (typeof filters)[number]

export const columns = ['name', 'mfa', 'ways', 'password', 'used'] as const
export type UserColumn = (typeof columns)[number]

export interface Sort<C extends string> { by: C; down: boolean }

export interface Query { text: string; filter: UserFilter; sort: Sort<UserColumn> }

/** A user with what it is found and ordered by. */
export interface Entry { user: UserDTO; key: string; text: string }

/** Two independent ways in are enough for everybody. */
export const enoughWays = 2

export const devicesOf = (u: UserDTO): number => u.passkeys + u.apps + u.tokens

/** Somebody who would be locked out by losing one thing. Who cannot sign in at all cannot lose a way. */
export const fewWays = (u: UserDTO): boolean => u.hasPassword && u.ways < enoughWays

// Root comes first: a space sorts before every letter a name can start with.
export const entries = (users: UserDTO[]): Entry[] =>
  users.map((user) => {
    const name = user.name.toLowerCase()
    return { user, key: user.kind === 'root' ? ` ${name}` : name, text: `${name} ${user.path.toLowerCase()}` }
  })

const passes: Record<UserFilter, (u: UserDTO) => boolean> = {
  all: () => true,
  'no-device': (u) => devicesOf(u) === 0,
  passkey: (u) => u.passkeys > 0,
  app: (u) => u.apps > 0,
  token: (u) => u.tokens > 0,
  suspect: (u) => u.suspect > 0,
  'no-password': (u) => !u.hasPassword,
  administrator: (u) => u.administrator,
}

const byKey = (a: Entry, b: Entry): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

const measure: Record<Exclude<UserColumn, 'name'>, (u: UserDTO) => number> = {
  mfa: devicesOf,
  ways: (u) => u.ways,
  password: (u) => (u.hasPassword ? u.passwordUsedAt : -1),
  used: (u) => u.lastUsedAt,
}

/** Who fits, in order; equal ones by name, upwards. Every word of the text has to occur. */
export function choose(all: Entry[], q: Query): UserDTO[] {
  const words = q.text.toLowerCase().split(/\s+/).filter(Boolean)
  const fits = passes[q.filter]
  const found = all.filter((e) => fits(e.user) && words.every((w) => e.text.includes(w)))
  const way = q.sort.down ? -1 : 1
  if (q.sort.by === 'name') found.sort((a, b) => way * byKey(a, b))
  else {
    const of = measure[q.sort.by]
    found.sort((a, b) => way * (of(a.user) - of(b.user)) || byKey(a, b))
  }
  return found.map((e) => e.user)
}

/** How many each filter leaves, for the filter's own words. */
export function counts(all: Entry[]): Record<UserFilter, number> {
  return Object.fromEntries(
    filters.map((f) => [f, all.reduce((n, e) => n + (passes[f](e.user) ? 1 : 0), 0)]),
  ) as Record<UserFilter, number>
}

/** Up again after down; a new column starts where it is most useful: names from A, times and counts from the greatest. */
export function nextSort<C extends string>(sort: Sort<C>, by: C, upFirst: C): Sort<C> {
  return sort.by === by ? { by, down: !sort.down } : { by, down: by !== upFirst }
}
