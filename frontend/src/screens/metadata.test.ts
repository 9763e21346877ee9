// @vitest-environment jsdom
/** The models that FIDO's metadata knows: bringing it in, finding a model, and what has changed for devices. */
import { configure, screen, waitFor, within } from '@testing-library/svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { blob, device, failure, noMetadata, report, type Fake } from '../api/fake'
import { app } from '../app/app.svelte'
import { library } from '../metadata/library.svelte'
import { people } from '../users/people.svelte'
import { button, heading, sound, walk, type Walk } from './walk'

configure({ defaultHidden: true })
vi.setConfig({ testTimeout: 120_000 })
beforeEach(() => {
  library.arrive('nobody', -1)
  people.arrive('nobody', -1)
})

async function open(before?: (far: Fake) => void): Promise<Walk> {
  const w = await walk('home', before)
  await w.user.click(await button('Device models'))
  await heading('Device models')
  return w
}

const nothing = (far: Fake) => {
  far.world.metadata = noMetadata()
  far.world.models = []
}
const rows = () => screen.getAllByRole('row').filter((r) => r.dataset['row'] !== undefined)
const choice = (name: string) => screen.getByRole<HTMLSelectElement>('combobox', { name })
const drop = (far: Fake, id: string) => far.emit('files', [{ id, name: 'blob.jwt', size: 9 }])

describe('before there is metadata', () => {
  it('says what it is and that everything else works, and offers both ways', async () => {
    await open(nothing)
    await heading('No metadata here yet')
    await screen.findByText(/Everything else works without it/)
    await screen.findByText('https://mds3.fidoalliance.org/')
    await screen.findByText(/only when you press the button/)
    await sound()
  })

  it('has forgotten what was wrong with a file when it is opened anew', async () => {
    const { user, far } = await open(nothing)
    await heading('No metadata here yet')
    drop(far, 'f-other')
    await screen.findByRole('alert')
    await user.click(await button('Users'))
    await user.click(await button('Device models'))
    await heading('No metadata here yet')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('takes a file', async () => {
    const { user, far } = await open(nothing)
    far.world.file = { id: 'f1', name: 'blob.jwt', size: 9 }
    await user.click(await button('Choose a file'))
    await screen.findByText('Metadata number 12 is imported, with 12 models.')
    await screen.findByText('12 models, from FIDO’s metadata number 12')
    await sound()
  })

  it('fetches when asked to, and not before', async () => {
    const far = await open(nothing)
    const fetch = vi.spyOn(far.far.api, 'FetchMetadata')
    expect(fetch).not.toHaveBeenCalled()
    await far.user.click(await button('Fetch from FIDO'))
    await screen.findByText('Metadata number 12 is imported, with 12 models.')
    expect(fetch).toHaveBeenCalledOnce()
  })
})

describe('importing', () => {
  async function bring(before?: (far: Fake) => void): Promise<Walk> {
    const w = await open(before)
    await w.user.click(await button('Import newer'))
    await heading('Import metadata')
    return w
  }

  it('tells how far the download is, goes on while one looks elsewhere, and can be cancelled', async () => {
    const { user, far } = await bring()
    let fail: (e: unknown) => void = () => undefined
    far.api.FetchMetadata = () => new Promise((_, reject) => (fail = reject))
    far.api.CancelFetch = async () => fail(failure('cancelled', 'retry', { category: 'cancelled' }))
    await user.click(await button('Fetch from FIDO'))
    await screen.findAllByText('Asking FIDO')
    far.emit('import', { id: 'metadata', done: 1 << 20, total: 4 << 20 })
    await screen.findAllByText('Fetching: 1.0 MB of 4.0 MB')
    far.emit('import', { id: 'other', done: 3, total: 4 })
    expect(screen.getByRole<HTMLProgressElement>('progressbar').value).toBe(1 << 20)
    await sound()
    await user.click(await button('All models'))
    await user.click(await button('Import newer'))
    await screen.findAllByText('Fetching: 1.0 MB of 4.0 MB')
    far.emit('import', { id: 'metadata', done: 2 << 20, total: 0 })
    await screen.findAllByText('Fetching: 2.0 MB')
    await user.click(await button('Cancel'))
    await screen.findByText('Cancelled. Nothing has changed.')
    await button('Fetch from FIDO')
    expect(screen.queryByRole('alert')).toBeNull()
  })

  it('tells that it checks when all has come', async () => {
    const { user, far } = await bring()
    far.api.FetchMetadata = () => new Promise(() => undefined)
    await user.click(await button('Fetch from FIDO'))
    far.emit('import', { id: 'metadata', done: 1 << 20, total: 1 << 20 })
    await screen.findAllByText('Checking the signature and reading the models')
    library.importing = ''
  })

  it.each([
    ['f-other', 'Not a metadata file', /three parts/],
    ['f-old', 'Not a newer file', /It has number 4, and you have 12 already/],
  ])('says what is wrong with %s, and that nothing has changed', async (id, title, what) => {
    const { far } = await bring()
    drop(far, id)
    const alert = await screen.findByRole('alert')
    expect(alert.textContent).toContain(title)
    expect(alert.textContent).toMatch(what)
    await screen.findByText('Nothing has changed here.')
    await sound()
  })

  it('says when it cannot fetch', async () => {
    const { user, far } = await bring()
    far.api.FetchMetadata = () => Promise.reject(failure('metadata-download', 'check-network', { params: { host: 'mds3.fidoalliance.org' } }))
    await user.click(await button('Fetch from FIDO'))
    await screen.findByText('mds3.fidoalliance.org did not answer. You can also import a file.')
  })

  it('knows the very same file again, and takes a newer one', async () => {
    const { far } = await bring()
    drop(far, 'f-same')
    await screen.findByText('It is the very file of number 12. Nothing has changed.')
    drop(far, 'f1')
    await screen.findByText('Metadata number 13 is imported, with 12 models.')
    await screen.findByText(/Number 13, imported/)
  })
})

describe('what is in use', () => {
  it('warns that it is overdue, and tells about it in full', async () => {
    const { user } = await open()
    await screen.findByText('Overdue')
    expect(screen.queryByRole('alert')).toBeNull()
    await user.click(await button('About the metadata'))
    await heading('About the metadata')
    await screen.findByText(/does not know what was reported since then/)
    await screen.findByText('mds.fidoalliance.org')
    await screen.findByText(/^5f1e0f3c/)
    await screen.findByText('Left out: 1. Used without what could not be read: 1.')
    await screen.findByText('It names no model.')
    await screen.findByText('Some of its root certificates cannot be read.')
    await screen.findByText('Number 9')
    await sound()
  })

  it('says when the next one is due, and that all was read', async () => {
    const next = new Date(Date.now() + 20 * 86_400_000)
    const { user } = await open((far) => (far.world.metadata = { ...far.world.metadata, odd: [], older: [], current: blob({ overdue: false, nextUpdate: next.getTime() }) }))
    await screen.findByText(/Next update expected on/)
    expect(screen.queryByText('Overdue')).toBeNull()
    await user.click(await button('About the metadata'))
    await heading('Every entry of the list could be read.')
  })

  it('says what could not be read at all, and tries once more', async () => {
    const w = await walk('home')
    const read = w.far.api.Metadata
    w.far.api.Metadata = () => Promise.reject(failure('database-damaged', 'restore-backup'))
    await w.user.click(await button('Device models'))
    await screen.findByRole('alert')
    w.far.api.Metadata = read
    await w.user.click(await button('Try once more'))
    await screen.findByText('12 models, from FIDO’s metadata number 12')
  })
})

describe('the catalogue', () => {
  it('lists, searches, narrows and counts', async () => {
    const { user } = await open()
    await screen.findByText('12 models, from FIDO’s metadata number 12')
    expect(rows()).toHaveLength(12)
    expect(screen.getByRole('row', { name: /Gale Key 1/ }).textContent).toContain('Cannot be added')
    expect(screen.getByRole('row', { name: /Gale Key 1/ }).textContent).toContain('The key that proves its model has leaked')
    await sound()
    await user.selectOptions(choice('FIDO level'), 'L2 (4)')
    await waitFor(() => expect(rows()).toHaveLength(4))
    await screen.findByText('4 of 12 models')
    await user.selectOptions(choice('FIPS 140-2'), 'L3 (1)')
    await waitFor(() => expect(rows()).toHaveLength(1))
    await user.click(await button('Show them all'))
    await user.selectOptions(choice('Report'), 'Cannot be added (1)')
    await waitFor(() => expect(rows()).toHaveLength(1))
    await user.click(await button('Show them all'))
    await user.type(screen.getByRole('searchbox'), 'zeppelin')
    await heading('No such model')
    await sound()
  })

  it('opens a model by the keyboard, and leads back to its row', async () => {
    const { user } = await open()
    const row = await screen.findByRole('row', { name: /Aster Key 5 FIPS/ })
    row.focus()
    await user.keyboard('{Enter}')
    await heading('Aster Key 5 FIPS')
    await user.click(await button('All models'))
    await waitFor(() => expect(document.activeElement?.textContent).toContain('Aster Key 5 FIPS'))
  })
})

describe('one model', () => {
  async function model(name: RegExp, before?: (far: Fake) => void): Promise<Walk> {
    const w = await open(before)
    await w.user.click(await screen.findByRole('row', { name }))
    await screen.findByText('What FIDO reports')
    return w
  }

  it('tells what FIDO reports and what its maker says, in words', async () => {
    const { user, far } = await model(/Aster Key 5 FIPS/)
    await screen.findByText(/Certificate 3907/)
    const reports = within(screen.getByRole('region', { name: 'What FIDO reports' })).getAllByRole('listitem')
    expect(reports.map((r) => r.textContent)).toEqual([expect.stringContaining('FIDO L2'), expect.stringContaining('FIPS 140-2 L2')])
    await screen.findByText('PIN on the computer + touch · touch')
    await screen.findByText('separate hardware · a secure chip')
    await user.click(screen.getByText('Technical details'))
    await screen.findByText('ECDSA P-256 with SHA-256 · Ed25519 with SHA-512')
    await sound()
    await user.click(await button('Copy the identifier'))
    expect(far.copied).toEqual([expect.stringContaining('00000002-')])
  })

  it('marks what does not hold, and says until when it did', async () => {
    await model(/Aster Key 5 NFC/, (far) => {
      const details = far.api.Model
      far.api.Model = async (id) => ({ ...(await details(id)), reports: [report({ until: '2021-01-01', now: false })], icon: 'data:image/png;base64,cGljdHVyZQ==', devices: 2 })
    })
    await screen.findByText(/from 12 May 2020 until 1 Jan 2021/)
    await screen.findByText('Not in effect')
    await screen.findByText('2 devices of this account are of this model.')
    expect(screen.getByRole<HTMLImageElement>('img', { name: 'Picture of Aster Key 5 NFC' }).src).toContain('data:image/png')
  })

  it('asks the policies for somebody', async () => {
    const { user, far } = await model(/Aster Key 5 FIPS/)
    const ask = vi.spyOn(far.api, 'Preflight')
    await user.type(screen.getByRole('combobox', { name: 'For' }), 'bob{Enter}')
    await screen.findByRole('region', { name: 'Before the touch' })
    expect(ask.mock.calls[0]![0]).toMatchObject({ principalId: 'p-bob', model: '00000002-aaaa-4bbb-8ccc-0123456789ab' })
    await sound()
  })

  it('says that one cannot be added, and what that means', async () => {
    await model(/Gale Key 1/)
    await screen.findByText('FIDO reports: The key that proves its model has leaked')
    await screen.findByText(/Those that were added before stay as they are/)
    await sound()
  })

  it('says so when it is not there any more', async () => {
    const { user } = await open((far) => (far.api.Model = () => Promise.reject(failure('not-found', 'reload', { params: { what: 'model' } }))))
    await user.click(await screen.findByRole('row', { name: /Cobalt Vault/ }))
    await heading('It is not there any more')
  })
})

describe('what has changed', () => {
  it('leads to somebody’s device from a note', async () => {
    const { user } = await open()
    await screen.findByText('FIDO says something else about one device than when it was added.')
    await user.click(await button('Look at it'))
    await heading('What has changed')
    const item = screen.getByText('bob-phone').closest('li')!
    expect(item.textContent).toContain('FIDO L1')
    expect(item.textContent).toContain('cannot be added')
    expect(item.textContent).toContain('Reported: The key that proves its model has leaked')
    expect(item.textContent).toContain('Added under number 9')
    await sound()
    await user.click(await button('To bob'))
    await heading('bob')
  })

  it('replaces one’s own in the wizard', async () => {
    const { user } = await open((far) => {
      const [own = device()] = far.world.own
      far.world.drifted = [{
        device: own.name, deviceId: own.id, principalId: 'p-root', principal: 'root', model: 'Aster Key 5 FIPS', blobThen: 0, change: 'known', refused: null,
        then: { fido: '', fips2: '', fips3: '' }, now: { fido: 'L2', fips2: 'L2', fips3: '' },
      }]
    })
    await user.click(await button('Look at it'))
    await screen.findByText(/nothing proven/)
    await screen.findByText('Added without metadata')
    await user.click(await button(/^Replace /))
    await waitFor(() => expect(app.route).toBe('add'))
    expect(app.adding.replacing?.id).toBe(app.devices[0]!.id)
  })

  it('does without where somebody may not see it', async () => {
    await open((far) => (far.api.MetadataDrift = () => Promise.reject(failure('access-denied', 'contact-administrator'))))
    await screen.findByText('12 models, from FIDO’s metadata number 12')
    expect(screen.queryByText(/says something else/)).toBeNull()
  })
})

it('is nothing for an ordinary user', async () => {
  await walk('user')
  expect(screen.queryByRole('button', { name: 'Device models' })).toBeNull()
  app.open('metadata')
  expect(app.route).toBe('home')
})
