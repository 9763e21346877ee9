// @vitest-environment jsdom
/** Signing in by every way there is, and what enforcement puts in front of the list. */
import { screen, waitFor } from '@testing-library/svelte'
import { describe, expect, it } from 'vitest'
import { device, failure } from '../api/fake'
import { app } from '../app/app.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

const password = async ({ user }: Walk, text = 'correct horse') => user.type(await field('Password'), `${text}{Enter}`)

describe('who signs in', () => {
  it('is a user of this account, by alias or number', async () => {
    const w = await walk('sign-in')
    const asked: unknown[] = []
    const real = w.far.api.SignIn
    w.far.api.SignIn = (r) => (asked.push(r.identity), real(r))
    await w.user.click(await screen.findByRole('radio', { name: 'Named user' }))
    const account = await field('Account ID or alias')
    expect(account.value).toBe('acme-lab')
    await w.user.clear(account)
    await w.user.type(account, '9999-0000-1111')
    await w.user.type(await field('User name'), 'bob')
    await password(w)
    expect(await screen.findByText('This computer holds the account acme-lab (123456789012).')).toBeTruthy()
    expect(asked).toEqual([])
    await sound()
    await w.user.clear(account)
    await w.user.type(account, '1234-5678-9012{Enter}')
    await waitFor(() => expect(asked).toEqual([{ kind: 'user', name: 'bob' }]))
  })

  it('is told why the last session ended, and finds the name again', async () => {
    await walk('sign-in', (far) => (far.world.ended = 'idle'))
    await screen.findByText(/Nobody was here for a while/)
    expect((await field('E-mail')).value).toBe('alice@example.org')
    await sound()
  })

  it('may leave name and password out where the account allows it', async () => {
    const w = await walk('sign-in', (far) => (far.world.settings.passwordless = true))
    await w.user.click(await button('Use my phone'))
    await heading('Sign in by phone')
    w.far.world.signedIn = true
    w.far.advance('done', { state: w.far.world.state() })
    await heading('My security')
  })

  it('finds no such button otherwise', async () => {
    await walk('sign-in')
    await button('Sign in')
    expect(screen.queryByRole('button', { name: 'Use my phone' })).toBeNull()
  })
})

describe('a choice among kinds', () => {
  it('offers what there is, the last one used first', async () => {
    localStorage.setItem('keyferry.way.root.alice@example.org', 'code')
    const w = await walk('sign-in-mixed', (far) => (far.world.users[0]!.recoveryLeft = 3))
    await password(w)
    await heading('Confirm it’s you')
    const names = screen.getAllByRole('button').map((b) => b.textContent)
    expect(names.slice(0, 4)).toEqual(['Type a code', 'Use my phone', 'Ring Alice’s iPhone', 'Use a printed code'])
    await sound()
    await w.user.keyboard('{Enter}')
    await heading('Type your code')
    await w.user.keyboard('{Escape}')
    await heading('Confirm it’s you')
  })

  it('goes straight to the code when there is nothing else', async () => {
    await password(await walk('sign-in-codes'))
    await heading('Type your code')
    await waitFor(async () => expect(document.activeElement).toBe(await field('Code')))
    expect(screen.getByText(/\d\d:\d\d:\d\d UTC on this computer/)).toBeTruthy()
    expect(screen.getByText(/Next code in \d+ s/)).toBeTruthy()
    await sound()
  })
})

describe('a code', () => {
  it('takes digits only, in groups, and signs in at the sixth', async () => {
    const w = await walk('sign-in-codes')
    await password(w)
    const code = await field('Code')
    await w.user.type(code, '1a23 4')
    expect(code.value).toBe('123 4')
    await w.user.type(code, '56')
    await heading('My security')
    expect(localStorage.getItem('keyferry.way.root.alice@example.org')).toBe('code')
  })

  it('can be pasted', async () => {
    const w = await walk('sign-in-codes')
    await password(w)
    await w.user.click(await field('Code'))
    await w.user.paste('code: 123-456 ')
    await heading('My security')
  })

  it('that is wrong stays on the page, selected, and five of them offer a resync', async () => {
    const w = await walk('sign-in-codes')
    await password(w)
    const code = await field('Code')
    for (let i = 1; i <= 5; i++) {
      await w.user.clear(code)
      await w.user.type(code, '000000')
      await waitFor(() => expect(w.far.world.wrongCodes).toBe(i))
      await screen.findByText('The code is not right')
      await waitFor(() => expect(document.activeElement).toBe(code))
      await waitFor(() => expect([code.selectionStart, code.selectionEnd]).toEqual([0, 7]))
      if (i < 5) expect(screen.queryByText('Codes do not work?')).toBeNull()
    }
    await sound()
    await w.user.click(await button('Resync the device'))
    await heading('Get back in step')
    await sound()
  })

  it('has to wait after too many wrong ones, and says how long', async () => {
    const w = await walk('sign-in-codes')
    await password(w)
    let tries = 0
    const real = w.far.api.SignInWithCode
    w.far.api.SignInWithCode = (code) =>
      tries++ > 0 ? real(code) : Promise.reject(failure('sign-in-delayed', 'wait', { category: 'denied', params: { seconds: '24' } }))
    const code = await field('Code')
    await w.user.type(code, '123456')
    await screen.findByText(/You can try again in 0:2\d/)
    expect((await button('Sign in')).hasAttribute('disabled')).toBe(true)
    await sound()
    await w.user.clear(code)
    await w.user.type(code, '123456')
    expect(tries).toBe(1)
    app.now += 25_000
    await waitFor(async () => expect((await button('Sign in')).hasAttribute('disabled')).toBe(false))
    await w.user.click(await button('Sign in'))
    await heading('My security')
    expect(tries).toBe(2)
  })

  it('waits for the vault, and goes on once it is unlocked', async () => {
    const w = await walk('sign-in-locked')
    await password(w)
    await w.user.type(await field('Code'), '123456')
    await screen.findByRole('dialog', { name: 'Unlock your secrets' })
    await sound()
    await w.user.type(await field('Passphrase'), 'wrong passphrase{Enter}')
    await screen.findByText(/It opens nothing here/)
    await w.user.type(await field('Passphrase'), 'four words are fine{Enter}')
    await heading('My security')
  })

  it('can be put off while the vault stays locked', async () => {
    const w = await walk('sign-in-locked')
    await password(w)
    await w.user.type(await field('Code'), '123456')
    const dialog = await screen.findByRole('dialog', { name: 'Unlock your secrets' })
    await w.user.click([...dialog.querySelectorAll('button')].find((b) => b.textContent?.trim() === 'Cancel')!)
    await heading('Type your code')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('opens the vault with the recovery file, too', async () => {
    const w = await walk('sign-in-locked', (far) => far.world.vault.slots.push({ id: 's2', kind: 'recovery', createdAt: 1 }))
    await password(w)
    await w.user.type(await field('Code'), '123456')
    await w.user.click(await button('Use recovery file'))
    await heading('My security')
  })
})

describe('a resync before sign-in is complete', () => {
  async function open() {
    const w = await walk('sign-in-codes')
    await password(w)
    await heading('Type your code')
    app.go('resync')
    await heading('Get back in step')
    return w
  }

  it.each([
    ['equal', '123456', '123456', 'Twice the same code', 'MFA code 2'],
    ['a gap', '123456', '999999', 'A code is missing', 'MFA code 1'],
    ['a clock', '222222', '333333', 'The clocks disagree', 'MFA code 1'],
  ])('explains %s', async (_, first, second, title, focused) => {
    const w = await open()
    await w.user.type(await field('MFA code 1'), first)
    await waitFor(async () => expect(document.activeElement).toBe(await field('MFA code 2')))
    await w.user.type(await field('MFA code 2'), `${second}{Enter}`)
    await screen.findByText(title)
    await waitFor(async () => expect(document.activeElement).toBe(await field(focused)))
    if (title === 'The clocks disagree') {
      expect(screen.getByText(/right for 07:42 UTC, this computer says 09:42 UTC\. All your devices say the same/)).toBeTruthy()
    }
    await sound()
  })

  it('swaps what was swapped, and goes back to the code', async () => {
    const w = await open()
    await w.user.click(await screen.findByRole('radio', { name: 'desk-token' }))
    const asked: unknown[] = []
    const real = w.far.api.ResyncAtSignIn
    w.far.api.ResyncAtSignIn = (r) => (asked.push(r), real(r))
    await w.user.type(await field('MFA code 1'), '300000')
    await w.user.type(await field('MFA code 2'), '200000{Enter}')
    await w.user.click(await button('Swap them'))
    await heading('Type your code')
    expect(asked[1]).toEqual({ id: 'd-desk-token', first: '200000', second: '300000' })
    await screen.findByText(/desk-token is in step again/)
  })
})

it('takes a printed code, says whose idea it is, and what to do next', async () => {
  const w = await walk('sign-in-mixed', (far) => (far.world.users[0]!.recoveryLeft = 3))
  await password(w)
  await w.user.click(await button('Use a printed code'))
  const code = await field('Recovery code')
  expect(screen.getByText(/Keyferry’s own feature, not part of AWS/)).toBeTruthy()
  await sound()
  await w.user.type(code, 'abcd{Enter}')
  await screen.findByText(/Type one of your printed codes/)
  await w.user.clear(code)
  await w.user.type(code, 'abcdefghijklmno7')
  expect(code.value).toBe('ABCD-EFGH-IJKL-MNO7')
  await w.user.keyboard('{Enter}')
  await heading('My security')
  await screen.findByText(/You came in with a printed code; 3 are left/)
})

describe('enforcement', () => {
  it('can be skipped until the day', async () => {
    const w = await walk('grace')
    await password(w)
    await heading(/^Add a device by \d/)
    expect(screen.getByText('12 days left')).toBeTruthy()
    expect(screen.queryByRole('navigation')).toBeNull()
    await sound()
    await w.user.click(await button('Skip for now'))
    await heading('My security')
    await heading('No device yet')
  })

  it('leads to the wizard at once', async () => {
    const w = await walk('grace')
    await password(w)
    await w.user.click(await button('Set up now'))
    await heading('Add a device')
  })

  it('after the day leaves adding a device and signing out, nothing else', async () => {
    const w = await walk('set-up', (far) => {
      const held = <T>(answer: T) => async () => far.world.limit === '' ? answer : Promise.reject(failure('device-setup-needed', 'add-device'))
      Object.assign(far.api, { Me: held(far.world.person), LinkedPhones: held([]), UnassignedDevices: held([]) })
    })
    await heading('Set up a device')
    expect(screen.queryByRole('button', { name: 'Users' })).toBeNull()
    await sound()
    for (const elsewhere of ['home', 'users', 'settings'] as const) {
      app.go(elsewhere)
      expect(app.route).toBe('set-up')
    }
    await w.user.click(await button('Add device'))
    await w.user.type(await field('Device name'), 'my-app')
    await w.user.click(await screen.findByRole('radio', { name: 'Authenticator app' }))
    await w.user.click(await button('Continue'))
    await w.user.type(await field('MFA code 1'), '123456')
    await w.user.type(await field('MFA code 2'), '234567{Enter}')
    await heading('my-app was added')
    await w.user.click(await button('Finish'))
    await heading('My security')
    await screen.findByText('my-app')
    await button('Users')
    expect(app.trouble).toBeNull()
  })

  it('lets go of devices that take the place of one that works', async () => {
    const w = await walk('set-up', (far) => far.world.put('p-root', [device({ name: 'copied', suspectAt: 1 })]))
    await heading('Set up a device')
    await w.user.click(await button('Remove copied from your devices'))
    await w.user.click(await button('Remove device'))
    await waitFor(() => expect(w.far.world.own).toEqual([]))
    await heading('Set up a device')
    await waitFor(() => expect(screen.queryByText('Devices you have')).toBeNull())
  })

  it('asks for a new password where somebody else set it', async () => {
    const w = await walk('must-change')
    await password(w)
    await heading('Choose your password')
    expect(screen.queryByRole('navigation')).toBeNull()
    await sound()
    await w.user.type(await field('Current password'), 'wrong password')
    await w.user.type(await field('New password'), 'correct horse battery{Enter}')
    await screen.findByText(/The current password is not right/)
    await waitFor(async () => expect(document.activeElement).toBe(await field('Current password')))
    await w.user.clear(await field('Current password'))
    await w.user.type(await field('Current password'), 'correct horse{Enter}')
    await heading('My security')
  })

  it('refuses with help where nothing can prove it', async () => {
    const w = await walk('sign-in')
    await password(w, 'all suspect')
    await heading('No device to trust')
    expect(screen.getByText('What helps')).toBeTruthy()
    await sound()
    await w.user.click(await button('Back to sign-in'))
    await heading(/^Sign in/)
  })

  it('refuses with help where no way is left', async () => {
    const w = await walk('sign-in', (far) => {
      const real = far.api.SignIn
      far.api.SignIn = async (r) => ({ ...(await real(r)), ways: [] })
    })
    await password(w)
    await heading('No device to trust')
  })
})

it('says in the requirement’s words what a password lacks', async () => {
  const w = await walk('must-change')
  await password(w)
  w.far.api.ChangePassword = () => Promise.reject(failure('password-policy', 'change-input', { params: { needs: 'length,upper,digit', min: '12' } }))
  await w.user.type(await field('Current password'), 'x')
  await w.user.type(await field('New password'), 'y{Enter}')
  await screen.findByText('This account asks for at least 12 characters, a capital letter and a digit.')
})
