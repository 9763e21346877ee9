import { expect, it } from 'vitest'
import type { UserDTO } from '../api/contract'
import { nameProblem, tidyPath } from './names'

const bob = { id: 'u1', kind: 'user', name: 'Bob' } as UserDTO
const root = { id: 'r', kind: 'root', name: 'carol' } as UserDTO

it.each([
  ['carol', null], ['bob', 'taken'], ['BOB', 'taken'], ['two words', 'invalid'], ['', 'invalid'], ['x'.repeat(65), 'invalid'],
  ['x'.repeat(64), null], ['a+b=c,d.e@f-g_1', null], ['bob\n', 'invalid'], ['Zoë', 'invalid'],
])('%j is %s', (name, want) => expect(nameProblem(name, [bob, root])).toBe(want))

it('lets somebody keep their own name', () => expect(nameProblem('bob', [bob], 'u1')).toBeNull())

it.each([['', '/'], ['/', '/'], ['ops', '/ops/'], ['/ops/eu', '/ops/eu/'], [' //ops// ', '/ops/']])('path %j', (typed, want) =>
  expect(tidyPath(typed)).toBe(want),
)
