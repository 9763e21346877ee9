// @vitest-environment jsdom
/** What policies say before, during and after adding a device, and what was proven of one. */
import { screen, within } from '@testing-library/svelte'
import { describe, expect, it } from 'vitest'
import type { AddingWayDTO, OutcomeDTO, TrustDTO } from '../api'
import { failure } from '../api/fake'
import { button, field, heading, sound, walk } from './walk'

const way = (name: AddingWayDTO['way'], more: Partial<AddingWayDTO> = {}): AddingWayDTO =>
  ({ way: name, road: name === 'app' || name === 'token' ? '' : name, missing: null, allowed: true, doomed: false, reason: '', decision: null, needs: [], ...more })

const deny: OutcomeDTO = {
  policy: 'Locked', inline: false, group: '', statement: 1, sid: 'NoCodes', effect: 'Deny', line: 3, matched: true, part: '', operator: '', key: '', want: [], got: [], absent: false,
}

const trust = (more: Partial<TrustDTO> = {}): TrustDTO => ({
  fido: '', fips2: '', fips3: '', proven: false, unproven: 'no-attestation', model: '', entry: '', format: '', blob: 0, at: 1, reports: [], hello: 'no',
  helloProof: 'hybrid', ...more,
})

describe('the wizard', () => {
  it('marks the ways that would be refused, with the reason', async () => {
    const w = await walk('home', (far) => {
      far.api.WaysToAdd = async () => [
        way('phone', { doomed: true, reason: 'activate', needs: [{ key: 'fips2', operator: '', values: ['L2'] }, { key: 'fido', operator: '', values: ['L2', 'L3'] }] }),
        way('app', { allowed: false, reason: 'single', decision: { effect: 'explicitDeny', decided: 0, outcomes: [deny] } }),
        way('token'),
      ]
    })
    await w.user.click(await button('Add device'))
    const phone = await screen.findByRole('radio', { name: 'Phone or tablet' })
    await screen.findByText('would be refused')
    const about = (radio: HTMLElement) => document.getElementById(radio.getAttribute('aria-describedby')!)!.textContent
    expect(about(phone)).toContain('The policies want FIPS 140-2 L2 or FIDO L2 or L3, and phones prove no certificate')
    expect(about(screen.getByRole('radio', { name: 'Authenticator app' }))).toContain('do not allow it for you. Statement NoCodes of Locked denies it')
    expect(about(screen.getByRole('radio', { name: 'Hardware token' }))).not.toContain('policies')
    await sound()
  })

  it('asks for whom the device is', async () => {
    const asked: string[] = []
    await walk('home', (far) => (far.api.WaysToAdd = async (id) => (asked.push(id), [way('app', { allowed: false, reason: 'single' })])))
    const { app } = await import('../app/app.svelte')
    app.open('users')
    app.add({ id: 'p-carol', name: 'carol' })
    await screen.findByText(/do not allow it for carol/)
    expect(asked.at(-1)).toBe('p-carol')
  })

  it('works when nobody can say what is allowed', async () => {
    const w = await walk('home', (far) => (far.api.WaysToAdd = () => Promise.reject(failure('storage-failed', 'retry'))))
    await w.user.click(await button('Add device'))
    await w.user.type(await field('Device name'), 'fresh{Enter}')
    await heading('Add your phone')
  })

  it('leads to the phone on Windows', async () => {
    const w = await walk('home', (far) => (far.world.system = 'windows'))
    await w.user.click(await button('Add device'))
    await screen.findByText(/Take “Phone or tablet” instead/)
    expect(screen.queryByRole('radio', { name: 'This computer' })).toBeNull()
    await sound()
  })
})

describe('a refusal', () => {
  const refused = {
    step: 'Activate', decision: 'implicitDeny', needs: 'FIPS-140-2 L2; FIDO L2, L2plus', fido: 'L1', fips2: '', fips3: '', unproven: '', model: 'Acme Key',
    blob: '122', reported: '2023-05-01', admitted: '14', left: 'yes', rp: 'keyferry.internal', user: 'bob',
  }
  const enrolled = async (params: Record<string, string>, code = 'device-not-admitted') => {
    const w = await walk('home')
    await w.user.click(await button('Add device'))
    await w.user.type(await field('Device name'), 'fresh{Enter}')
    await heading('Add your phone')
    w.far.advance('failed', { failure: failure(code, 'use-other-device', { params }) })
    return w
  }

  it('is told as a difference, with what stayed behind', async () => {
    await enrolled(refused)
    const needed = within((await screen.findByText('Needed')).parentElement!)
    expect(needed.getByText('FIPS 140-2 L2')).toBeTruthy()
    expect(needed.getByText('FIDO L2 or L2plus')).toBeTruthy()
    screen.getByText('Acme Key: FIDO L1 (metadata 122, report of 1 May 2023)')
    screen.getByText(/passkeys in the phone’s settings: the entry of bob for keyferry\.internal/)
    screen.getByText('14 models in your metadata would pass.')
    await button('Use another phone')
    screen.getByText('A passkey stayed behind')
    screen.getByText('No statement allows it')
    await sound()
  })

  it('says unproven, never none', async () => {
    await enrolled({ ...refused, fido: '', unproven: 'no-attestation', model: '', admitted: '0', policy: 'Certified', statement: '2', decision: 'explicitDeny' })
    await screen.findByText('Unproven: it does not attest what it is, as phones do not')
    screen.getByText('Statement 2 in the policy Certified')
    screen.getByText('No model in your metadata would pass.')
    await button('Back to my devices')
    expect(screen.queryByRole('button', { name: 'Use another phone' })).toBeNull()
  })

  it('before the touch has nothing to compare', async () => {
    await enrolled({ step: 'Create', decision: 'implicitDeny', needs: '', fido: '', fips2: '', fips3: '', unproven: '', model: '', blob: '0', reported: '' })
    await screen.findByText('No statement allows it')
    expect(screen.queryByText('Needed')).toBeNull()
    expect(screen.queryByText('A passkey stayed behind')).toBeNull()
  })

  it('of a reported model says what stayed behind, too', async () => {
    await enrolled({ model: 'Acme Key', status: 'REVOKED', date: '2025-01-01', blob: '122', left: 'yes' }, 'model-refused')
    await screen.findByText('A passkey stayed behind')
    screen.getByText(/^Acme Key cannot be added\. FIDO reports since 1 Jan 2025: /)
  })
})

describe('a device', () => {
  const shown = async (t: TrustDTO) => {
    const w = await walk('home', (far) => {
      const first = far.world.own.find((d) => d.passkey)!
      first.passkey!.trust = t
    })
    const row = (await screen.findAllByRole('button', { name: /^Details of / }))[0]!
    await w.user.click(row)
    return w
  }

  it('shows its certificates and where they come from', async () => {
    await shown(trust({ proven: true, unproven: '', fips2: 'L2', fido: 'L1', model: 'Acme Key', blob: 122, reports: [{ status: 'FIPS140_CERTIFIED_L2', date: '2023-05-01', until: '', number: '', fips: 2, url: '', now: true }] }))
    await screen.findByText('FIDO L1 · FIPS 140-2 L2 (Acme Key)')
    screen.getByText('FIPS 140-2 L2, since 1 May 2023')
    screen.getByText(/^metadata 122 on/)
    screen.getByText('no: it came from a phone')
  })

  it('says why nothing is proven', async () => {
    await shown(trust({ unproven: 'not-judged', hello: '', helloProof: '', at: 0 }))
    await screen.findByText('Unproven: it was added before Keyferry looked')
    expect(screen.queryByText('Windows Hello')).toBeNull()
  })
})

it('saves that Windows Hello must be ruled out', async () => {
  const w = await walk('home')
  const { app } = await import('../app/app.svelte')
  app.open('settings')
  await w.user.click(await screen.findByRole('checkbox', { name: 'Refuse what might be Windows Hello' }))
  await w.user.click((await screen.findAllByRole('button', { name: 'Save' }))[0]!)
  await screen.findByText(/saved/i)
  expect(w.far.world.settings.ruleOutHello).toBe(true)
})

it('saves that new users get no right to any device', async () => {
  const w = await walk('home')
  const { app } = await import('../app/app.svelte')
  app.open('settings')
  const box = await screen.findByRole('checkbox', { name: 'New users may add any device' })
  expect((box as HTMLInputElement).checked).toBe(true)
  await w.user.click(box)
  await w.user.click((await screen.findAllByRole('button', { name: 'Save' }))[0]!)
  await screen.findByText(/saved/i)
  expect(w.far.world.settings.newUsersAnyDevice).toBe(false)
})
