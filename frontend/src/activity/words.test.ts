import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { EventDTO } from '../api/contract'
import words from '../i18n/en/activity.json'
import { groupNames, groupOf, groups, kindsOf } from './kinds'
import { actor, deed, details, kindName } from './words'

const go = readFileSync('../backend/mfa/event.go', 'utf8')
const kinds = [...go.matchAll(/^\s*Event\w+\s+(?:EventKind\s+)?=\s*"([^"]+)"/gm)].map((m) => m[1]!)

const event = (more: Partial<EventDTO> = {}): EventDTO => ({
  seq: 7, at: 1, kind: 'device-added', principalId: 'p1', principal: 'alice', deviceId: '', detail: {}, ...more,
})

describe('every kind of event in Go', () => {
  it('is found', () => expect(kinds.length).toBeGreaterThan(30))

  it.each(kinds)('%s has a name, a sentence and a group', (kind) => {
    expect(words).toHaveProperty([`event.${kind}.s_name`])
    expect(words).toHaveProperty([`event.${kind}.l_what`])
    expect(groupOf(kind)).not.toBeNull()
  })

  it('and no other has words or a group', () => {
    const named = Object.keys(words).flatMap((k) => /^event\.([^.]+)\./.exec(k)?.[1] ?? [])
    const all = groupNames.flatMap((g) => [...groups[g]] as string[])
    expect([...new Set([...named, ...all])].filter((k) => !kinds.includes(k))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  it.each(kinds)('%s makes no sentence with a hole', (kind) => expect(deed(event({ kind }))).not.toMatch(/[{}–]/))
})

it.each([
  ['a device', event({ detail: { name: 'desk-token' } }), 'added the device desk-token'],
  ['for somebody else', event({ detail: { name: 'x', user: 'carol', user_id: 'u' } }), 'added the device x, for carol'],
  ['a reason in words', event({ kind: 'sign-in-refused', detail: { code: 'sign-in-refused' } }), 'could not sign in: That didn’t match'],
  ['a format in words', event({ kind: 'tokens-imported', detail: { count: '6', format: 'pskc' } }), 'imported 6 tokens (PSKC)'],
  ['the day that a sign-in set', event({ kind: 'signed-in-password', detail: { mfa_deadline: '2026-12-06T09:00:00Z' } }), 'gave the right password, and has until 6 Dec 2026 to add a device'],
  ['a day that is none', event({ kind: 'signed-in-password', detail: { mfa_deadline: 'soon' } }), 'gave the right password'],
  ['how many codes are left', event({ kind: 'signed-in-recovery', detail: { left: '3' } }), 'signed in with a printed recovery code; 3 are left'],
  ['a new user', event({ kind: 'user-created', detail: { user: 'ivan', user_id: 'u', path: '/' } }), 'added the user ivan'],
  ['a user who is called otherwise now', event({ kind: 'user-changed', detail: { from: 'bob', to: 'rob', user: 'bob' } }), 'changed the user bob to rob'],
  ['a group', event({ kind: 'group-changed', detail: { group: 'crew', what: 'added' } }), 'changed the group crew'],
  ['settings, in words', event({ kind: 'settings-changed', detail: { what: 'require-users,user-grace', from: 'false,35', to: 'true,14' } }),
    'changed the settings: device for users from off to on, days for users from 35 to 14'],
  ['an old event without its name', event(), 'Device added'],
  ['a kind of a newer version', event({ kind: 'tea-made' }), 'tea-made'],
])('says %s', (_, e, want) => expect(deed(e)).toBe(want))

it('knows who is gone, and who never was', () => {
  expect(actor(event())).toBe('alice')
  expect(actor(event({ principal: '' }))).not.toBe(actor(event({ principal: '', principalId: '' })))
})

it('lists what an event keeps, without what is empty', () => {
  expect(details(event({ detail: { b: '2', a: '1', c: '' } }))).toEqual([
    ['seq', '7'], ['kind', 'device-added'], ['principal', 'p1'], ['a', '1'], ['b', '2'],
  ])
  expect(kindName('nothing')).toBe('nothing')
})

it('chooses kinds', () => {
  expect(kindsOf('')).toEqual([])
  expect(kindsOf('user-created')).toEqual(['user-created'])
  expect(kindsOf('group:people')).toContain('password-set')
  expect(kindsOf('group:nonsense')).toEqual([])
})
