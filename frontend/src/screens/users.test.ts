// @vitest-environment jsdom
/** The people of the account: the list, one of them, adding, importing, the report. */
import { configure, screen, waitFor, within } from '@testing-library/svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { codeDevice, failure } from '../api/fake'
import { people } from '../users/people.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

// Nothing is hidden here, and looking for it costs a long list most of its time.
configure({ defaultHidden: true })
vi.setConfig({ testTimeout: 120_000 })
beforeEach(() => people.arrive('nobody', -1))

async function open(scene: 'home' | 'many' = 'home', before?: Parameters<typeof walk>[1]): Promise<Walk> {
  const w = await walk(scene, before)
  await w.user.click(await button('Users'))
  await heading('Users')
  await screen.findByRole('grid', { name: 'Users' })
  return w
}

const rows = () => screen.getAllByRole('row').filter((r) => r.dataset['row'] !== undefined)
const names = () => rows().map((r) => within(r).getAllByRole('gridcell')[0]!.querySelector('b')!.textContent)

async function openOne(w: Walk, name: string): Promise<void> {
  await w.user.click((await screen.findAllByRole('row', { name: new RegExp(`^${name}`) }))[0]!)
  await heading(name)
}

describe('the list', () => {
  it('names everybody, with their devices and ways in', async () => {
    await open()
    await screen.findByText('12 people, root included')
    expect(names()[0]).toBe('alice@example.org')
    const carol = screen.getByRole('row', { name: /^carol administrator/ })
    expect(carol.textContent).toContain('Authenticator apps: 1')
    expect(carol.textContent).toContain('One way in')
    await sound()
  })

  it('narrows by words and by kind, says how many are left, and finds the way back', async () => {
    const { user } = await open()
    await user.type(screen.getByRole('searchbox', { name: 'Search by name or path' }), 'engineering')
    await waitFor(() => expect(names()).toEqual(['dan', 'heidi', 'peggy']))
    await screen.findByText('3 of 12 people')
    await user.selectOptions(screen.getByLabelText('Show'), 'app')
    await waitFor(() => expect(names()).toEqual(['dan', 'heidi']))
    await user.selectOptions(screen.getByLabelText('Show'), 'no-password')
    await heading('Nobody found')
    await sound()
    await user.click(screen.getAllByRole('button', { name: 'Show everybody' })[0]!)
    await waitFor(() => expect(names()).toHaveLength(12))
  })

  it('sorts by each column and says so', async () => {
    const { user } = await open()
    const header = (name: string) => screen.getByRole('columnheader', { name })
    expect(header('Name').getAttribute('aria-sort')).toBe('ascending')
    await user.click(screen.getByRole('button', { name: 'MFA' }))
    expect(header('MFA').getAttribute('aria-sort')).toBe('descending')
    expect(header('Name').hasAttribute('aria-sort')).toBe(false)
    expect(names()[0]).toBe('alice@example.org')
    await user.click(screen.getByRole('button', { name: 'MFA' }))
    expect(header('MFA').getAttribute('aria-sort')).toBe('ascending')
    expect(names()[0]).toBe('judy')
    for (const name of ['Ways in', 'Password used', 'MFA used']) {
      await user.click(screen.getByRole('button', { name }))
      expect(header(name).getAttribute('aria-sort')).toBe('descending')
    }
  })

  it('draws only what is in sight of 5,000, and walks over all of them by keyboard', async () => {
    const { user } = await open('many')
    const grid = screen.getByRole('grid', { name: 'Users' })
    expect(grid.getAttribute('aria-rowcount')).toBe('5002')
    expect(rows().length).toBeLessThan(60)
    rows()[0]!.focus()
    await user.keyboard('{ArrowDown}{ArrowDown}')
    expect(document.activeElement).toBe(rows()[2])
    await user.keyboard('{End}')
    await waitFor(() => expect(document.activeElement?.getAttribute('aria-rowindex')).toBe('5002'))
    expect(rows().length).toBeLessThan(60)
    expect(rows().filter((r) => r.tabIndex === 0)).toHaveLength(1)
    await user.keyboard('{Home}')
    await waitFor(() => expect(document.activeElement?.getAttribute('aria-rowindex')).toBe('2'))
    await user.keyboard('{ArrowDown}{Enter}')
    await heading('bob')
    await user.keyboard('{Escape}')
    await heading('Users')
    await waitFor(() => expect(document.activeElement?.getAttribute('aria-rowindex')).toBe('3'))
  })

  it('opens at its start when the side bar is pressed again', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await w.user.click(await button('Users'))
    await heading('Users')
  })

  it('shows what went wrong when the list cannot be read', async () => {
    const w = await walk('home', (far) => (far.api.Users = () => Promise.reject(failure('storage-failed', 'retry'))))
    await w.user.click(await button('Users'))
    await screen.findByText('The disk gave an error')
    await sound()
  })
})

describe('adding one', () => {
  it('checks the name while it is typed, then opens the new page', async () => {
    const { user, far } = await open()
    await user.click(await button('Add user'))
    const name = await field('User name')
    await waitFor(() => expect(document.activeElement).toBe(name))
    await user.type(name, 'CAROL')
    expect(name.getAttribute('aria-invalid')).toBe('true')
    await user.clear(name)
    await user.type(name, 'new person')
    await user.click(await button('Use “new-person” instead'))
    expect(name.value).toBe('new-person')
    await user.type(await field('Password'), 'correct horse')
    expect((await button('Add user')).closest('.foot')).not.toBeNull() // in sight however long the form is
    await sound()
    const add = vi.spyOn(far.api, 'AddUser')
    await user.keyboard('{Enter}')
    await heading('new-person')
    expect(add.mock.calls[0]![0]).toMatchObject({ name: 'new-person', path: '/', mustChange: true, administrator: false })
    expect(add.mock.calls[0]![0].password).toHaveLength(13)
    await heading('No device yet')
  })

  it('can leave the password out', async () => {
    const { user, far } = await open()
    await user.click(await button('Add user'))
    await user.type(await field('User name'), 'nopass')
    await user.click(await screen.findByRole('radio', { name: 'No password yet' }))
    const add = vi.spyOn(far.api, 'AddUser')
    await user.click(await button('Add user'))
    await heading('nopass')
    expect(add.mock.calls[0]![0]).toMatchObject({ password: [], mustChange: false })
    await screen.findByText('None: this user cannot sign in.')
  })

  it('says at the field what Go refuses, and keeps what was typed', async () => {
    const { user } = await open()
    await user.click(await button('Add user'))
    await user.type(await field('User name'), 'short')
    const password = await field('Password')
    await user.type(password, 'x')
    await user.click(await button('Add user'))
    await waitFor(() => expect(password.getAttribute('aria-invalid')).toBe('true'))
    expect((await field('User name')).value).toBe('short')
    await sound()
  })
})

describe('importing', () => {
  it('shows problems by line, and adds the others only when told to', async () => {
    const { user, far } = await open()
    await user.click(await button('Import…'))
    await heading('Import users')
    await sound()
    await user.click(await button('Choose a file'))
    await heading('people.csv')
    await screen.findByText('One row with a problem')
    expect(screen.getByRole('row', { name: /not a name/ }).textContent).toContain('The name doesn’t fit')
    await sound()
    await user.click(screen.getByLabelText('Only the problems'))
    expect(rows()).toHaveLength(1)
    const add = vi.spyOn(far.api, 'AddUsers')
    await user.click(await button('Add the other 3'))
    await heading('Users')
    expect(add.mock.calls[0]![0].onlyGood).toBe(true)
    await screen.findByText('Users added: 3')
    await screen.findByText('15 people, root included')
  })

  it('takes a dropped file, and closes what it does not use', async () => {
    const { user, far } = await open()
    await user.click(await button('Import…'))
    await heading('Import users')
    const close = vi.spyOn(far.api, 'ClosePreview')
    far.emit('files', [{ id: 'f9', name: 'dropped.csv', size: 12 }])
    await heading('dropped.csv')
    await user.click(await button('Another file'))
    expect(close).toHaveBeenCalledOnce()
    far.api.PreviewUsers = () => Promise.reject(failure('user-file', 'choose-file', { params: { line: '1' } }))
    far.emit('files', [{ id: 'f10', name: 'letter.doc', size: 12 }])
    await screen.findByRole('alert')
    await button('Choose a file')
  })

  it('stays where it is when adding fails', async () => {
    const { user, far } = await open()
    await user.click(await button('Import…'))
    await user.click(await button('Choose a file'))
    far.api.AddUsers = () => Promise.reject(failure('disk-full', 'free-disk'))
    await user.click(await button('Add the other 3'))
    await screen.findByText('The disk is full')
    await heading('people.csv')
  })
})

describe('one of them', () => {
  it('shows devices and access, and is sound', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await screen.findByText('bob-phone')
    await sound()
  })

  it('takes a lost device away after naming both', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await w.user.click(await button('More for bob-phone'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Remove…' }))
    const dialog = await screen.findByRole('dialog', { name: 'Deactivate bob-phone of bob?' })
    expect(dialog.textContent).toContain('the last device of bob')
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Deactivate' }))
    await heading('No device yet')
    await screen.findByText('bob-phone no longer signs bob in.')
  })

  it('resyncs the app of somebody at the desk', async () => {
    const w = await open()
    w.far.world.devices.set('p-carol', [codeDevice({ name: 'carol-app' })])
    await openOne(w, 'carol')
    await w.user.click(await button('More for carol-app'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Resync…' }))
    await screen.findByRole('dialog', { name: 'Resync carol-app' })
    await w.user.type(await screen.findByLabelText('MFA code 1'), '123456')
    await w.user.type(await screen.findByLabelText('MFA code 2'), '234567')
    await w.user.click(await button('Resync'))
    await screen.findByText('carol-app is in step again.')
  })

  async function replace(w: Walk, device: string): Promise<void> {
    await w.user.click(await button(`More for ${device}`))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Replace…' }))
  }

  async function addApp(w: Walk, name: string): Promise<void> {
    await w.user.click(await screen.findByRole('radio', { name: 'Authenticator app' }))
    await w.user.type(await field('Device name'), `${name}{Enter}`)
    await w.user.type(await field('MFA code 1'), '123456')
    await w.user.type(await field('MFA code 2'), '234567')
    await w.user.click(await button('Add app'))
    await heading(`${name} was added`)
  }

  it('gets a device replaced: the new one first, then the old one goes', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await replace(w, 'bob-phone')
    await heading('Replace bob-phone of bob')
    await addApp(w, 'bob-app')
    expect(w.far.world.of('p-bob').map((d) => d.name)).toEqual(['bob-phone', 'bob-app'])
    await screen.findByText(/The new device of bob works\. bob-phone can go now/)
    await sound()
    await w.user.click(await button('Remove bob-phone now'))
    const dialog = await screen.findByRole('dialog', { name: 'Deactivate bob-phone of bob?' })
    await w.user.click(within(dialog).getByRole('button', { name: 'Deactivate' }))
    await heading('bob')
    await screen.findByText('bob-phone no longer signs bob in.')
    await button('Details of bob-app')
    expect(w.far.world.of('p-bob').map((d) => d.name)).toEqual(['bob-app'])
  })

  it('keeps both, or finds the old one gone already', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await replace(w, 'bob-phone')
    await addApp(w, 'bob-app')
    await w.user.click(await button('Remove bob-phone now'))
    w.far.world.put('p-bob', w.far.world.of('p-bob').filter((d) => d.name === 'bob-app'))
    await w.user.click(await button('Deactivate'))
    await w.user.click(await button('Finish'))
    await heading('bob')
    await replace(w, 'bob-app')
    await addApp(w, 'bob-spare')
    await w.user.click(await button('Keep both'))
    await heading('bob')
    expect(w.far.world.of('p-bob')).toHaveLength(2)
  })

  it('makes place first where there is none', async () => {
    const w = await open()
    w.far.world.devices.set('p-carol', Array.from({ length: 8 }, (_, i) => codeDevice({ name: `carol-${i}` })))
    await openOne(w, 'carol')
    await replace(w, 'carol-3')
    const dialog = await screen.findByRole('dialog', { name: 'Deactivate carol-3 of carol?' })
    expect(dialog.textContent).toContain('All 8 places are taken')
    await w.user.click(within(dialog).getByRole('button', { name: 'Deactivate' }))
    await heading('Add a device for carol')
    expect(w.far.world.of('p-carol')).toHaveLength(7)
  })

  it('opens the wizard for that person, and comes back', async () => {
    const w = await open()
    await openOne(w, 'judy')
    await w.user.click(await button('Add device'))
    await heading(/Add a device/)
    await w.user.keyboard('{Escape}')
    await heading('judy')
  })

  it('sets a password, or takes it away', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await w.user.click(await button('Change…'))
    let dialog = await screen.findByRole('dialog', { name: 'Password of bob' })
    await sound()
    await w.user.type(within(dialog).getByLabelText('New password', { selector: 'input:not([type=radio])' }), 'correct horse{Enter}')
    await screen.findByText('bob has a new password.')
    await w.user.click(await button('Change…'))
    dialog = await screen.findByRole('dialog', { name: 'Password of bob' })
    await w.user.click(within(dialog).getByRole('radio', { name: 'Take it away' }))
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Take it away' }))
    await screen.findByText('None: this user cannot sign in.')
  })

  it('renames with the same checks, and sees a change that came between', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await w.user.click(await button('Edit…'))
    const dialog = await screen.findByRole('dialog', { name: 'Edit bob' })
    const name = within(dialog).getByLabelText('User name')
    await w.user.clear(name)
    await w.user.type(name, 'carol')
    expect(name.getAttribute('aria-invalid')).toBe('true')
    await sound()
    await w.user.clear(name)
    await w.user.type(name, 'robert')
    w.far.world.users = w.far.world.users.map((u) => (u.name === 'bob' ? { ...u, version: 9 } : u))
    await w.user.click(within(dialog).getByRole('button', { name: 'Save' }))
    await screen.findByText('It changed meanwhile')
    await w.user.click(within(dialog).getByRole('button', { name: 'Save' }))
    await heading('robert')
  })

  it('makes an administrator after asking', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await w.user.click(await button('Make administrator'))
    const dialog = await screen.findByRole('dialog', { name: 'Make bob an administrator?' })
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Make administrator' }))
    await screen.findByText('bob is an administrator.')
    await button('Take the rights away')
  })

  it('is removed after telling what becomes of each device', async () => {
    const w = await open()
    await openOne(w, 'bob')
    await screen.findByText('bob-phone')
    await w.user.click(await button('Remove this user…'))
    const dialog = await screen.findByRole('dialog', { name: 'Remove bob?' })
    expect(dialog.textContent).toContain('bob-phone')
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Remove user' }))
    await heading('Users')
    await screen.findByText('bob is removed.')
    expect(names()).not.toContain('bob')
  })

  it('offers nobody to remove or to limit themselves', async () => {
    const w = await open()
    await openOne(w, 'alice@example.org')
    expect(screen.queryByRole('button', { name: 'Remove this user…' })).toBeNull()
    expect(screen.queryByRole('button', { name: 'Take the rights away' })).toBeNull()
    await sound()
  })
})

describe('the report', () => {
  it('is shown, saved and printed', async () => {
    const { user, far } = await open()
    await user.click(await button('Credential report'))
    await screen.findByText('11 of 12 have an active device')
    expect(screen.getByRole('row', { name: /<root_account>/ })).toBeTruthy()
    await sound()
    const save = vi.spyOn(far.api, 'SaveReport')
    await user.click(await button('Save as CSV'))
    await screen.findByText(/Saved as credential-report-acme-lab-\d{4}-\d\d-\d\d\.csv\./)
    expect(save).toHaveBeenCalledOnce()
    window.print = vi.fn()
    await user.click(await button('Print'))
    expect(window.print).toHaveBeenCalledOnce()
  })

  it('lays out every row for the printer', async () => {
    const { user } = await open('many', (far) => (far.world.users = far.world.users.slice(0, 60)))
    await user.click(await button('Credential report'))
    await screen.findByRole('grid', { name: 'Credential report' })
    expect(rows().length).toBeLessThan(40)
    window.dispatchEvent(new Event('beforeprint'))
    expect(document.querySelectorAll('[data-row]')).toHaveLength(60)
    window.dispatchEvent(new Event('afterprint'))
    await waitFor(() => expect(document.querySelectorAll('[data-row]').length).toBeLessThan(40))
  })
})
