// @vitest-environment jsdom
/** Security keys: adding and signing in with one, and looking after those that are plugged in. */
import { screen, waitFor, within } from '@testing-library/svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { PINAskDTO } from '../api'
import { failure, key, lockedKey, pretendQR, rightPIN } from '../api/fake'
import { app } from '../app/app.svelte'
import { ring } from '../keys/ring.svelte'
import { readiness } from '../readiness/ladders.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

beforeEach(() => {
  ring.keys = ring.passkeys = ring.leftover = null
  readiness.report = null
})

const ask = (more: Partial<PINAskDTO> = {}): PINAskDTO => ({
  for: 'verify', key: 'YubiKey 5 NFC', local: false, min: 4, max: 63, left: 8, wrong: false, replug: false, ...more,
})

async function enrol(w: Walk, kind = 'Security key'): Promise<void> {
  await w.user.click(await button('Add device'))
  await w.user.type(await field('Device name'), 'blue-key')
  await w.user.click(await screen.findByRole('radio', { name: kind }))
  await w.user.click(await button('Continue'))
}

async function open(before?: Parameters<typeof walk>[1]): Promise<Walk> {
  const w = await walk('home', before)
  await w.user.click(await button('Security keys'))
  await heading('Security keys')
  return w
}

const focused = async (name: string) => waitFor(async () => expect(document.activeElement).toBe(await field(name)))

describe('the wizard', () => {
  it('offers what works here, and says why the rest does not', async () => {
    const w = await walk('home')
    await w.user.click(await button('Add device'))
    await w.user.type(await field('Device name'), 'kept')
    const missing = await screen.findByRole('region', { name: 'Not on this computer' })
    expect(missing.textContent).toContain('No security chip')
    expect(screen.queryByRole('radio', { name: 'This computer' })).toBeNull()
    screen.getByRole('radio', { name: 'Security key' })
    await sound()
    await w.user.click(await button('How to fix it'))
    await heading('Can I do this here?')
    await w.user.click(await button('Back'))
    expect((await field('Device name')).value).toBe('kept')
  })

  it('chooses what works in the place of what does not', async () => {
    const w = await walk('home', (far) => {
      const real = far.api.WaysToAdd
      far.api.WaysToAdd = async (id) => (await real(id)).map((x) => (x.way === 'phone' ? { ...x, missing: failure('bluetooth-off', 'turn-on-bluetooth') } : x))
    })
    await w.user.click(await button('Add device'))
    await waitFor(() => expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Security key' }).checked).toBe(true))
    expect(screen.getByText(/Bluetooth is off/)).toBeTruthy()
  })

  it('goes by the system’s own window where the computer says so', async () => {
    const asked: unknown[] = []
    const w = await walk('home', (far) => {
      far.world.system = 'windows'
      const real = far.api.BeginEnrolment
      far.api.BeginEnrolment = (r) => (asked.push(r), real(r))
    })
    await w.user.click(await button('Add device'))
    await screen.findByText(/Windows will ask in a window of its own/)
    await w.user.type(await field('Device name'), 'blue-key')
    await w.user.click(await screen.findByRole('radio', { name: 'Security key' }))
    await w.user.click(await button('Continue'))
    await heading('Windows is asking now')
    expect(asked).toEqual([{ name: 'blue-key', principalId: '', road: 'system' }])
    await sound()
    await w.user.click(await button('Cancel'))
    await heading('Add a device').catch(() => heading('My security'))
    expect(w.far.world.running).toBeNull()
  })
})

describe('a ceremony', () => {
  it('goes from the key to the list', async () => {
    const w = await walk('home')
    await enrol(w)
    await heading('Insert a security key')
    await sound()
    w.far.advance('enter-pin', { keys: 1, key: 'YubiKey 5 NFC', pin: ask() })
    await heading('Type the key’s PIN')
    await focused('PIN')
    await sound()
    const sent: number[][] = []
    const real = w.far.api.GivePIN
    w.far.api.GivePIN = (pin) => (sent.push(pin), real(pin))
    await w.user.keyboard(`${rightPIN}{Enter}`)
    await heading(/^Touch /)
    expect(sent[0]).toHaveLength(4)
    await waitFor(() => expect(sent[0]).toEqual([0, 0, 0, 0]))
    await sound()
    w.far.advance('verifying')
    await heading('Checking the answer')
    w.far.advance('name-device', { candidate: { provider: 'YubiKey 5 NFC', aaguid: '', synced: false, onPhone: false, trust: null } })
    await heading('Add YubiKey 5 NFC?')
    await sound()
    await w.user.keyboard('{Enter}')
    await heading('blue-key was added')
    await w.user.click(await button('Finish'))
    await button('Details of blue-key')
  })

  it('keeps a wrong PIN in its place, and warns before the last', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.advance('enter-pin', { keys: 1, pin: ask({ left: 5 }) })
    await focused('PIN')
    await w.user.keyboard('{Enter}')
    await screen.findByText('Type the PIN.')
    await w.user.keyboard('0000{Enter}')
    await screen.findByText('That was not the PIN.')
    await focused('PIN')
    expect((await field('PIN')).value).toBe('')
    await w.user.keyboard('12')
    w.far.advance('enter-pin', { pin: ask({ left: 3, wrong: true }) })
    await screen.findByText(/3 tries are left/)
    expect((await field('PIN')).value).toBe('12') // nothing was sent, so it is not the next question
    w.far.advance('enter-pin', { pin: ask({ left: 6, wrong: true, replug: true }) })
    await screen.findByText('Think before you type')
    await sound()
    w.far.advance('enter-pin', { pin: ask({ left: 1, wrong: true }) })
    await screen.findByText('The last try')
    await sound()
    await w.user.clear(await field('PIN'))
    await w.user.keyboard('0000{Enter}')
    await heading('The PIN is blocked')
    await w.user.click(await button('Open security keys'))
    await heading('Security keys')
  })

  it('has a first PIN set twice', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.advance('enter-pin', { pin: ask({ for: 'new', left: -1 }) })
    await heading('Set a PIN')
    await focused('New PIN')
    await w.user.keyboard('12{Enter}')
    await screen.findByText('It needs 4 characters or more.')
    await w.user.keyboard('1234') // what was wrong is marked, and typed over
    await w.user.type(await field('Repeat the PIN'), '1235')
    await screen.findByText('The two do not match.')
    await sound()
    await w.user.clear(await field('Repeat the PIN'))
    await w.user.type(await field('Repeat the PIN'), '1234{Enter}')
    await heading(/^Touch /)
  })

  it('of this computer says what a PIN alone means', async () => {
    const w = await walk('home', (far) => {
      const real = far.api.WaysToAdd
      far.api.WaysToAdd = async (id) => (await real(id)).map((x) => ({ ...x, missing: null }))
    })
    await enrol(w, 'This computer')
    w.far.advance('enter-pin', { pin: ask({ for: 'new', local: true, key: '' }) })
    await screen.findByText(/No fingerprint or face is checked here/)
    await sound()
  })

  it('names the key by touch among several', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.advance('touch-key', { keys: 3 })
    await heading('Which key do you mean?')
    screen.getByText('3 keys are blinking. Touch the one you mean.')
    await sound()
  })

  it('brings the rule for a key that may not be opened', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.advance('find-key', { trouble: lockedKey().trouble })
    await screen.findByText('The key may not be used')
    expect(screen.getByLabelText('Command with the rule').textContent).toContain('ATTRS{idVendor}=="1209"')
    await sound()
    await w.user.click(await button('Copy the command'))
    await waitFor(() => expect(w.far.copied[0]).toContain('TAG+="uaccess"'))
    w.far.advance('find-key', { trouble: null })
    await heading('Insert a security key')
  })

  it('speaks of no phone when a key fails', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.fail(failure('authenticator-full', 'use-other-device'))
    await heading('It is full')
    expect(document.querySelector('main')?.textContent).not.toMatch(/phone/i)
    await button('Use another key')
    await sound()
  })

  it('leads to the passkey that a refusal left on the key', async () => {
    const w = await walk('home')
    await enrol(w)
    w.far.fail(failure('device-not-admitted', 'use-other-device', { params: { step: 'Activate', needs: 'FIDO L2', fido: 'L1', left: 'yes', rp: 'keyferry.internal', user: 'bob' } }))
    await button('Remove it from the key')
    expect(document.querySelector('main')?.textContent).not.toMatch(/phone/i)
    await w.user.click(await button('Remove it from the key'))
    await heading('Passkeys on YubiKey 5 NFC')
    await focused('PIN')
    await w.user.keyboard(`${rightPIN}{Enter}`)
    await screen.findByText('left behind')
    await sound()
    await w.user.click(await button('Delete bob for keyferry.internal'))
    await w.user.click(await button('Delete passkey'))
    await screen.findByText('The passkey of bob for keyferry.internal is deleted.')
    expect(screen.queryByText('left behind')).toBeNull()
    expect(w.far.world.keyPasskeys).toHaveLength(2)
  })
})

describe('signing in', () => {
  it('offers a key beside a code, and remembers it', async () => {
    const w = await walk('sign-in-key')
    await w.user.type(await field('Password'), 'correct horse{Enter}')
    await heading('Confirm it’s you')
    await sound()
    await w.user.click(await button('Use my security key'))
    await heading('Sign in by security key')
    w.far.advance('touch-key', { keys: 1, key: 'YubiKey 5 NFC' })
    await heading('Touch YubiKey 5 NFC')
    await sound()
    expect(localStorage.getItem('keyferry.way.root.alice@example.org')).toBe('key')
    w.far.fail(failure('pin-not-set', 'set-pin'))
    await heading('It has no PIN yet')
    await w.user.click(await button('Choose another way')) // keys are looked after inside only
    await heading('Confirm it’s you')
  })

  it('needs no name where the account allows that', async () => {
    const asked: unknown[] = []
    const w = await walk('sign-in', (far) => {
      far.world.settings.passwordless = true
      const real = far.api.BeginPasskeySignIn
      far.api.BeginPasskeySignIn = (road) => (asked.push(road), real(road))
    })
    await w.user.click(await button('Use my security key'))
    await heading('Insert a security key')
    expect(screen.queryByRole('button', { name: 'Use this computer' })).toBeNull()
    expect(asked).toEqual(['key'])
  })
})

it('offers this computer alone where one person has a passkey in it', async () => {
  const asked: unknown[] = []
  const w = await walk('sign-in', (far) => {
    far.world.settings.passwordless = far.world.localPasskey = true
    const real = far.api.BeginPasskeySignIn
    far.api.BeginPasskeySignIn = (road) => (asked.push(road), real(road))
  })
  await w.user.click(await button('Use this computer'))
  await heading('Sign in by this computer')
  expect(asked).toEqual(['computer'])
})

describe('the area', () => {
  it('says when no key is there, and sees one come', async () => {
    const w = await open((far) => (far.world.keys = []))
    await heading('No security key is here')
    await sound()
    w.far.world.plug([key(), lockedKey()])
    await screen.findByText('YubiKey 5 NFC')
    screen.getByText('The key may not be used')
    expect(screen.getByLabelText('Command with the rule')).toBeTruthy()
    await sound()
  })

  it('is there for every user', async () => {
    const w = await walk('user')
    await w.user.click(await button('Security keys'))
    await heading('Security keys')
  })

  it('shows one key and makes it blink', async () => {
    const w = await open()
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await heading('YubiKey 5 NFC')
    screen.getByText('22 more')
    screen.getByText('FIDO_2_1, FIDO_2_0, U2F_V2')
    await sound()
    await w.user.click(await button('Identify'))
    await waitFor(() => expect(w.far.world.winked).toEqual(['k1']))
    w.far.world.plug([])
    await heading('The key is not there')
    w.far.world.plug([key()])
    await button('Identify')
  })

  it('changes a PIN, and stays where one is wrong', async () => {
    const w = await open((far) => (far.world.keys = [key({ left: 4 })]))
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await w.user.click(await button('Change PIN'))
    await screen.findByRole('dialog', { name: 'Change PIN' })
    await focused('Current PIN')
    await w.user.keyboard('9999')
    await w.user.type(await field('New PIN'), '123456')
    await w.user.type(await field('Repeat the PIN'), '123456')
    await w.user.click(await button('Save'))
    await screen.findByText('That was not the PIN.')
    await screen.findByText(/3 tries are left/)
    await focused('Current PIN')
    await sound()
    const spy = vi.spyOn(w.far.api, 'SetKeyPIN')
    await w.user.keyboard(rightPIN)
    await w.user.click(await button('Save'))
    await screen.findByText('YubiKey 5 NFC has its new PIN.')
    expect(screen.queryByRole('dialog')).toBeNull()
    const { old, new: fresh } = spy.mock.calls[0]![0]
    expect([...old, ...fresh].every((b) => b === 0)).toBe(true)
  })

  it('shows what the key refuses beside the new PIN', async () => {
    const w = await open((far) => (far.world.keys = [key({ pin: 'unset', left: -1 })]))
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    expect((await button('Passkeys on it')).hasAttribute('disabled')).toBe(true)
    await w.user.click(await button('Set a PIN'))
    await focused('New PIN')
    await w.user.keyboard('000000')
    await w.user.type(await field('Repeat the PIN'), '000000')
    await w.user.click(await button('Save'))
    await screen.findByText(/rules of its own/)
    await focused('New PIN')
    await w.user.clear(await field('New PIN'))
    await w.user.type(await field('New PIN'), '2468')
    await w.user.clear(await field('Repeat the PIN'))
    await w.user.type(await field('Repeat the PIN'), '2468')
    await w.user.click(await button('Save'))
    await screen.findByText('YubiKey 5 NFC has a PIN now.')
  })

  it('lists passkeys by place, names what is lost, and forgets the PIN', async () => {
    const w = await open()
    const closed = vi.spyOn(w.far.api, 'CloseKey')
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await w.user.click(await button('Passkeys on it'))
    await focused('PIN')
    await w.user.keyboard('0000{Enter}')
    await screen.findByText('That was not the PIN.')
    await focused('PIN')
    await w.user.keyboard(`${rightPIN}{Enter}`)
    const own = within(await screen.findByRole('region', { name: 'keyferry.internal' }))
    own.getByText('your device alice-iphone')
    within(screen.getByRole('region', { name: 'github.com' })).getByText('alice')
    await sound()
    await w.user.click(await button('Delete alice@example.org for keyferry.internal'))
    await screen.findByText(/It is the device alice-iphone of this account/)
    await sound()
    await w.user.click(await button('Keep it'))
    await w.user.click(await button('YubiKey 5 NFC'))
    await waitFor(() => expect(closed).toHaveBeenCalledWith('k1'))
    await w.user.click(await button('Passkeys on it'))
    await focused('PIN')
  })

  it('takes a PIN whole whose accents stand apart', async () => {
    const w = await open()
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await w.user.click(await button('Passkeys on it'))
    const pin = (await field('PIN')) as HTMLInputElement
    const apart = 'u\u0308\u0304'.repeat(31) // 62 bytes of ǖ
    await w.user.click(pin)
    await w.user.paste(apart)
    await waitFor(() => expect(pin.value.normalize('NFC')).toBe(apart.normalize('NFC')))
  })

  it('resets a key only for whoever types it, and leads through it', async () => {
    const w = await open()
    let done: () => void = () => undefined
    w.far.api.ResetKey = () => new Promise((resolve) => (done = resolve))
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await w.user.click(await button('Reset'))
    const go = await button('Reset the key')
    await screen.findByText(/The key that you plug in again is the one that is erased/)
    expect(go.hasAttribute('disabled')).toBe(true)
    await sound()
    await w.user.type(await field('To go on, type reset'), 'reset')
    await w.user.click(go)
    await screen.findByRole('dialog', { name: 'Resetting the key' })
    const now = () => document.querySelector('dialog [aria-current="step"]')?.textContent
    expect(now()).toContain('Unplug the key')
    await sound()
    w.far.emit('reset', { stage: 'unplug' })
    w.far.emit('reset', { stage: 'insert' })
    await waitFor(() => expect(now()).toContain('Plug it in again'))
    w.far.world.plug([key({ id: 'k9' })]) // so quick that nobody saw it gone
    w.far.emit('reset', { stage: 'touch' })
    await waitFor(() => expect(now()).toContain('Touch it where it blinks'))
    expect(now()).toMatch(/Within (10|9) seconds/)
    await sound()
    done()
    await screen.findByText('The key is empty and has no PIN.')
    await button('Identify') // of the key in its new place
  })

  it('says when a key wants its touch to last', async () => {
    const w = await open()
    w.far.api.ResetKey = () => new Promise(() => undefined)
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await w.user.click(await button('Reset'))
    await w.user.type(await field('To go on, type reset'), 'reset')
    await w.user.click(await button('Reset the key'))
    await screen.findByRole('dialog', { name: 'Resetting the key' })
    w.far.emit('reset', { stage: 'hold' })
    await waitFor(() => expect(document.querySelector('dialog [aria-current="step"]')?.textContent).toMatch(/Touch it, and hold.*ten seconds/))
    await sound()
  })

  it('gives a reset up, and says when it came too late', async () => {
    const w = await open()
    const cancelled = vi.spyOn(w.far.api, 'CancelReset')
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    const begin = async () => {
      await w.user.click(await button('Reset'))
      await w.user.type(await field('To go on, type reset'), 'reset')
      await w.user.click(await button('Reset the key'))
    }
    await begin()
    await screen.findByRole('dialog', { name: 'Resetting the key' })
    await w.user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Cancel' }))
    await waitFor(() => expect(cancelled).toHaveBeenCalledTimes(1))
    w.far.api.ResetKey = () => Promise.reject(failure('key-reset-late', 'replug-key'))
    await begin()
    await screen.findByText('Too late for a reset')
    await sound()
  })

  it('looks after this computer as after a key, without what only a key has', async () => {
    const w = await open((far) => (far.world.keys = [key({ id: 'local', way: 'internal', model: '', pin: 'unset', left: -1, transports: ['internal'] })]))
    await heading('No security key is here')
    await w.user.click(await button('Look at This computer'))
    await heading('This computer')
    expect(screen.queryByRole('button', { name: 'Identify' })).toBeNull()
    await w.user.click(await button('Set a PIN'))
    await screen.findByText(/No fingerprint or face is checked here/)
    await w.user.click(await button('Cancel'))
    await w.user.click(await button('Reset'))
    expect(screen.queryByText(/plug in again/)).toBeNull()
    await w.user.type(await field('To go on, type reset'), 'reset')
    await w.user.click(await button('Delete all of it'))
    await screen.findByRole('dialog', { name: 'Deleting passkeys' })
    expect(document.querySelector('dialog')?.textContent).not.toContain('Unplug')
    await sound()
  })

  it('shows a blocked key a way out', async () => {
    const w = await open((far) => (far.world.keys = [key({ left: 0 })]))
    await w.user.click(await button('Look at YubiKey 5 NFC'))
    await screen.findByText(/Only a reset makes this key usable again/)
    expect((await button('Change PIN')).hasAttribute('disabled')).toBe(true)
    expect((await button('Reset')).hasAttribute('disabled')).toBe(false)
  })
})

describe('the sandbox', () => {
  it('has a key that is touched while it blinks', async () => {
    const w = await walk('sandbox-home')
    await enrol(w)
    const sim = await screen.findByRole('region', { name: 'Simulated key' })
    const touch = within(sim).getByRole('button', { name: 'Touch it' })
    expect(touch.hasAttribute('disabled')).toBe(true)
    await sound()
    w.far.advance('enter-pin', { keys: 1, pin: ask() })
    await focused('PIN')
    await w.user.keyboard(`${rightPIN}{Enter}`)
    await within(sim).findByText('Wants to make a passkey for sandbox.keyferry.internal')
    expect(touch.hasAttribute('disabled')).toBe(false)
    await sound()
    await w.user.click(touch)
    await heading('Checking the answer')
  })

  it('can be unplugged, and be another model', async () => {
    const w = await walk('sandbox-home')
    await w.user.click(await button('Security keys'))
    const sim = await screen.findByRole('region', { name: 'Simulated key' })
    await w.user.click(within(sim).getByRole('button', { name: 'Unplug it' }))
    await within(sim).findByText('Not plugged in')
    await w.user.click(within(sim).getByText('Behaviour'))
    await w.user.selectOptions(await field('What it resembles'), 'A very old one (U2F)')
    await waitFor(() => expect(w.far.world.simKey).toMatchObject({ model: 'u2f', plugged: false }))
    await sound()
  })
})

it('tells what is heard of phones while a code is shown', async () => {
  const w = await walk('home')
  await enrol(w, 'Phone or tablet')
  const code = { qr: pretendQR(1), until: Date.now() + 100_000, radio: 'hci0' }
  w.far.advance('show-qr', code)
  await w.user.click(await screen.findByText('Is my phone heard?'))
  screen.getByText(/Nothing was heard yet/)
  w.far.advance('show-qr', { ...code, sightings: [{ at: 2, length: 27, signal: -58, matched: false }, { at: 1, length: 20, signal: 0, matched: false }] })
  await screen.findByText('Phones are heard, but none that has scanned this code.')
  screen.getByText('−58 dBm · 27 bytes')
  screen.getByText('a newer phone')
  screen.getByText('strength unknown · 20 bytes')
  await sound()
  w.far.advance('show-qr', { ...code, sightings: [{ at: 3, length: 20, signal: -40, matched: true }] })
  await screen.findByText('Your phone is heard.')
})

it('is asked about before it is added, by being plugged in', async () => {
  const asked: string[] = []
  const w = await walk('home', (far) => {
    far.world.keys = [key({ aaguid: 'cb69481e-8ff7-4039-93ec-0a2729a154a8', model: 'YubiKey 5' })]
    const real = far.api.Preflight
    far.api.Preflight = (r) => (asked.push(r.model), real(r))
  })
  await w.user.click(await button('Device models'))
  await w.user.click((await screen.findAllByRole('row'))[1]!)
  await w.user.type(await screen.findByRole('combobox', { name: 'For' }), 'bob')
  const which = await field('Which device')
  await w.user.selectOptions(which, 'YubiKey 5, plugged in now')
  await waitFor(() => expect(asked.at(-1)).toBe('cb69481e-8ff7-4039-93ec-0a2729a154a8'))
  await sound()
  w.far.world.plug([])
  await screen.findByText('Or plug in a security key, and ask about that one.')
})

describe('what this computer can do', () => {
  it('stands in ladders, with what to mend and what AWS documents', async () => {
    const w = await open()
    await w.user.click(await button('Can I do this here?'))
    await heading('Can I do this here?')
    const phone = within(await screen.findByRole('region', { name: /^Phone by code/ }))
    phone.getByText('Bluetooth is off. Turn Bluetooth on in your system’s settings, then check again.')
    phone.getByText(/The name cable.auth.com is not found/)
    phone.getByText('Comes after what is missing above.')
    const row = screen.getByRole('row', { name: /^Security key on USB/ })
    expect(row.textContent).toContain('supported, in Chrome, not in private windows')
    await sound()
    w.far.world.readiness.ladders[0]!.state = 'ready'
    await w.user.click(await button('Check again'))
    await waitFor(() => expect(app.spoken).toBe('2 of 5 ways work here.'))
    await w.user.click(await button('Back'))
    await heading('Security keys')
  })

  it('is reached from the settings, and says when it cannot be asked', async () => {
    const w = await walk('home', (far) => (far.api.Readiness = () => Promise.reject(failure('timed-out', 'retry'))))
    await w.user.click(await button('Settings'))
    await w.user.click(await button('Can I do this here?'))
    await screen.findByText('That took too long')
    await sound()
    await w.user.click(await button('Back'))
    await heading('Settings')
  })
})

it('is asked about as one that proves nothing where its model is not known', async () => {
  const asked: string[] = []
  const w = await walk('home', (far) => {
    far.world.keys = [key({ aaguid: 'cb69481e-8ff7-4039-93ec-0a2729a154a8', model: 'YubiKey 5' })]
    const real = far.api.Preflight
    far.api.Preflight = (r) => {
      asked.push(r.model)
      return r.model === '' ? real(r) : Promise.reject(failure('not-found', 'reload', { params: { what: 'model' } }))
    }
  })
  await w.user.click(await button('Security keys'))
  await w.user.click((await screen.findAllByRole('button', { name: /^Look at/ }))[0]!)
  await w.user.type(await screen.findByRole('combobox', { name: 'For' }), 'bob{Enter}')
  await screen.findByText(/do not know its model/)
  await screen.findByRole('region', { name: 'Before the touch' })
  expect(asked).toEqual(['cb69481e-8ff7-4039-93ec-0a2729a154a8', ''])
  await sound()
})
