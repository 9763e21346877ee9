// @vitest-environment jsdom
/** The small machines behind the screens: what a session may show, the idle clock, the vault's gate. */
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { connect } from '../api'
import type { SessionDTO } from '../api'
import { failure, fake } from '../api/fake'
import { areasOf, heldTo, mayOpen } from './access'
import { App } from './app.svelte'
import { Attempt } from './attempt.svelte'
import { every, watchActivity } from './idle'
import { inside } from './inside.svelte'
import { inOrder, lastWay, rememberWay } from './lastway'
import { theme } from './theme.svelte'
import { VaultGate } from './vault.svelte'

// Who comes in has the rest of the window fetched; the test must not end in the middle of that.
afterAll(() => inside.fetch())

const session = (more: Partial<SessionDTO> = {}): SessionDTO => ({
  principalId: 'p', principal: 'bob', kind: 'user', administrator: false, startedAt: 1, mfaAt: 0, mfaPresent: false, device: '',
  recovered: false, limit: '', verdict: { state: 'free', reason: '', deadline: 0 }, ...more,
})

describe('areas', () => {
  it.each([
    ['nobody', null, 0],
    ['a user', session(), 2],
    ['an administrator', session({ administrator: true }), 9],
    ['root', session({ kind: 'root' }), 9],
    ['root who must set up a device', session({ kind: 'root', limit: 'set-up-device' }), 0],
    ['an administrator who must change a password', session({ administrator: true, limit: 'change-password' }), 0],
  ])('of %s', (_, who, n) => expect(areasOf(who)).toHaveLength(n))

  it('a user may not open settings', () => expect(mayOpen('settings', session())).toBe(false))

  it.each([
    ['home', '', 'home'],
    ['home', 'set-up-device', 'set-up'],
    ['users', 'set-up-device', 'set-up'],
    ['grace', 'set-up-device', 'set-up'],
    ['add', 'set-up-device', 'add'],
    ['add-token', 'set-up-device', 'add-token'],
    ['add', 'change-password', 'new-password'],
  ] as const)('to %s with the limit %j leads to %s', (to, limit, where) => expect(heldTo(to, session({ limit }))).toBe(where))
})

describe('a session that must change its password', () => {
  it('asks for nothing that it may not see', async () => {
    const far = fake('home', 0)
    const refused = vi.fn(() => Promise.reject(failure('password-change-needed', 'change-input')))
    Object.assign(far.api, { Devices: refused, Me: refused, LinkedPhones: refused })
    connect(far)
    const app = new App()
    app.enter({ ...(await far.api.State()), session: session({ limit: 'change-password' }) })
    await app.load()
    expect(app.route).toBe('new-password')
    expect(refused).not.toHaveBeenCalled()
    expect(app.trouble).toBeNull()
  })
})

describe('the idle clock', () => {
  it('hears a person at once, then at most every 20 s', () => {
    let now = 1_000
    const called = vi.fn()
    const stop = watchActivity(called, () => now)
    window.dispatchEvent(new Event('pointermove'))
    window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a' }))
    expect(called).toHaveBeenCalledTimes(1)
    now += every - 1
    window.dispatchEvent(new Event('wheel'))
    expect(called).toHaveBeenCalledTimes(1)
    now += 1
    window.dispatchEvent(new Event('pointerdown'))
    expect(called).toHaveBeenCalledTimes(2)
    stop()
    now += every
    window.dispatchEvent(new Event('pointermove'))
    expect(called).toHaveBeenCalledTimes(2)
  })
})

describe('the last way', () => {
  const bob = { kind: 'user', name: 'Bob' } as const
  afterEach(() => localStorage.clear())

  it('comes first for the same person, and for nobody else', () => {
    rememberWay(bob, 'code')
    expect(inOrder(['phone', 'code', 'recovery'], lastWay({ kind: 'user', name: 'bob' }))).toEqual(['code', 'phone', 'recovery'])
    expect(inOrder(['phone', 'code'], lastWay({ kind: 'root', name: 'bob' }))).toEqual(['phone', 'code'])
    expect(lastWay(null)).toBe('')
  })

  it('is forgotten where nothing can be kept', () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('no room')
    })
    rememberWay(bob, 'code')
    expect(lastWay(bob)).toBe('')
  })
})

describe('the gate of the vault', () => {
  const locked = (state: string) => failure('vault-locked', 'unlock', { params: { state } })

  it('lets through what needs no key', async () => {
    const gate = new VaultGate()
    expect(await gate.run(async () => 7)).toBe(7)
    expect(gate.asked).toBeNull()
  })

  it.each(['locked', 'unset'] as const)('asks when it is %s, then goes on', async (state) => {
    const gate = new VaultGate()
    const call = vi.fn().mockRejectedValueOnce(locked(state)).mockResolvedValueOnce('done')
    const answer = gate.run(call)
    await vi.waitFor(() => expect(gate.asked).toBe(state))
    gate.close(true)
    expect(await answer).toBe('done')
    expect(call).toHaveBeenCalledTimes(2)
  })

  it('gives up when the person does, and tries nothing again', async () => {
    const gate = new VaultGate()
    const call = vi.fn().mockRejectedValue(locked('locked'))
    const attempt = new Attempt()
    const done = attempt.run(() => gate.run(call))
    await vi.waitFor(() => expect(gate.asked).toBe('locked'))
    gate.close(false)
    expect(await done).toBe(false)
    expect(attempt.failure).toBeNull()
    expect(call).toHaveBeenCalledTimes(1)
  })

  it('passes every other failure on', async () => {
    const gate = new VaultGate()
    await expect(gate.run(() => Promise.reject(failure('code-wrong', 'change-input')))).rejects.toMatchObject({ code: 'code-wrong' })
  })
})

it('tries one thing at a time', async () => {
  const attempt = new Attempt()
  let finish: (v: number) => void = () => undefined
  const first = attempt.ask(() => new Promise<number>((ok) => (finish = ok)))
  expect(attempt.busy).toBe(true)
  expect(await attempt.ask(async () => 2)).toBeNull()
  finish(1)
  expect(await first).toBe(1)
  expect(attempt.busy).toBe(false)
})

it('keeps the colours that were chosen', () => {
  theme.choose('dark')
  expect(document.documentElement.style.colorScheme).toBe('dark')
  theme.turn()
  expect(theme.current).toBe('system')
  expect(localStorage.getItem('keyferry.theme')).toBe('system')
  expect(document.documentElement.style.colorScheme).toBe('')
})

it('has a fake that answers every call of the contract', () => {
  const far = fake('home', 0)
  connect(far)
  for (const call of Object.values(far.api)) expect(call).toBeTypeOf('function')
})
