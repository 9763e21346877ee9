// @vitest-environment jsdom
/** The wizard: the name, the kind, and what each kind asks for. */
import { screen, waitFor } from '@testing-library/svelte'
import { describe, expect, it } from 'vitest'
import { failure } from '../api/fake'
import { app } from '../app/app.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

async function begin(w: Walk, kind: string, name = 'fresh'): Promise<void> {
  await w.user.click(await button('Add device'))
  await w.user.type(await field('Device name'), name)
  await w.user.click(await screen.findByRole('radio', { name: kind }))
  await w.user.click(await button('Continue'))
}

describe('the first page', () => {
  it('asks for the name first, then for the kind', async () => {
    const w = await walk('home')
    await w.user.click(await button('Add device'))
    await waitFor(async () => expect(document.activeElement).toBe(await field('Device name')))
    expect(screen.getAllByRole('radio').map((r) => (r as HTMLInputElement).value)).toEqual(['phone', 'key', 'app', 'token'])
    await w.user.tab()
    expect((document.activeElement as HTMLInputElement).value).toBe('phone')
    await w.user.keyboard('{ArrowDown}')
    expect((document.activeElement as HTMLInputElement).value).toBe('key')
    await sound()
  })

  it('stays with a name that is taken', async () => {
    const w = await walk('home')
    await begin(w, 'Authenticator app', 'work-pixel')
    await screen.findAllByText(/has a device called work-pixel already/)
    await heading('Add a device')
    expect(w.far.world.newApp).toBeNull()
  })
})

it('leads to signing in with a device where the password alone is not enough', async () => {
  const w = await walk('home', (far) => {
    far.api.CheckDeviceName = () => Promise.reject(failure('mfa-required', 'sign-in'))
  })
  await w.user.click(await button('Add device'))
  await w.user.type(await field('Device name'), 'second')
  await screen.findByText('Confirm with a device')
  await w.user.click(await button('Sign in again'))
  await heading(/^Sign in/)
})

describe('an authenticator app', () => {
  it('shows its secret only when asked, each way by itself', async () => {
    const w = await walk('home')
    await begin(w, 'Authenticator app')
    await heading('Set up the app')
    expect(screen.queryByRole('img', { name: /Code to scan/ })).toBeNull()
    expect(screen.queryByText(/JBSW/)).toBeNull()
    await sound()
    await w.user.click(await button('Show QR code'))
    await screen.findByRole('img', { name: 'Code to scan with your authenticator app' })
    expect(screen.queryByText(/JBSW/)).toBeNull()
    await w.user.click(await button('Hide QR code'))
    expect(screen.queryByRole('img', { name: /Code to scan/ })).toBeNull()
    await w.user.click(await button('Show secret key'))
    await screen.findByText(/^JBSW Y3DP/)
    expect((await button('Add app')).closest('.foot')).not.toBeNull() // in sight however long the form is
    await sound()
    await w.user.click(await button('Copy'))
    await waitFor(() => expect(w.far.copied[0]).toMatch(/^JBSWY3DP/))
    await w.user.click(await button('Hide secret key'))
    expect(screen.queryByText(/JBSW/)).toBeNull()
  })

  it('explains two codes in the wrong order and goes on from there', async () => {
    const w = await walk('home')
    await begin(w, 'Authenticator app')
    await w.user.type(await field('MFA code 1'), '123 456')
    expect(screen.getByText('Now wait until a new code appears, and type that one.')).toBeTruthy()
    await w.user.type(await field('MFA code 2'), '100000{Enter}')
    await screen.findByText('The wrong way round')
    await sound()
    await w.user.click(await button('Swap them'))
    await heading('fresh was added')
    expect(screen.getByText(/The first sign-in takes the next one/)).toBeTruthy()
    await w.user.click(await button('Finish'))
    await button('Details of fresh')
  })

  it.each(['Cancel', 'Escape', 'Users'])('leaves nothing after %s', async (how) => {
    const w = await walk('home')
    await begin(w, 'Authenticator app')
    await heading('Set up the app')
    expect(w.far.world.newApp).not.toBeNull()
    if (how === 'Escape') await w.user.keyboard('{Escape}')
    else await w.user.click(await button(how))
    await waitFor(() => expect(w.far.world.newApp).toBeNull())
    expect(w.far.world.own).toHaveLength(5)
  })

  it.each([
    ['this system’s store', 'Secret Service', 'system'],
    ['a passphrase', '', 'passphrase'],
  ])('first finds a place for its secret: %s', async (_, system, kind) => {
    const w = await walk('home-empty', (far) => (far.world.vault = { state: 'unset', system, slots: [] }))
    await begin(w, 'Authenticator app')
    await screen.findByRole('dialog', { name: 'Where to keep secrets' })
    await sound()
    if (kind === 'passphrase') {
      await w.user.type(await field('Passphrase'), 'short{Enter}')
      await screen.findByText(/Use at least 12 characters/)
      await w.user.type(await field('Passphrase'), 'four words are fine{Enter}')
    } else {
      const dialog = screen.getByRole('dialog')
      await w.user.click([...dialog.querySelectorAll('button')].find((b) => b.textContent?.includes('Continue'))!)
    }
    await heading('Set up the app')
    expect(w.far.world.vault.slots.map((s) => s.kind)).toEqual([kind])
  })
})

describe('a hardware token', () => {
  it('is found in stock by a part of its number', async () => {
    const w = await walk('home')
    await begin(w, 'Hardware token')
    const serial = await field('Serial number')
    await waitFor(() => expect(serial.getAttribute('role')).toBe('combobox'))
    await w.user.type(serial, '5680')
    await screen.findByRole('option', { name: /GAHT12345680/ })
    await sound()
    await w.user.keyboard('{ArrowDown}{ArrowUp}{Enter}')
    expect(serial.value).toBe('GAHT12345680')
    await w.user.type(await field('MFA code 1'), '123456')
    await w.user.type(await field('MFA code 2'), '234567{Enter}')
    await heading('fresh was added')
    expect(w.far.world.tokens.some((d) => d.serial === 'GAHT12345680')).toBe(false)
  })

  it('that is not in stock is named at its field', async () => {
    const w = await walk('home')
    await begin(w, 'Hardware token')
    await w.user.type(await field('Serial number'), 'NONE12345')
    await w.user.type(await field('MFA code 1'), '123456')
    await w.user.type(await field('MFA code 2'), '234567{Enter}')
    await screen.findByText(/No token with this number is in stock/)
    await waitFor(async () => expect(document.activeElement).toBe(await field('Serial number')))
    await sound()
  })

  it('is typed in full by those who may not see the stock', async () => {
    const w = await walk('user', (far) => (far.world.tokens = []))
    await begin(w, 'Hardware token')
    expect((await field('Serial number')).getAttribute('role')).toBeNull()
  })

  it('goes back to the first page and keeps the name', async () => {
    const w = await walk('home')
    await begin(w, 'Hardware token')
    await w.user.click(await button('Back'))
    expect((await field('Device name')).value).toBe('fresh')
  })
})

describe('for somebody else', () => {
  it('says for whom, asks for them, and comes back to where it was opened', async () => {
    const w = await walk('home')
    app.open('users')
    await heading('Users')
    app.add({ id: 'p-carol', name: 'carol' })
    await heading('Add a device for carol')
    expect(screen.getByText(/carol has to be here with the phone/)).toBeTruthy()
    await sound()
    await w.user.type(await field('Device name'), 'carols-app')
    await w.user.click(await screen.findByRole('radio', { name: 'Authenticator app' }))
    await w.user.click(await button('Continue'))
    await w.user.type(await field('MFA code 1'), '123456')
    await w.user.type(await field('MFA code 2'), '234567{Enter}')
    await heading('carols-app was added')
    expect(w.far.world.of('p-carol').map((d) => d.name)).toEqual(['carols-app'])
    await w.user.click(await button('Finish'))
    await heading('Users')
  })

  it('enrols their phone, not one’s own', async () => {
    const w = await walk('home')
    app.open('users')
    app.add({ id: 'p-carol', name: 'carol' })
    await w.user.type(await field('Device name'), 'carols-phone{Enter}')
    await heading('Add your phone')
    w.far.advance('name-device', { candidate: { provider: '', aaguid: '', synced: false, onPhone: true, trust: null } })
    await w.user.click(await button('Add'))
    await heading('carols-phone was added')
    expect(screen.getByText('From now on it confirms carol at every sign-in.')).toBeTruthy()
    expect(w.far.world.own).toHaveLength(5)
    await w.user.click(await button('Finish'))
    await heading('Users')
  })
})
