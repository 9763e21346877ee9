// @vitest-environment jsdom
/** A sign-in without a name finds several passkeys: whose it is, is chosen from a list. */
import { screen, waitFor, within } from '@testing-library/svelte'
import { describe, expect, it, vi } from 'vitest'
import type { AccountsAskDTO } from '../api'
import { failure, sampleFound } from '../api/fake'
import { button, heading, sound, walk, type Walk } from './walk'

const ask = (more: Partial<AccountsAskDTO> = {}): AccountsAskDTO => ({ id: 3, key: 'YubiKey 5 NFC', local: false, accounts: sampleFound(), ...more })

async function shared(more: Partial<AccountsAskDTO> = {}, way = 'Use my security key'): Promise<Walk> {
  const w = await walk('sign-in-shared')
  await w.user.click(await button(way))
  await heading('Insert a security key')
  w.far.advance('touch-key', { keys: 1, key: 'YubiKey 5 NFC' })
  await heading('Touch YubiKey 5 NFC')
  w.far.advance('choose-account', { accounts: ask(more) })
  await heading('Which account is it?')
  return w
}

const radio = (name: string) => screen.getByRole<HTMLInputElement>('radio', { name })
const focused = (name: string) => waitFor(() => expect(document.activeElement).toBe(radio(name)))

describe('the choice of an account', () => {
  it('is a list whose first has the focus', async () => {
    await shared()
    const group = screen.getByRole('radiogroup', { name: 'Which account is it?' })
    expect(group.getAttribute('aria-describedby')).toBeTruthy()
    screen.getByText('YubiKey 5 NFC has several passkeys for keyferry.internal. Choose the one to sign in with.')
    expect(within(group).getAllByRole('radio').map((r) => (r as HTMLInputElement).checked)).toEqual([true, false, false])
    await focused('bob')
    screen.getByRole('radio', { name: 'bob', description: 'Bob Ferry' })
    radio('A passkey without name 9f86d081')
    await sound()
  })

  it('is made with arrows and Enter', async () => {
    const w = await shared()
    const sent = vi.spyOn(w.far.api, 'ChooseAccount')
    await focused('bob')
    await w.user.keyboard('{ArrowDown}')
    await focused('alice@example.org')
    await w.user.keyboard('{Enter}')
    await heading('Checking the answer')
    expect(sent.mock.calls).toEqual([[{ question: 3, account: 1 }]])
  })

  it('is made with a click, once', async () => {
    const w = await shared()
    const sent = vi.spyOn(w.far.api, 'ChooseAccount').mockReturnValue(new Promise(() => undefined))
    await w.user.click(radio('A passkey without name 9f86d081'))
    await w.user.click(await button('Continue'))
    await w.user.click(await button('Continue'))
    expect(sent.mock.calls).toEqual([[{ question: 3, account: 2 }]])
    await waitFor(() => expect(radio('bob').disabled).toBe(true))
  })

  it('is given up with Escape', async () => {
    const w = await shared()
    const cancelled = vi.spyOn(w.far.api, 'CancelCeremony')
    await focused('bob')
    await w.user.keyboard('{Escape}')
    await button('Use my security key')
    expect(cancelled).toHaveBeenCalledOnce()
    expect(w.far.world.signedIn).toBe(false)
  })

  it('stays where the answer was refused', async () => {
    const w = await shared()
    w.far.api.ChooseAccount = () => Promise.reject(failure('not-found', 'reload', { params: { what: 'ceremony' } }))
    await w.user.click(await button('Continue'))
    await waitFor(() => expect(radio('bob').disabled).toBe(false))
    expect((await button('Continue')).getAttribute('aria-busy')).toBeNull()
    await sound()
  })

  it('starts anew with another question', async () => {
    const w = await shared()
    await w.user.click(radio('alice@example.org'))
    w.far.advance('choose-account', { accounts: ask({ id: 4 }) })
    await waitFor(() => expect(radio('bob').checked).toBe(true))
  })

  it('shows foreign names as text, each in its own direction of writing', async () => {
    await shared({ key: '', accounts: [{ name: '<b>דנה</b>', fullName: 'Dana', mark: '' }, { name: 'x'.repeat(64), fullName: '', mark: '' }] })
    expect(screen.getByText('<b>דנה</b>').tagName).toBe('BDI')
    screen.getByText(/^The key has several passkeys/)
    await sound()
  })

  it('speaks of this computer where they are its own', async () => {
    await shared({ local: true, key: '' })
    screen.getByText(/^This computer has several passkeys/)
  })

  it('shows what is checked once it is answered elsewhere', async () => {
    const w = await shared()
    w.far.advance('choose-account', { accounts: null })
    await heading('Checking the answer')
    expect(screen.queryByRole('radio')).toBeNull()
  })
})
