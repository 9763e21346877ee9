// @vitest-environment jsdom
/** Enforcement, activity, settings, and backups from where they can be reached. */
import { configure, screen, waitFor, within } from '@testing-library/svelte'
import { describe, expect, it, vi } from 'vitest'
import { failure } from '../api/fake'
import { app } from '../app/app.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

configure({ defaultHidden: true })
vi.setConfig({ testTimeout: 120_000 })

async function open(area: string, before?: Parameters<typeof walk>[1]): Promise<Walk> {
  const w = await walk('home', before)
  await w.user.click(await button(area))
  await heading(area)
  return w
}

describe('enforcement', () => {
  it('says what a change would mean, saves it, and takes it back', async () => {
    const { user, far } = await open('Enforcement', (f) => {
      f.world.users = f.world.users.map((u) => (u.name === 'judy' ? { ...u, hasPassword: true } : u))
    })
    await screen.findByText('Root has a device, so nothing changes for root.')
    await screen.findByText(/^One user signs in with the password alone/)
    await sound()
    await user.click(await field('Users must have a device, too'))
    await screen.findByText('One without a device gets 35 days from the next sign-in.')
    await screen.findByText(/The rehearsal goes by what is saved/)
    const days = await field('Days for users')
    await user.clear(days)
    await user.type(days, '400')
    expect(days.getAttribute('aria-invalid')).toBe('true')
    expect((await button('Save')).hasAttribute('disabled')).toBe(true)
    await user.clear(days)
    await user.type(days, '1')
    expect(days.parentElement!.textContent!.trim()).toBe('day')
    await user.type(days, '4')
    expect(days.parentElement!.textContent!.trim()).toBe('days')
    await user.click(await button('Save'))
    await screen.findByText('Saved.')
    expect(far.world.settings).toMatchObject({ requireForUsers: true, userGraceDays: 14 })
    await user.click(await button('Undo'))
    await screen.findByText('It is as it was before.')
    expect(far.world.settings).toMatchObject({ requireForUsers: false, userGraceDays: 35 })
    expect((await field('Users must have a device, too')).checked).toBe(false)
  })

  it('rehearses a day, hardest hit first, and folds the rest', async () => {
    const { user, far } = await open('Enforcement', (f) => (f.world.settings = { ...f.world.settings, requireForUsers: true }))
    const rehearse = vi.spyOn(far.api, 'Rehearse')
    await screen.findByRole('grid', { name: 'Who is affected' })
    await user.click(await button('In 90 days'))
    expect((await button('In 90 days')).getAttribute('aria-pressed')).toBe('true')
    await waitFor(() => expect(rehearse).toHaveBeenCalled())
    const asked = new Date(rehearse.mock.calls.at(-1)![0])
    expect([asked.getHours(), asked.getMinutes()]).toEqual([23, 59])
    await waitFor(() => expect(screen.getByRole('row', { name: /judy/ }).textContent).toContain('must add a device'))
    await screen.findByText('Sign in as always: 11')
    await sound()
    window.print = vi.fn()
    await user.click(await button('Print'))
    expect(window.print).toHaveBeenCalledOnce()
  })

  it('sees that somebody saved meanwhile, and can try again', async () => {
    const { user, far } = await open('Enforcement')
    await user.click(await field('Users must have a device, too'))
    far.world.version = 7
    await user.click(await button('Save'))
    await screen.findByText('It changed meanwhile')
    await user.click(await button('Save'))
    await screen.findByText('Saved.')
  })
})

describe('activity', () => {
  it('tells what happened in words, with details in place', async () => {
    const { user } = await open('Activity')
    await screen.findAllByText(/gave the right password/)
    expect(screen.getAllByText(/could not sign in: That didn’t match/).length).toBeGreaterThan(0)
    await user.click(screen.getAllByText(/added the device desk-token/)[0]!)
    expect(screen.getAllByText('device-added').length).toBeGreaterThan(0)
    await sound()
  })

  it('is narrowed by person, kind and day, and cleared again', async () => {
    const { user, far } = await open('Activity')
    const find = vi.spyOn(far.api, 'Activity')
    await user.type(screen.getByRole('combobox', { name: 'Who' }), 'bob')
    await waitFor(() => expect(find.mock.calls.at(-1)![0].principalId).toBe('p-bob'))
    await user.selectOptions(await field('What'), 'group:people')
    await waitFor(() => expect(find.mock.calls.at(-1)![0].kinds).toContain('user-created'))
    await user.selectOptions(await field('What'), 'backup-made')
    await heading('Nothing fits')
    await sound()
    await user.click(await button('Clear'))
    await waitFor(() => expect(find.mock.calls.at(-1)![0]).toMatchObject({ principalId: '', kinds: [], from: 0, to: 0, before: 0 }))
    await screen.findAllByText(/gave the right password/)
  })

  it('loads older ones and goes on from there', async () => {
    const { user, far } = await open('Activity', (f) => {
      f.world.events = Array.from({ length: 130 }, (_, i) => ({
        seq: 130 - i, at: Date.now() - i * 60_000, kind: 'signed-out', principalId: 'p', principal: 'eve', deviceId: '', detail: {},
      }))
    })
    await waitFor(() => expect(document.querySelectorAll('[data-event]')).toHaveLength(100))
    const find = vi.spyOn(far.api, 'Activity')
    await user.click(await button('Show older ones'))
    await waitFor(() => expect(document.querySelectorAll('[data-event]')).toHaveLength(130))
    expect(find.mock.calls[0]![0].before).toBe(31)
    expect(screen.queryByRole('button', { name: 'Show older ones' })).toBeNull()
    expect(document.activeElement).toBe(document.querySelectorAll('[data-event] summary')[100])
  })

  it('exports what is chosen', async () => {
    const { user, far } = await open('Activity')
    const save = vi.spyOn(far.api, 'SaveActivity')
    await user.click(await button('Export'))
    await screen.findByText(/Saved as activity-acme-lab-.*\.jsonl/)
    expect(save.mock.calls[0]![0].filter).toMatchObject({ before: 0 })
  })
})

describe('settings', () => {
  it('is sound, and copies the account ID', async () => {
    const { user, far } = await open('Settings')
    await sound()
    await user.click(await button('Copy the account ID'))
    expect(far.copied).toEqual(['123456789012'])
  })

  it('saves rules for passwords and sessions', async () => {
    const { user, far } = await open('Settings')
    await user.click(await field('a digit'))
    await user.click(await field('Sign in with a passkey alone'))
    const idle = await field('Sign out after')
    await user.clear(idle)
    await user.type(idle, '0')
    await screen.findByText('Nobody is ever signed out automatically.')
    await user.click(await button('Save'))
    await screen.findByText('Saved.')
    expect(far.world.settings).toMatchObject({ passwordless: true, idleMinutes: 0, passwords: { digit: true } })
  })

  it('adds ways to the secrets, and refuses to remove the only one', async () => {
    const { user } = await open('Settings')
    expect((await button('Remove Secret Service as a way to the secrets')).hasAttribute('disabled')).toBe(true)
    await screen.findByText(/The only way to the secrets cannot be removed/)
    await user.click(await button('Set a passphrase…'))
    const dialog = await screen.findByRole('dialog', { name: 'Set a passphrase' })
    await user.type(within(dialog).getByLabelText('Passphrase'), 'short')
    await user.type(within(dialog).getByLabelText('Repeat it'), 'other')
    await user.click(within(dialog).getByRole('button', { name: 'Save' }))
    await within(dialog).findByText('The two do not match.')
    await sound()
    for (const label of ['Passphrase', 'Repeat it']) {
      await user.clear(within(dialog).getByLabelText(label))
      await user.type(within(dialog).getByLabelText(label), 'short')
    }
    await user.click(within(dialog).getByRole('button', { name: 'Save' }))
    await waitFor(() => expect(within(dialog).getByLabelText('Passphrase').getAttribute('aria-invalid')).toBe('true'))
    for (const label of ['Passphrase', 'Repeat it']) {
      await user.clear(within(dialog).getByLabelText(label))
      await user.type(within(dialog).getByLabelText(label), 'apple river candle moon')
    }
    await user.click(within(dialog).getByRole('button', { name: 'Save' }))
    await screen.findByText('The passphrase opens the secrets now.')
    await user.click(await button('Save recovery file'))
    await screen.findByText(/Keep it away from this computer/)
    await user.click(await button('Remove Secret Service as a way to the secrets'))
    const ask = await screen.findByRole('dialog', { name: 'Remove Secret Service?' })
    await sound()
    await user.click(within(ask).getByRole('button', { name: 'Remove this way' }))
    await screen.findByText('Secret Service no longer opens the secrets.')
  })

  it('makes a backup only with the same passphrase twice', async () => {
    const { user, far } = await open('Settings')
    const make = vi.spyOn(far.api, 'Backup')
    await user.click(await button('Make a backup…'))
    const dialog = await screen.findByRole('dialog', { name: 'Make a backup' })
    await user.click(within(dialog).getByRole('button', { name: 'Save as…' }))
    await within(dialog).findByText('Type the passphrase.')
    await user.type(within(dialog).getByLabelText('Passphrase'), 'apple river candle')
    await user.type(within(dialog).getByLabelText('Repeat it'), 'apple river candle')
    await sound()
    await user.click(within(dialog).getByRole('button', { name: 'Save as…' }))
    await screen.findByText(/Check once that it opens/)
    expect(make).toHaveBeenCalledOnce()
  })
})

describe('a backup', () => {
  async function look(w: Walk, secret: string): Promise<HTMLElement> {
    const dialog = await screen.findByRole('dialog')
    await w.user.click(within(dialog).getByRole('button', { name: 'Choose a file' }))
    await w.user.type(await within(dialog).findByLabelText('Its passphrase'), secret)
    await w.user.click(within(dialog).getByRole('button', { name: 'Look inside' }))
    return dialog
  }

  it('can be tried, and nothing happens', async () => {
    const w = await open('Settings')
    const restore = vi.spyOn(w.far.api, 'RestoreBackup')
    await w.user.click(await button('Try a backup…'))
    let dialog = await look(w, 'wrong passphrase')
    await waitFor(() => expect(within(dialog).getByLabelText('Its passphrase').getAttribute('aria-invalid')).toBe('true'))
    await w.user.type(within(dialog).getByLabelText('Its passphrase'), 'right')
    await w.user.click(within(dialog).getByRole('button', { name: 'Look inside' }))
    await within(dialog).findByText('This backup opens and holds 12 users, 31 devices.', { selector: 'b' })
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Close' }))
    expect(restore).not.toHaveBeenCalled()
    expect(app.route).toBe('settings')
  })

  it('replaces what is here after saying what that means', async () => {
    const w = await open('Settings')
    await w.user.click(await button('Restore…'))
    const dialog = await look(w, 'right')
    await within(dialog).findByText(/Everything here goes back to how it was on/)
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Restore now' }))
    await heading(/^Sign in/)
    await screen.findByText(/Restored as of .* Please sign in\./)
  })

  it('of another account is named, and asks once more', async () => {
    const w = await open('Settings')
    w.far.api.RehearseBackup = async () => ({
      account: '999999999999', alias: 'other-lab', madeAt: Date.now(), users: 1, devices: 1, events: 5, sealed: 0,
    })
    const restore = vi.spyOn(w.far.api, 'RestoreBackup')
    await w.user.click(await button('Restore…'))
    const dialog = await look(w, 'right')
    await within(dialog).findByText('The backup is of other-lab. This computer holds acme-lab.')
    expect(within(dialog).getByRole('button', { name: 'Restore now' }).hasAttribute('disabled')).toBe(true)
    await sound()
    await w.user.click(within(dialog).getByLabelText('Replace acme-lab with other-lab'))
    await w.user.click(within(dialog).getByRole('button', { name: 'Restore now' }))
    await waitFor(() => expect(restore.mock.calls[0]![0].replaceOther).toBe(true))
  })

  it('is within reach where there is no account, and where it cannot be opened', async () => {
    const w = await walk('welcome')
    await w.user.click(await button('Restore from a backup'))
    const dialog = await look(w, 'right')
    await within(dialog).findByText(/It is put where Keyferry keeps its data/)
    await sound()
    app.stop()
    document.body.innerHTML = ''
    const broken = await walk('broken')
    await broken.user.click(await button('Restore from a backup'))
    far(broken).RehearseBackup = () => Promise.reject(failure('backup-damaged', 'choose-file'))
    await look(broken, 'right')
    await screen.findByRole('alert')
    await sound()
  })

  const far = (w: Walk) => w.far.api
})
