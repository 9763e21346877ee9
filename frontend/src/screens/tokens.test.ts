// @vitest-environment jsdom
/** The stock of hardware tokens, from the seed file to the hand of somebody. */
import { configure, screen, waitFor, within } from '@testing-library/svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { failure } from '../api/fake'
import { app } from '../app/app.svelte'
import { stock } from '../tokens/stock.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

// Nothing is hidden here, and looking for it costs a long list most of its time.
configure({ defaultHidden: true })
vi.setConfig({ testTimeout: 120_000 })
beforeEach(() => stock.arrive('nobody', -1))

async function open(before?: Parameters<typeof walk>[1]): Promise<Walk> {
  const w = await walk('home', before)
  await w.user.click(await button('Tokens'))
  await heading('Tokens')
  return w
}

const rows = () => screen.getAllByRole('row').filter((r) => r.dataset['row'] !== undefined)

describe('the stock', () => {
  it('lists, searches and sorts', async () => {
    const { user } = await open()
    await screen.findByText('6 tokens belong to nobody yet')
    await sound()
    await user.click(screen.getByRole('button', { name: 'Serial' }))
    expect(rows()[0]!.textContent).toContain('GAHT12345683')
    await user.type(screen.getByRole('searchbox'), '79')
    await waitFor(() => expect(rows()).toHaveLength(1))
    await user.type(screen.getByRole('searchbox'), 'zz')
    await heading('No such token')
  })

  it('says what to do when it is empty', async () => {
    await open((far) => (far.world.tokens = []))
    await heading('No tokens in stock')
    await sound()
  })

  it('tells about one, and deletes it after asking', async () => {
    const { user } = await open()
    await user.click(await screen.findByRole('row', { name: /GAHT12345679/ }))
    let dialog = await screen.findByRole('dialog', { name: 'GAHT12345679' })
    expect(dialog.textContent).toContain('Feitian c200')
    await sound()
    await user.click(within(dialog).getByRole('button', { name: 'Delete…' }))
    dialog = await screen.findByRole('dialog', { name: 'Delete token GAHT12345679?' })
    await user.click(within(dialog).getByRole('button', { name: 'Delete token' }))
    await screen.findByText('Token GAHT12345679 is deleted.')
    await waitFor(() => expect(rows()).toHaveLength(5))
  })

  it('gives one to somebody who is found by name', async () => {
    const { user, far } = await open()
    const assign = vi.spyOn(far.api, 'AssignToken')
    await user.click(await button('More for GAHT12345680'))
    await user.click(await screen.findByRole('menuitem', { name: 'Assign…' }))
    const dialog = await screen.findByRole('dialog', { name: 'Assign token GAHT12345680' })
    const whom = within(dialog).getByRole('combobox', { name: 'To whom' })
    await waitFor(() => expect(document.activeElement).toBe(whom))
    await user.click(within(dialog).getByRole('button', { name: 'Assign it' }))
    await within(dialog).findByText('Choose somebody from the list.')
    await user.type(whom, 'car')
    await waitFor(() => expect(within(dialog).getAllByRole('option')).toHaveLength(1))
    await sound()
    await user.keyboard('{Enter}')
    expect((whom as HTMLInputElement).value).toBe('carol')
    await waitFor(async () => expect((await field('Device name')).value).toBe('carol-token'))
    await user.type(await field('MFA code 1'), '123456')
    await user.type(await field('MFA code 2'), '234567')
    await user.click(within(dialog).getByRole('button', { name: 'Assign it' }))
    await screen.findByText('GAHT12345680 belongs to carol now, as carol-token.')
    expect(assign.mock.calls[0]![0]).toMatchObject({ serial: 'GAHT12345680', name: 'carol-token', principalId: 'p-carol' })
    expect(rows()).toHaveLength(5)
  })

  it('explains wrong codes where they were typed, and unknown numbers', async () => {
    const { user, far } = await open()
    far.api.AssignToken = () => Promise.reject(failure('codes-equal', 'wait'))
    await user.click(await button('Assign…'))
    const dialog = await screen.findByRole('dialog', { name: 'Assign a token' })
    const serial = await field('Serial')
    await user.type(serial, 'nonsense')
    await user.click(within(dialog).getByRole('button', { name: 'Assign it' }))
    await within(dialog).findByText(/No token with this number is in stock/)
    await user.clear(serial)
    await user.type(serial, 'gaht12345678')
    await user.type(within(dialog).getByRole('combobox', { name: 'To whom' }), 'bob')
    await user.type(await field('MFA code 1'), '111111')
    await user.type(await field('MFA code 2'), '111111')
    await user.click(within(dialog).getByRole('button', { name: 'Assign it' }))
    await within(dialog).findByText('Twice the same code')
    await sound()
  })
})

describe('importing', () => {
  async function preview(): Promise<Walk> {
    const w = await open((far) => (far.world.file = { id: 'f1', name: 'tokens.pskc', size: 9 }))
    await w.user.click(await button('Import tokens'))
    await heading('Import a seed file')
    await w.user.click(await button('Choose a file'))
    await heading('tokens.pskc')
    return w
  }

  it('shows what each token is and shows now, and what does not fit', async () => {
    await preview()
    await screen.findByText('PSKC. Good: 3. With a problem: 1.')
    await waitFor(() => expect(rows()[0]!.textContent).toMatch(/\d{3} \d{3}/))
    expect(rows()[0]!.textContent).toMatch(/\d+ s/)
    expect(rows()[2]!.textContent).toContain('FT-1234567')
    expect(rows()[2]!.textContent).toContain('assumed')
    expect(rows()[3]!.textContent).toContain('eight digits cannot be used')
    await screen.findByText(/Tokens with a new code each 60 seconds work/)
    await sound()
  })

  it('asks for codes again when the step is over, and only for rows in sight', async () => {
    const { far } = await preview()
    const codes = vi.spyOn(far.api, 'PreviewCodes')
    const now = Math.ceil(Date.now() / 30_000) * 30_000 + 60_000
    app.now = now
    await waitFor(() => expect(codes).toHaveBeenCalledOnce())
    expect(codes.mock.calls[0]![0]).toMatchObject({ from: 0, count: 4 })
    app.now = now + 1_000
    await Promise.resolve()
    expect(codes).toHaveBeenCalledOnce()
  })

  it('imports the others when told to, and says to delete the file', async () => {
    const { user, far } = await preview()
    const bring = vi.spyOn(far.api, 'ImportTokens')
    await user.click(await button('Import the other 3'))
    await heading('Tokens imported: 3')
    expect(bring.mock.calls[0]![0].onlyGood).toBe(true)
    await screen.findByText('Now delete tokens.pskc')
    await sound()
    await user.click(await button('To the stock'))
    await heading('Tokens')
    await waitFor(() => expect(rows()).toHaveLength(9))
  })

  it('asks for a password only when the file does, and again when it was wrong', async () => {
    const { user, far } = await open((f) => (f.world.file = { id: 'f-locked', name: 'sealed.xml', size: 9 }))
    await user.click(await button('Import tokens'))
    await user.click(await button('Choose a file'))
    const password = await field('Password of sealed.xml')
    await sound()
    const read = far.api.PreviewTokens
    far.api.PreviewTokens = () => Promise.reject(failure('seed-password-wrong', 'change-input'))
    await user.type(password, 'guess{Enter}')
    await waitFor(() => expect(password.getAttribute('aria-invalid')).toBe('true'))
    expect(password.value).toBe('')
    far.api.PreviewTokens = read
    await user.type(password, 'qwerty{Enter}')
    await heading('sealed.xml')
  })

  it('asks for a key, or says why a file is no use', async () => {
    const { user, far } = await open()
    far.api.PreviewTokens = () => Promise.reject(failure('seed-key-needed', 'change-input'))
    await user.click(await button('Import tokens'))
    await user.click(await button('Choose a file'))
    await field('Key of people.csv')
    far.api.PreviewTokens = () => Promise.reject(failure('token-no-clock', 'use-other-device'))
    far.emit('files', [{ id: 'f2', name: 'yubico.csv', size: 1 }])
    await user.click(await button('Another file'))
    far.emit('files', [{ id: 'f2', name: 'yubico.csv', size: 1 }])
    await screen.findByText('YubiKeys have no clock')
    await sound()
  })

  it('unlocks the secrets in between, and goes on', async () => {
    const { user, far } = await preview()
    far.world.vault = { ...far.world.vault, state: 'locked', slots: [{ id: 's1', kind: 'passphrase', createdAt: 1 }] }
    await user.click(await button('Import the other 3'))
    const dialog = await screen.findByRole('dialog', { name: 'Unlock your secrets' })
    await user.type(await within(dialog).findByLabelText('Passphrase'), 'four words are good{Enter}')
    await heading('Tokens imported: 3')
  })
})
