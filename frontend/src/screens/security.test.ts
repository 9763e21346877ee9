// @vitest-environment jsdom
/** My security: devices of all kinds, what becomes of them, and what is not a device. */
import { screen, waitFor, within } from '@testing-library/svelte'
import { describe, expect, it } from 'vitest'
import { failure } from '../api/fake'
import { button, field, heading, sound, walk } from './walk'

const twoCodes = async (w: Awaited<ReturnType<typeof walk>>, first = '123456', second = '234567') => {
  await w.user.type(await field('MFA code 1'), first)
  await w.user.type(await field('MFA code 2'), second)
}

describe('the list', () => {
  it('groups the kinds, and shows of each what is true of it', async () => {
    const w = await walk('home')
    await heading('Passkeys')
    await heading('Authenticator apps')
    await heading('Hardware tokens')
    await screen.findByText(/Feitian c200 · added .* · clock 60 s fast/)
    const phone = screen.getByText('alice-iphone').closest('li')!
    expect(within(phone).getByText('synced')).toBeTruthy()
    const app = screen.getByText('backup-app').closest('li')!
    expect(within(app).queryByText('synced')).toBeNull()
    await sound()

    await w.user.click(await button('Details of desk-token'))
    await screen.findByRole('img', { name: /60 s ahead of this computer\. If it is not used, its codes stop working on \d/ })
    expect(screen.getByText('GAHT12340001')).toBeTruthy()
    await sound(screen.getByText('desk-token').closest('li')!)
    await w.user.click(await button('Copy the serial number'))
    await waitFor(() => expect(w.far.copied).toEqual(['GAHT12340001']))
  })

  it('nudges until there are two independent ways in', async () => {
    const w = await walk('home-one')
    await screen.findByText('One way in.')
    await w.user.click(await button('Add a second'))
    await heading('Add a device')
  })

  it('counts printed codes as a way', async () => {
    await walk('home-one', (far) => (far.world.users[0]!.recoveryLeft = 10))
    await screen.findByText('Two ways in.')
  })

  it('counts no device that may be copied', async () => {
    await walk('home-one', (far) => (far.world.own[0]!.suspectAt = Date.now()))
    await screen.findByText('No safe way in.')
    await screen.findByText(/Each device may have been copied/)
  })

  it('counts printed codes alone where no device can be trusted', async () => {
    await walk('home-one', (far) => {
      far.world.own[0]!.suspectAt = Date.now()
      far.world.users[0]!.recoveryLeft = 10
    })
    await screen.findByText(/Your printed codes work once each/)
  })

  it('marks what was not used for long', async () => {
    await walk('home', (far) => (far.world.own[3]!.lastUsedAt = Date.now() - 100 * 86_400_000))
    await screen.findByText('not used for 90 days')
  })
})

describe('removing', () => {
  it('an app leaves it unassigned and offers it again at once', async () => {
    const w = await walk('home')
    await w.user.click(await button('More for backup-app'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Remove…' }))
    const dialog = await screen.findByRole('dialog', { name: 'Remove backup-app?' })
    expect(dialog.textContent).toContain('It becomes unassigned')
    await w.user.click(await button('Remove device'))
    await screen.findByText('backup-app was removed and is unassigned now.')
    await button('Delete backup-app')
    await sound((await heading(/^Unassigned apps/)).parentElement!)
    await w.user.click(within(screen.getAllByRole('status')[0]!).getByRole('button', { name: 'Add again' }))
    await screen.findByRole('dialog', { name: 'Add backup-app again?' })
    await sound()
    await twoCodes(w)
    await w.user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Add again' }))
    await screen.findByText('backup-app is your device again.')
    await button('Details of backup-app')
  })

  it('a token puts it back into stock', async () => {
    const w = await walk('home')
    const before = w.far.world.tokens.length
    await w.user.click(await button('More for desk-token'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Remove…' }))
    expect((await screen.findByRole('dialog')).textContent).toContain('back to the stock')
    await w.user.click(await button('Remove device'))
    await screen.findByText('desk-token was removed and is back in stock.')
    expect(w.far.world.tokens).toHaveLength(before + 1)
  })

  it('warns before the last one goes', async () => {
    const w = await walk('home-one')
    await w.user.click(await button('More for alice-phone'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Remove…' }))
    await screen.findByText(/It is your last device/)
  })
})

it('deletes an unassigned app, by its name', async () => {
  const w = await walk('home')
  await w.user.click(await button('Delete former-app'))
  await screen.findByRole('dialog', { name: 'Delete former-app?' })
  await sound()
  await w.user.click(await button('Delete app'))
  await screen.findByText('former-app was deleted.')
  expect(screen.queryByText('Unassigned apps')).toBeNull()
})

it('keeps unassigned apps from those who do not govern the account', async () => {
  await walk('user', (far) => (far.api.UnassignedDevices = () => Promise.reject(failure('access-denied', 'contact-administrator'))))
  await screen.findByText('bob-phone')
  expect(screen.queryByRole('dialog')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Users' })).toBeNull()
})

it('resyncs with two codes', async () => {
  const w = await walk('home')
  await w.user.click(await button('More for desk-token'))
  await w.user.click(await screen.findByRole('menuitem', { name: 'Resync…' }))
  const dialog = await screen.findByRole('dialog', { name: 'Resync desk-token' })
  await sound()
  await twoCodes(w, '345678', '345678')
  await w.user.click(within(dialog).getByRole('button', { name: 'Resync' }))
  await screen.findByText('Twice the same code')
  await waitFor(async () => expect(document.activeElement).toBe(await field('MFA code 2')))
  await w.user.clear(await field('MFA code 2'))
  await w.user.type(await field('MFA code 2'), '456789')
  await w.user.click(within(dialog).getByRole('button', { name: 'Resync' }))
  await screen.findByText('desk-token is in step again.')
  await screen.findByText(/clock 30 s fast/)
})

describe('replacing', () => {
  async function start() {
    const w = await walk('home')
    await w.user.click(await button('More for backup-app'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Replace…' }))
    await heading('Replace backup-app')
    return w
  }

  it('adds the new one first, then removes the old one', async () => {
    const w = await start()
    expect((await screen.findByRole<HTMLInputElement>('radio', { name: 'Authenticator app' })).checked).toBe(true)
    await w.user.type(await field('Device name'), 'new-app{Enter}')
    await heading('Set up the app')
    await twoCodes(w)
    await w.user.click(await button('Add app'))
    await heading('new-app was added')
    expect(w.far.world.own.map((d) => d.name)).toContain('backup-app')
    await sound()
    await w.user.click(await button('Remove backup-app now'))
    await w.user.click(await button('Remove device'))
    await heading('My security')
    await waitFor(() => expect(w.far.world.own.map((d) => d.name)).not.toContain('backup-app'))
    await button('Details of new-app')
  })

  it('can be left before the new one is there, without harm', async () => {
    const w = await start()
    await w.user.click(await button('Cancel'))
    await button('Details of backup-app')
    expect(w.far.world.own).toHaveLength(5)
  })

  it('can be left with both', async () => {
    const w = await start()
    await w.user.type(await field('Device name'), 'new-app{Enter}')
    await twoCodes(w)
    await w.user.click(await button('Add app'))
    await w.user.click(await button('Keep both'))
    await heading('My security')
    expect(w.far.world.own).toHaveLength(6)
  })

  it('goes the other way round where there is no place', async () => {
    const w = await walk('home-full')
    await w.user.click(await button('More for phone-3'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Replace…' }))
    expect((await screen.findByRole('dialog')).textContent).toContain('All 8 places are taken')
    await w.user.click(await button('Remove device'))
    await heading('Add a device')
  })
})

describe('recovery codes', () => {
  it('are made, shown once, copied and gone', async () => {
    const w = await walk('home')
    await screen.findByText('None made yet.')
    expect(screen.getByText(/not part of AWS/)).toBeTruthy()
    await w.user.click(await button('Make codes'))
    await heading('Recovery codes')
    await sound()
    await w.user.click(await button('Make codes'))
    await screen.findByText('A7KQ-M2XW-5TRN-JH4P')
    expect(screen.getAllByText(/^[A-J]7KQ-M2XW-5TRN-JH4P$/)).toHaveLength(10)
    await sound()
    await w.user.click(await button('Copy all'))
    await waitFor(() => expect(w.far.copied[0]?.split('\n')).toHaveLength(10))
    let printed = 0
    window.print = () => void printed++
    await w.user.click(await button('Print'))
    expect(printed).toBe(1)
    await w.user.click(await button('I have them'))
    await screen.findByText('10 left')
    expect(screen.queryByText(/M2XW/)).toBeNull()
  })

  it('are root’s alone', async () => {
    await walk('user')
    await screen.findByText('Password and recovery')
    expect(screen.queryByText('Recovery codes')).toBeNull()
  })
})

it('changes the password', async () => {
  const w = await walk('home')
  await w.user.click(await button('Change password'))
  const dialog = await screen.findByRole('dialog', { name: 'Change password' })
  await sound()
  await w.user.type(await field('Current password'), 'correct horse')
  await w.user.type(await field('New password'), 'short')
  await w.user.click(within(dialog).getByRole('button', { name: 'Change password' }))
  await screen.findByText('Use at least 8 characters.')
  await w.user.type(await field('New password'), 'er than no other{Enter}')
  await screen.findByText('Your password is changed.')
})

it('tells Go that somebody is there', async () => {
  const w = await walk('home')
  await w.user.click(await button('Details of backup-app'))
  expect(w.far.world.touched).toBe(1)
  await w.user.keyboard('a')
  expect(w.far.world.touched).toBe(1)
})

it('turns the colours', async () => {
  const w = await walk('home')
  await w.user.click(await button('Colours: as the system'))
  await button('Colours: light')
  await w.user.click(await button('Colours: light'))
  await w.user.click(await button('Colours: dark'))
  await button('Colours: as the system')
})
