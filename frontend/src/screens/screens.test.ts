// @vitest-environment jsdom
/** Every screen, walked as a person does, with names for all and no accessibility fault. */
import { render, screen, waitFor, within } from '@testing-library/svelte'
import userEvent, { type UserEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect } from '../api'
import { failure, fake, pretendQR, type Fake, type Scene } from '../api/fake'
import App from '../App.svelte'
import './browser'
import { app } from '../app/app.svelte'

let far: Fake
let user: UserEvent

async function open(scene: Scene): Promise<void> {
  far = fake(scene, 0)
  connect(far)
  app.trouble = null
  app.adding.clear()
  render(App)
  await app.start()
}

beforeEach(() => {
  user = userEvent.setup({ delay: null })
  document.body.innerHTML = ''
})
afterEach(() => app.stop())

const button = (name: string | RegExp) => screen.findByRole('button', { name })
const press = async (name: string | RegExp) => user.click(await button(name))
const heading = (name: string | RegExp) => screen.findByRole('heading', { name })

/** Contrast needs a real browser; src/styles/contrast.test.ts holds the colours. */
async function sound(): Promise<void> {
  const found = await axe.run(document.body, { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: false } } })
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)).toEqual([])
}

async function startEnrolment(name = 'new-phone'): Promise<void> {
  await press('Add device')
  await user.type(await screen.findByLabelText('Device name'), name)
  await press('Continue')
  await heading('Add your phone')
  far.advance('show-qr', { qr: pretendQR(1), until: Date.now() + 100_000, radio: 'hci0' })
}

describe('first run', () => {
  it('offers two ways, and Enter takes the first', async () => {
    await open('welcome')
    await heading('Welcome to Keyferry')
    await sound()
    await user.keyboard('{Enter}')
    await heading('Create your account')
    await waitFor(() => expect(document.activeElement).toBe(screen.getByLabelText('Account alias')))
    await user.keyboard('{Escape}')
    await heading('Welcome to Keyferry')
  })

  it('says beside the field what does not fit, keeps the rest, and goes on', async () => {
    await open('welcome')
    await press('Create an account')
    await user.type(screen.getByLabelText('Account alias'), 'No Good')
    await user.type(screen.getByLabelText('Root e-mail'), 'alice@example.org')
    await user.type(screen.getByLabelText('Password'), 'correct horse')
    await press('Create account')
    const alias = screen.getByLabelText('Account alias')
    await waitFor(() => expect(alias.getAttribute('aria-invalid')).toBe('true'))
    await waitFor(() => expect(document.activeElement).toBe(alias))
    expect(screen.getByLabelText<HTMLInputElement>('Root e-mail').value).toBe('alice@example.org')
    await sound()
    await user.clear(alias)
    await user.type(alias, 'acme')
    expect(alias.getAttribute('aria-invalid')).toBeNull()
    await user.type(alias, '{Enter}')
    await heading('My security')
    await heading('No device yet')
    await sound()
  })

  it('goes to the sandbox and back, with a banner all the time', async () => {
    await open('welcome')
    await press('Try it offline')
    await heading('Create your account')
    const banner = screen.getByRole('complementary', { name: 'Evaluation sandbox' })
    expect(screen.getByLabelText<HTMLInputElement>('Account alias').value).toBe('try-it')
    await sound()
    await user.click(within(banner).getByRole('button', { name: 'Leave' }))
    await heading('Welcome to Keyferry')
    expect(screen.queryByText('Evaluation sandbox')).toBeNull()
  })
})

describe('sign-in', () => {
  it('refuses a wrong password in place', async () => {
    await open('sign-in')
    await user.type(await screen.findByLabelText('Password'), 'wrong password{Enter}')
    expect((await screen.findByRole('alert')).textContent).toContain('That didn’t match')
    expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('')
    await sound()
  })

  it('counts down where it has to wait', async () => {
    await open('sign-in')
    await user.type(await screen.findByLabelText('Password'), 'too often{Enter}')
    expect(await screen.findByText(/You can try again in 0:2\d/)).toBeTruthy()
    expect((await button('Sign in')).hasAttribute('disabled')).toBe(true)
  })

  it('asks for a device and lets one in', async () => {
    await open('sign-in')
    await user.type(await screen.findByLabelText('Password'), 'correct horse{Enter}')
    await heading('Confirm it’s you')
    await button('Ring Alice’s iPhone')
    await sound()
    await press('Use my phone')
    await heading('Sign in by phone')
    const state = { ...(await far.api.State()), phase: 'home' as const }
    far.world.signedIn = true
    state.session = { ...(await far.api.State()).session!, device: 'alice-phone' }
    far.advance('done', { state })
    await heading('My security')
    expect(await screen.findByText('You are signed in with alice-phone.')).toBeTruthy()
  })

  it('says that nobody is signed in when it fails, and offers the other way', async () => {
    await open('sign-in')
    await user.type(await screen.findByLabelText('Password'), 'correct horse{Enter}')
    await press('Ring Alice’s iPhone')
    far.advance('ring-phone')
    far.fail(failure('link-gone', 'forget-phone'))
    await heading('The link is gone')
    expect(screen.getByText('You are not signed in.')).toBeTruthy()
    await sound()
    await press('Forget it and scan')
    await waitFor(async () => expect(await far.api.LinkedPhones()).toEqual([]))
    await waitFor(() => expect(app.ceremony.current?.id).toBe(2))
  })
})

describe('home', () => {
  it('lists, opens in place, renames and removes', async () => {
    await open('home')
    await screen.findByText('work-pixel')
    await press('Details of old-tablet')
    expect(screen.getByText('Signature counter')).toBeTruthy()
    await sound()

    await press('Rename work-pixel')
    const field = await screen.findByLabelText('New name')
    await user.clear(field)
    await user.type(field, 'alice-iphone{Enter}')
    expect(await screen.findByText(/has a device called alice-iphone already/)).toBeTruthy()
    await sound()
    await user.clear(field)
    await user.type(field, 'pixel-9{Enter}')
    await screen.findByText('pixel-9')

    await press('More for pixel-9')
    await sound()
    await user.keyboard('{ArrowUp}{Enter}')
    await screen.findByText('Remove pixel-9?')
    await sound()
    await press('Remove device')
    await waitFor(() => expect(screen.queryByText('pixel-9')).toBeNull())
  })

  it('closes menu and rename with Esc without leaving the screen', async () => {
    await open('home')
    await press('More for work-pixel')
    await screen.findByRole('menu')
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('menu')).toBeNull()
    expect(document.activeElement).toBe(await button('More for work-pixel'))
    await heading('My security')
  })

  it('says why a ninth device cannot be added', async () => {
    await open('home-full')
    await screen.findByText('phone-8')
    const add = await button('Add device')
    expect(add.hasAttribute('disabled')).toBe(true)
    expect(document.getElementById(add.getAttribute('aria-describedby')!)?.textContent).toContain('Remove one')
  })

  it('forgets a linked phone', async () => {
    await open('home')
    await press('Forget Alice’s iPhone')
    await press('Forget phone')
    await screen.findByText('Alice’s iPhone is forgotten.')
    await waitFor(() => expect(screen.queryByText('Linked phones')).toBeNull())
  })

  it('goes to sign-in when the session ends elsewhere', async () => {
    await open('home')
    far.emit('state', { ...(await far.api.State()), phase: 'sign-in', session: null })
    await heading(/Sign in/)
    expect(screen.getByText(/Your session has ended/)).toBeTruthy()
  })
})

describe('adding a phone', () => {
  it('checks the name while it is typed and helps with it', async () => {
    await open('home')
    await press('Add device')
    await user.type(await screen.findByLabelText('Device name'), 'my new phone')
    await press('Use “my-new-phone” instead')
    expect(screen.getByLabelText<HTMLInputElement>('Device name').value).toBe('my-new-phone')
    expect(await screen.findByText('This name is free.')).toBeTruthy()
    await sound()
  })

  it('goes from the code to the list', async () => {
    await open('home-empty')
    await startEnrolment()
    await screen.findByRole('img', { name: 'Code to scan with your phone' })
    expect(screen.getByText(/This code works for 1:\d\d/)).toBeTruthy()
    await sound()

    far.advance('phone-seen', { qr: null, signal: -50 })
    await heading('Phone found')
    expect(screen.queryByRole('img', { name: /Code/ })).toBeNull()
    far.advance('connecting')
    far.advance('confirm-on-phone')
    await heading('Look at your phone')
    await sound()
    far.advance('verifying')
    far.advance('name-device', { candidate: { provider: 'iCloud Keychain', aaguid: '', synced: true, onPhone: false, trust: null } })
    await heading('Add iCloud Keychain on your phone?')
    await sound()
    await user.keyboard('{Enter}')
    await heading('new-phone was added')
    await sound()
    await press('Finish')
    await heading('My security')
    await screen.findByText('new-phone')
  })

  it('adds nothing when the person says so at the end', async () => {
    await open('home-empty')
    await startEnrolment()
    far.advance('name-device', { candidate: { provider: '', aaguid: '', synced: false, onPhone: true, trust: null } })
    await heading('Add the passkey on your phone?')
    await press('Don’t add')
    await heading('No device yet')
  })

  it.each([
    ['declined', 'retry', 'Try again'],
    ['code-expired', 'new-code', 'New code'],
    ['bluetooth-off', 'turn-on-bluetooth', 'Check again'],
    ['phone-too-old', 'update-phone', 'Use another phone'],
  ] as const)('after %s offers “%s” as %s, with a fresh ceremony', async (code, next, label) => {
    await open('home-empty')
    await startEnrolment()
    far.fail(failure(code, next))
    expect(await screen.findByText('Nothing was added.')).toBeTruthy()
    await sound()
    await press(label)
    await waitFor(() => expect(app.ceremony.current?.id).toBe(2))
    expect(screen.queryByText('Nothing was added.')).toBeNull()
  })

  it('takes a run-out code off the screen', async () => {
    await open('home-empty')
    await startEnrolment()
    far.advance('show-qr', { until: Date.now() - 1 })
    app.now = Date.now()
    await heading('This code has run out')
    expect(screen.queryByRole('img', { name: /Code/ })).toBeNull()
    await sound()
    await press('New code')
    await waitFor(() => expect(app.ceremony.current?.id).toBe(2))
  })

  it.each(['needs-bluetooth', 'show-qr', 'phone-seen', 'connecting', 'confirm-on-phone', 'verifying'] as const)(
    'can be cancelled at %s, and late news changes nothing',
    async (stage) => {
      await open('home-empty')
      await startEnrolment()
      far.advance(stage)
      await press('Cancel')
      await heading('No device yet')
      far.emit('ceremony', { ...(await far.api.BeginEnrolment({ name: 'x', principalId: '', road: 'phone' })), id: 1, stage: 'verifying' })
      await heading('No device yet')
    },
  )

  it('is found again by a reloaded window', async () => {
    far = fake('home-empty', 0)
    connect(far)
    await far.api.BeginEnrolment({ name: 'kept', principalId: '', road: 'phone' })
    far.advance('connecting')
    render(App)
    await app.start()
    await heading('Connecting')
  })
})

describe('the simulated phone', () => {
  it('takes the pixels, asks, and passes the answer on', async () => {
    await open('sandbox-home')
    await startEnrolment()
    const phone = await screen.findByRole('region', { name: 'Simulated phone' })
    await sound()
    const asked: unknown[] = []
    far.api.ScanWithSimulatedPhone = async (png) => {
      asked.push(png)
      return { ...(await far.api.SimulatedPhone()), state: 'reading' }
    }
    await press('Scan with the simulated phone')
    expect(asked).toEqual(['cGljdHVyZQ=='])
    far.emit('phone', { ...(await far.api.SimulatedPhone()), state: 'asking', op: 'create' })
    await within(phone).findByText('Save a passkey for sandbox.keyferry.internal?')
    await sound()
    far.api.AnswerSimulatedPhone = async (yes) => void asked.push(yes)
    await press('Approve')
    expect(asked[1]).toBe(true)
  })

  it('keeps asking when its question overtakes the answer to the scan', async () => {
    await open('sandbox-home')
    await startEnrolment()
    const phone = await screen.findByRole('region', { name: 'Simulated phone' })
    const before = await far.api.SimulatedPhone()
    far.api.ScanWithSimulatedPhone = async () => {
      far.emit('phone', { ...before, state: 'asking', op: 'create' })
      return { ...before, state: 'reading' }
    }
    await press('Scan with the simulated phone')
    await within(phone).findByText('Save a passkey for sandbox.keyferry.internal?')
    await button('Approve')
  })

  it('forgets what it did for an earlier code', async () => {
    await open('sandbox-home')
    far.emit('phone', { ...(await far.api.SimulatedPhone()), state: 'done', op: 'create' })
    far.api.SimulatedPhone = async () => Promise.reject(failure('internal', 'report'))
    await startEnrolment()
    await screen.findByText('Ready to read the code')
    expect(screen.queryByText('Passkey saved')).toBeNull()
  })

  it('says what it could not read', async () => {
    await open('sandbox-home')
    await startEnrolment()
    far.api.ScanWithSimulatedPhone = () => Promise.reject(failure('picture-no-code', 'choose-picture'))
    await press('Scan with the simulated phone')
    await screen.findByText('No code in sight')
    await button('Scan with the simulated phone')
  })
})

describe('when things are broken', () => {
  it('says what to do and lists the backups', async () => {
    await open('broken')
    await heading('Your data is damaged')
    expect(screen.getByText('keyferry-2026-11-20-v3.db')).toBeTruthy()
    await sound()
    await press(/Copy the path of keyferry-2026-11-20/)
    expect(far.copied[0]).toContain('/backups/keyferry-2026-11-20-v3.db')
  })

  it('shows a fault of its own with details to copy', async () => {
    await open('home')
    far.api.SignOut = () => Promise.reject(new Error('kaputt'))
    await press('Sign out')
    const dialog = await screen.findByRole('dialog', { name: 'Keyferry made a mistake' })
    expect(dialog.textContent).toContain('kaputt')
    await sound()
    await user.click(within(dialog).getByRole('button', { name: 'Copy details' }))
    expect(far.copied[0]).toContain('internal')
  })
})
