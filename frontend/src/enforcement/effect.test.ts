import { describe, expect, it } from 'vitest'
import type { ForecastDTO, SettingsDTO, UserDTO, VerdictDTO } from '../api/contract'
import { effectOnRoot, effectOnUsers } from './effect'
import { grouped, why } from './forecast'

const settings = (more: Partial<SettingsDTO> = {}): SettingsDTO => ({
  rootGraceDays: 35, requireForUsers: true, userGraceDays: 14, passwordless: false, idleMinutes: 15, ruleOutHello: false, newUsersAnyDevice: true,
  passwords: { minLength: 8, upper: false, lower: false, digit: false, symbol: false }, ...more,
})
const user = (more: Partial<UserDTO> = {}) =>
  ({ kind: 'user', hasPassword: true, passkeys: 0, apps: 0, tokens: 0, suspect: 0, deadline: 0, ...more }) as UserDTO
const root = (more: Partial<UserDTO> = {}) => user({ kind: 'root', ...more })

describe('root', () => {
  it.each([
    ['has a device', {}, { passkeys: 1 }, 'Root has a device'],
    ['has only a suspect one', {}, { passkeys: 1, suspect: 1 }, '35 days'],
    ['a deadline stays, whatever is typed', { rootGraceDays: 99 }, { deadline: new Date(2026, 10, 22, 9, 5).getTime() }, '22 Nov 2026, 09:05'],
    ['no grace at all', { rootGraceDays: 0 }, {}, 'next sign-in'],
  ])('%s', (_, s, r, want) => expect(effectOnRoot(settings(s), [root(r)])).toContain(want))
})

describe('users', () => {
  it.each([
    ['not required', { requireForUsers: false }, [user(), user({ apps: 1 })], ['One user signs in']],
    ['not required and nobody is without', { requireForUsers: false }, [user({ apps: 1 })], ['Every user']],
    ['required and nobody is without', {}, [user({ tokens: 1 })], ['Everybody who']],
    ['who cannot sign in does not count', {}, [user({ hasPassword: false })], ['Everybody who']],
    ['one is without, and gets one day', { userGraceDays: 1 }, [user()], ['One without a device gets 1 day']],
    ['some are new, some have their day', {}, [user(), user(), user({ deadline: 5 })], ['2 without a device get 14 days', 'One has a day']],
    ['no grace', { userGraceDays: 0 }, [user()], ['next sign-in']],
  ])('%s', (_, s, all, want) => {
    const lines = effectOnUsers(settings(s), [root(), ...all])
    expect(lines).toHaveLength(want.length)
    want.forEach((w, i) => expect(lines[i]).toContain(w))
  })
})

const forecast = (state: VerdictDTO['state'], reason: VerdictDTO['reason'] = '', deadline = 0): ForecastDTO => ({
  user: user(), verdict: { state, reason, deadline },
})

it('puts who is hit hardest first and counts everybody', () => {
  const r = grouped([forecast('free'), forecast('grace'), forecast('blocked'), forecast('set-up'), forecast('free')])
  expect(r.affected.map((f) => f.verdict.state)).toEqual(['blocked', 'set-up', 'grace'])
  expect(r.rest).toHaveLength(2)
  expect(r.counts).toEqual({ blocked: 1, 'set-up': 1, grace: 1, free: 2 })
})

it('has a sentence for every state and reason', () => {
  const words = (['free', 'grace', 'set-up', 'blocked'] as const).flatMap((state) =>
    (['', 'not-required', 'has-device', 'no-device', 'devices-suspect', 'no-password'] as const).map((reason) => why(forecast(state, reason, 1).verdict)),
  )
  expect(words.every((w) => w.length > 10)).toBe(true)
})
