import { describe, expect, it } from 'vitest'
import type { UserDTO } from '../api/contract'
import { choose, columns, counts, entries, fewWays, filters, nextSort, type Query } from './table'

function user(name: string, more: Partial<UserDTO> = {}): UserDTO {
  return {
    id: name, version: 1, kind: 'user', name, path: '/', arn: `arn:keyferry:iam::1:user/${name}`, administrator: false, hasPassword: true,
    mustChange: false, createdAt: 1, passwordAt: 1, passwordUsedAt: 0, deadline: 0, passkeys: 0, apps: 0, tokens: 0, suspect: 0,
    lastUsedAt: 0, recoveryLeft: 0, ways: 0, ...more,
  }
}

const people = entries([
  user('bob', { passkeys: 1, ways: 1, lastUsedAt: 30, passwordUsedAt: 5 }),
  user('Alice', { apps: 2, ways: 2, lastUsedAt: 20, administrator: true, path: '/ops/' }),
  user('zed@example.org', { kind: 'root', administrator: true, tokens: 1, suspect: 1 }),
  user('carol', { hasPassword: false }),
])
const query = (more: Partial<Query> = {}): Query => ({ text: '', filter: 'all', sort: { by: 'name', down: false }, ...more })
const names = (q: Query) => choose(people, q).map((u) => u.name)

describe('order', () => {
  it.each([
    ['names without case, root first', { by: 'name', down: false }, ['zed@example.org', 'Alice', 'bob', 'carol']],
    ['names downwards', { by: 'name', down: true }, ['carol', 'bob', 'Alice', 'zed@example.org']],
    ['most devices first, equal ones by name', { by: 'mfa', down: true }, ['Alice', 'zed@example.org', 'bob', 'carol']],
    ['fewest ways in first', { by: 'ways', down: false }, ['zed@example.org', 'carol', 'bob', 'Alice']],
    ['no password before one never used', { by: 'password', down: false }, ['carol', 'zed@example.org', 'Alice', 'bob']],
    ['latest use first', { by: 'used', down: true }, ['bob', 'Alice', 'zed@example.org', 'carol']],
  ] as const)('%s', (_, sort, want) => expect(names(query({ sort }))).toEqual(want))

  it('turns round on the same column, and starts a new one at its useful end', () => {
    expect(nextSort({ by: 'name', down: false }, 'name', 'name')).toEqual({ by: 'name', down: true })
    expect(nextSort({ by: 'name', down: true }, 'used', 'name')).toEqual({ by: 'used', down: true })
    expect(nextSort({ by: 'used', down: true }, 'name', 'name')).toEqual({ by: 'name', down: false })
  })
})

it.each([
  ['no-device', ['carol']], ['passkey', ['bob']], ['app', ['Alice']], ['token', ['zed@example.org']], ['suspect', ['zed@example.org']],
  ['no-password', ['carol']], ['administrator', ['zed@example.org', 'Alice']],
] as const)('the filter %s', (filter, want) => expect(names(query({ filter }))).toEqual(want))

it.each([
  ['part of a name in any case', 'LIC', ['Alice']],
  ['a path', '/ops', ['Alice']],
  ['several words, all of them', 'ops ali', ['Alice']],
  ['words that do not meet', 'ops bob', []],
  ['blanks only', '  ', ['zed@example.org', 'Alice', 'bob', 'carol']],
  ['signs that mean something elsewhere', '.*', []],
])('finds by %s', (_, text, want) => expect(names(query({ text }))).toEqual(want))

it('counts what each filter leaves', () => {
  expect(counts(people)).toEqual({
    all: 4, 'no-device': 1, passkey: 1, app: 1, token: 1, suspect: 1, 'no-password': 1, administrator: 2,
  })
})

it('warns of fewer than two ways in, but not who cannot sign in anyway', () => {
  expect(people.filter((e) => fewWays(e.user)).map((e) => e.user.name)).toEqual(['bob', 'zed@example.org'])
})

it('puts 5,000 users in order far below the time of a stutter', () => {
  const many = Array.from({ length: 5_000 }, (_, i) => {
    const n = (i * 7_919) % 5_000
    return user(`user-${n}`, { passkeys: n % 3, apps: n % 2, lastUsedAt: (n * 104_729) % 5_003, passwordUsedAt: n % 977, ways: n % 4 })
  })
  const all = entries(many)
  // The processor's time, not the clock's: a busy machine makes nothing dearer.
  const cost = (work: () => void) => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  let worst = 0
  for (const by of columns) {
    for (const filter of filters) {
      for (const down of [true, false]) {
        const once = () => choose(all, { text: filter === 'all' ? 'user 9' : '', filter, sort: { by, down } })
        worst = Math.max(worst, Math.min(cost(once), cost(once), cost(once)))
      }
    }
  }
  const made = () => counts(entries(many))
  expect(Math.min(cost(made), cost(made), cost(made))).toBeLessThan(50)
  expect(worst).toBeLessThan(50)
})
