// @vitest-environment jsdom
/** What lies in front: messages over dialogs, files that are dropped, and parts of a row that stay apart. */
import { screen, waitFor, within } from '@testing-library/svelte'
import { describe, expect, it, vi } from 'vitest'
import { failure } from '../api/fake'
import { app } from '../app/app.svelte'
import { stock } from '../tokens/stock.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

const statuses = () => screen.getAllByRole('status', { hidden: true }).map((s) => s.textContent?.trim() ?? '')
const live = (root: ParentNode) => [...root.querySelectorAll('[aria-live="polite"]')].map((e) => e.textContent?.trim()).filter(Boolean)

describe('a short message', () => {
  it('stands in the dialog that is in front, and is read out there', async () => {
    await walk('home')
    app.trouble = failure('disk-full', 'free-disk')
    const dialog = await screen.findByRole('dialog', { name: 'The disk is full' })
    app.tell('Copied.')
    const said = await within(dialog).findByText('Copied.')
    expect(said.closest('[role="status"]')!.getAttribute('aria-live')).toBe('polite')
    expect(statuses().filter(Boolean)).toEqual(['Copied.'])
    await sound()
  })

  it('comes back to the screen with the last dialog', async () => {
    const w = await walk('home')
    app.trouble = failure('disk-full', 'free-disk')
    await screen.findByRole('dialog')
    app.tell('Copied.')
    await w.user.click(await button('Dismiss'))
    expect((await screen.findByText('Copied.')).closest('dialog')).toBeNull()
  })

  it('is read out once, and where it was said', async () => {
    const w = await walk('home')
    app.say('Read on the screen')
    await waitFor(() => expect(live(document.body)).toEqual(['Read on the screen']))
    app.trouble = failure('disk-full', 'free-disk')
    const dialog = await screen.findByRole('dialog')
    expect(live(dialog)).toEqual([])
    app.say('Read in the dialog')
    await waitFor(() => expect(live(dialog)).toEqual(['Read in the dialog']))
    await w.user.click(await button('Dismiss'))
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
    expect(live(document.body)).toEqual([])
  })
})

describe('the locked secrets', () => {
  const kinds = (...all: ('system' | 'passphrase' | 'recovery')[]) => all.map((kind, i) => ({ id: `s${i}`, kind, createdAt: 1 }))

  async function locked(slots: ReturnType<typeof kinds>, system = ''): Promise<Walk & { dialog: HTMLElement }> {
    const w = await walk('sign-in-locked', (far) => (far.world.vault = { state: 'locked', system, slots }))
    await w.user.type(await field('Password'), 'correct horse{Enter}')
    await w.user.type(await field('Code'), '123456')
    return { ...w, dialog: await screen.findByRole('dialog', { name: 'Unlock your secrets' }) }
  }

  it('open with a recovery file that is dropped', async () => {
    const { far, dialog } = await locked(kinds('passphrase', 'recovery'))
    await within(dialog).findByText('You can drop the recovery file on this window, too.')
    const unlock = vi.spyOn(far.api, 'UnlockVaultWithFile')
    far.emit('files', [{ id: 'f7', name: 'keyferry-recovery.txt', size: 300 }])
    await heading('My security')
    expect(unlock).toHaveBeenCalledWith('f7')
  })

  it('say in place that a dropped file is not the one', async () => {
    const { far, dialog } = await locked(kinds('passphrase', 'recovery'))
    far.api.UnlockVaultWithFile = () => Promise.reject(failure('recovery-file-invalid', 'choose-file', { params: { why: 'unreadable' } }))
    far.emit('files', [{ id: 'f7', name: 'letter.txt', size: 300 }])
    await within(dialog).findByRole('alert')
    await sound()
  })

  it('take no file where none opens them', async () => {
    const { far, dialog } = await locked(kinds('passphrase'))
    const unlock = vi.spyOn(far.api, 'UnlockVaultWithFile')
    far.emit('files', [{ id: 'f7', name: 'keyferry-recovery.txt', size: 300 }])
    expect(within(dialog).queryByText(/recovery file/)).toBeNull()
    expect(unlock).not.toHaveBeenCalled()
  })

  it('ask for no passphrase where none is set', async () => {
    const { user, dialog } = await locked(kinds('system', 'recovery'), 'Secret Service')
    expect(within(dialog).queryByLabelText('Passphrase')).toBeNull()
    await within(dialog).findByText(/No passphrase is set, so they open with your recovery file/)
    await button('Ask the store again')
    await sound()
    await user.click(await button('Use recovery file'))
    await heading('My security')
  })

  it('ask the system again where nothing else opens them', async () => {
    const { user, far, dialog } = await locked(kinds('system'), 'Secret Service')
    await within(dialog).findByText(/only Secret Service opens them/)
    expect(within(dialog).queryByLabelText('Passphrase')).toBeNull()
    await sound()
    const unlock = vi.spyOn(far.api, 'UnlockVault')
    await user.click(await button('Try again'))
    await heading('My security')
    expect(unlock).toHaveBeenCalledWith({ passphrase: [] })
  })

  it('offer what is left when the passphrase was taken off meanwhile', async () => {
    const { user, far, dialog } = await locked(kinds('passphrase', 'recovery'))
    far.api.UnlockVault = () => {
      far.world.vault = { ...far.world.vault, slots: kinds('recovery') }
      return Promise.reject(failure('not-found', 'reload', { params: { what: 'passphrase' } }))
    }
    await user.type(within(dialog).getByLabelText('Passphrase'), 'four words are fine{Enter}')
    await within(dialog).findByText('No passphrase is set here. Something else opens the secrets.')
    await waitFor(() => expect(within(dialog).queryByLabelText('Passphrase')).toBeNull())
  })
})

it('keeps a file that is dropped on a dialog from the screen behind', async () => {
  stock.arrive('nobody', -1)
  const { user, far } = await walk('home')
  await user.click(await button('Tokens'))
  await user.click(await button('Import tokens'))
  await heading('Import a seed file')
  app.trouble = failure('disk-full', 'free-disk')
  await screen.findByRole('dialog')
  const read = vi.spyOn(far.api, 'PreviewTokens')
  far.emit('files', [{ id: 'f8', name: 'tokens.xml', size: 9 }])
  await user.click(await button('Dismiss'))
  expect(read).not.toHaveBeenCalled()
})

describe('a row of a device', () => {
  it.each([
    ['never used', 0, /· added .*, synced, never used$/],
    ['used', Date.now() - 7_200_000, /· added .*, synced, Last used 2 h ago$/],
  ])('reads and copies in parts: %s', async (_, lastUsedAt, want) => {
    await walk('home', (far) => (far.world.own[0]!.lastUsedAt = lastUsedAt))
    const row = screen.getByText('alice-iphone').closest('li')!
    const said = [...row.querySelectorAll('p.soft, .tags, .used')].map((e) => e.textContent).join('')
    expect(said.replace(/\s+/g, ' ').replaceAll(' ,', ',').trim()).toMatch(want)
  })
})
