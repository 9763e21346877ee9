// @vitest-environment jsdom
/** Policies: the list, the editor with its answers, groups, and what holds for somebody. */
import { EditorView } from '@codemirror/view'
import { configure, screen, waitFor, within } from '@testing-library/svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { failure, noMetadata } from '../api/fake'
import { app } from '../app/app.svelte'
import { lockout } from '../policies/lockout.svelte'
import { rulebook } from '../policies/rulebook.svelte'
import { people } from '../users/people.svelte'
import { button, field, heading, sound, walk, type Walk } from './walk'

configure({ defaultHidden: true })
vi.setConfig({ testTimeout: 120_000 })
beforeEach(() => {
  lockout.asked?.(false)
  rulebook.arrive('nobody', -1)
  people.arrive('nobody', -1)
})

async function open(before?: Parameters<typeof walk>[1]): Promise<Walk> {
  const w = await walk('home', before)
  await w.user.click(await button('Policies'))
  await screen.findByRole('grid', { name: 'Policies' })
  return w
}

/** The editor as CodeMirror knows it. */
async function editor(): Promise<EditorView> {
  return waitFor(() => {
    const content = document.querySelector('[data-policy-text]')?.shadowRoot?.querySelector<HTMLElement>('.cm-content')
    const view = content && EditorView.findFromDOM(content)
    if (!view) throw new Error('no editor yet')
    return view
  })
}

async function openOne(w: Walk, name: string): Promise<EditorView> {
  await w.user.click(await screen.findByRole('row', { name: new RegExp(`^${name}`) }))
  await heading(name)
  return editor()
}

const text = (view: EditorView) => view.state.doc.toString()

/** As if it was typed. */
function change(view: EditorView, from: string, to: string): void {
  const at = text(view).indexOf(from)
  expect(at).toBeGreaterThanOrEqual(0)
  view.dispatch({ changes: { from: at, to: at + from.length, insert: to }, userEvent: 'input.type' })
}

const marked = (view: EditorView) => [...view.dom.querySelectorAll('.cm-decided, .cm-decided-deny')].map((l) => l.textContent).join('\n')

describe('a model that policies were asked about', () => {
  it('leads to the statement that decided, and back', async () => {
    const w = await walk('home')
    await w.user.click(await button('Device models'))
    await w.user.click(await screen.findByRole('row', { name: /Aster Key 5 FIPS/ }))
    await w.user.type(await screen.findByRole('combobox', { name: 'For' }), 'bob{Enter}')
    const before = within(await screen.findByRole('region', { name: 'Before the touch' }))
    await w.user.click(await before.findByRole('button', { name: 'Show the statement' }))
    await heading('EnableAnyDevice')
    const view = await editor()
    await waitFor(() => expect(marked(view)).toContain('EnableMFADevice'))
    expect(rulebook.pointed?.policy).toBe('EnableAnyDevice')
    await sound()
    await w.user.selectOptions(await screen.findByLabelText('With'), 'codes')
    expect(rulebook.pointed).toBeNull()
    await w.user.click(await button('Back to the model'))
    await heading('Aster Key 5 FIPS')
  })
})

describe('the list', () => {
  it('names each policy, to how many it is attached, and which are built in', async () => {
    const { user } = await open()
    expect(screen.getByRole('row', { name: /^EnableAnyDevice built in/ }).textContent).toContain('10 users or groups')
    expect(screen.getByRole('row', { name: /^FipsKeysOnly/ }).textContent).toContain('1 user or group')
    await sound()
    await user.type(screen.getByRole('searchbox', { name: 'Search policies' }), 'nothing of the kind')
    await heading('No such policy')
    await user.click(await button('Show all'))
    await screen.findByRole('row', { name: /^ManageOwnDevices/ })
  })

  it('is not there for an ordinary user', async () => {
    await walk('user')
    await heading('My security')
    expect(screen.queryByRole('button', { name: 'Policies' })).toBeNull()
  })

  it('shows what went wrong when it cannot be read', async () => {
    const w = await walk('home', (far) => (far.api.Policies = () => Promise.reject(failure('storage-failed', 'retry'))))
    await w.user.click(await button('Policies'))
    await screen.findByText('The disk gave an error')
    await sound()
  })
})

describe('the editor', () => {
  it('has a name, says how to leave it, and holds no keyboard', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    expect(view.contentDOM.getAttribute('aria-label')).toBe('Text of FipsKeysOnly')
    expect(view.contentDOM.getAttribute('aria-description')).toContain('Escape and then Tab')
    await sound()
    const press = (key: string) => {
      const e = new KeyboardEvent('keydown', { key, code: key, keyCode: { Tab: 9, Escape: 27, a: 65 }[key], bubbles: true, composed: true, cancelable: true } as KeyboardEventInit)
      view.contentDOM.dispatchEvent(e)
      return e.defaultPrevented
    }
    view.focus()
    expect(press('Tab')).toBe(true)
    press('Escape')
    expect(app.spoken).toBe('Tab leaves the text now.')
    expect(press('Tab')).toBe(false)
    press('a')
    expect(press('Tab')).toBe(true)
    await heading('FipsKeysOnly')
  })

  it('marks problems where they are, lists them and leads to each', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    await screen.findByText('No problem found')
    change(view, 'iam:FIDO-FIPS-140-2-certification', 'iam:FIPS-140-2-certification')
    await screen.findByText('1 warning')
    const problem = await button(/There is no key iam:FIPS-140-2-certification, so nothing ever has it. Is iam:FIDO-FIPS/)
    await waitFor(() => expect(view.dom.querySelector('.cm-lintRange-warning')?.textContent).toBe('"iam:FIPS-140-2-certification"'))
    await w.user.click(problem)
    expect(view.state.sliceDoc(view.state.selection.main.from, view.state.selection.main.to)).toBe('"iam:FIPS-140-2-certification"')
    change(view, '"Version"', '"Version')
    await screen.findByText('1 error')
    await screen.findByText('Mend the errors in the text, then there are answers.')
    await w.user.click(await button('Undo in the text'))
    await screen.findByText('1 warning')
    await sound()
  })

  it('brings the text in order, and undoes that in one step', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    const before = text(view)
    const squeezed = JSON.stringify(JSON.parse(before))
    view.dispatch({ changes: { from: 0, to: before.length, insert: squeezed }, userEvent: 'input.paste' })
    await w.user.click(await button('Format'))
    expect(text(view).split('\n').length).toBeGreaterThan(20)
    await w.user.click(await button('Undo in the text'))
    expect(text(view)).toBe(squeezed)
    await w.user.click(await button('Redo in the text'))
    change(view, '{', '')
    const broken = text(view)
    await w.user.click(await button('Format'))
    await screen.findByText('It can be formatted once its braces and quotation marks match.')
    expect(text(view)).toBe(broken)
  })

  it('saves, and only what was changed', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    expect((await button('Save')).hasAttribute('disabled')).toBe(true)
    change(view, '"L2"', '"L3"')
    await screen.findByText('Not saved yet')
    const save = vi.spyOn(w.far.api, 'SavePolicy')
    await w.user.click(await button('Save'))
    await screen.findByText('FipsKeysOnly is saved.')
    expect(save.mock.calls[0]![0]).toMatchObject({ name: 'FipsKeysOnly', version: 3, lockOut: false })
    expect(save.mock.calls[0]![0].document).toContain('"L3"')
    expect(screen.queryByText('Not saved yet')).toBeNull()
  })

  it('asks before unsaved text is left, by whatever way', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    change(view, '"L2"', '"L4"')
    for (const way of ['All policies', 'Users', 'Sign out']) {
      await w.user.click(await button(way))
      const dialog = await screen.findByRole('dialog', { name: 'Leave without saving?' })
      await sound()
      await w.user.click(within(dialog).getByRole('button', { name: 'Stay here' }))
      expect(text(await editor())).toContain('"L4"')
    }
    await w.user.click(await button('Users'))
    await w.user.click(await button('Leave it unsaved'))
    await heading('Users')
    expect(w.far.world.policies.find((p) => p.name === 'FipsKeysOnly')!.document).toContain('"L2"')
  })

  it('keeps unsaved text over a session that ended by itself', async () => {
    const w = await open()
    change(await openOne(w, 'FipsKeysOnly'), '"L2"', '"L4"')
    await screen.findByText('Not saved yet')
    w.far.world.signedIn = false
    w.far.emit('state', w.far.world.state())
    await heading(/Sign in/)
    w.far.world.signedIn = true
    w.far.emit('state', w.far.world.state())
    await w.user.click(await button('Policies'))
    await screen.findByText('What you had not saved is still here.')
    expect(text(await editor())).toContain('"L4"')
  })

  it.each([['Take their text', '"L1"'], ['Go on with mine', '"L4"']])('sees that somebody saved it meanwhile: %s', async (choice, want) => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    change(view, '"L2"', '"L4"')
    w.far.world.policies = w.far.world.policies.map((p) => (p.name === 'FipsKeysOnly' ? { ...p, version: 8, document: p.document.replace('"L2"', '"L1"') } : p))
    await w.user.click(await button('Save'))
    await screen.findByText('Somebody else saved it')
    await sound()
    await w.user.click(await button(choice))
    expect(text(view)).toContain(want)
    if (choice === 'Go on with mine') {
      await w.user.click(await button('Save'))
      await screen.findByText('FipsKeysOnly is saved.')
      expect(w.far.world.policies.find((p) => p.name === 'FipsKeysOnly')).toMatchObject({ version: 9 })
    }
  })

  it('asks once more before everybody but root is locked out', async () => {
    const w = await open()
    change(await openOne(w, 'FipsKeysOnly'), 'AllowStart', 'lockout')
    await w.user.click(await button('Save'))
    let dialog = await screen.findByRole('dialog', { name: 'Lock out every administrator?' })
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Keep it as it was' }))
    await screen.findByText('Not saved yet')
    await w.user.click(await button('Save'))
    dialog = await screen.findByRole('dialog', { name: 'Lock out every administrator?' })
    await w.user.click(within(dialog).getByRole('button', { name: 'Do it all the same' }))
    await screen.findByText('FipsKeysOnly is saved.')
  })

  it('shows at its place what Go finds wrong when it saves', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    change(view, '"L2"', '"L3"')
    await screen.findByText('Not saved yet')
    const params = { what: 'sid-duplicate', where: '/Statement/1/Sid', wanted: '5', line: '16', column: '14' }
    w.far.api.SavePolicy = () => Promise.reject(failure('policy-malformed', 'change-input', { params }))
    await w.user.click(await button('Save'))
    await button(/Line 16: this Sid stands already on line 5/)
    await waitFor(() => expect(view.state.doc.lineAt(view.state.selection.main.head).number).toBe(16))
  })

  it('changes no built-in policy, and copies it', async () => {
    const w = await open()
    const view = await openOne(w, 'ManageOwnDevices')
    expect(view.state.readOnly).toBe(true)
    expect(text(view).split('\n').length).toBeGreaterThan(20)
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
    await sound()
    await w.user.click(await button('Copy as a new policy'))
    await heading('New policy')
    expect(text(await editor())).toContain('ManageOwn')
  })

  it('is written from a template under a name that is free', async () => {
    const w = await open()
    await w.user.click(await button('New policy'))
    await heading('New policy')
    await sound()
    await w.user.click(await button(/FIPS keys and codes/))
    await button(/There is no key iam:FIPS-140-2-certification/)
    const view = await editor()
    expect(view.contentDOM.getAttribute('aria-label')).toBe('Text of New policy')
    const name = await field('Name of the policy')
    await waitFor(() => expect(document.activeElement).toBe(name))
    await w.user.type(name, 'fipskeysonly')
    await w.user.click(await button('Save'))
    await waitFor(() => expect(name.getAttribute('aria-invalid')).toBe('true'))
    await w.user.clear(name)
    await w.user.type(name, 'AsPrinted')
    await w.user.keyboard('{Control>}s{/Control}')
    await heading('AsPrinted')
    await waitFor(() => expect(view.contentDOM.getAttribute('aria-label')).toBe('Text of AsPrinted'))
    await w.user.click(await button('All policies'))
    await screen.findByRole('row', { name: /^AsPrinted/ })
  })

  it('is deleted after a question, and not while it is attached', async () => {
    const w = await open((far) => {
      far.world.policies = [...far.world.policies, { ...far.world.policies[2]!, name: 'Spare' }]
    })
    for (const [name, gone] of [['FipsKeysOnly', false], ['Spare', true]] as const) {
      await openOne(w, name)
      await w.user.click(await button(`More for ${name}`))
      await w.user.click(await screen.findByRole('menuitem', { name: 'Delete this policy…' }))
      const dialog = await screen.findByRole('dialog', { name: `Delete ${name}?` })
      await sound()
      if (gone) await w.user.click(within(dialog).getByRole('button', { name: 'Delete policy' }))
      else {
        expect(within(dialog).queryByRole('button', { name: 'Delete policy' })).toBeNull()
        await w.user.click(within(dialog).getByRole('button', { name: 'Cancel' }))
        await w.user.click(await button('All policies'))
      }
    }
    await screen.findByText('Spare is deleted.')
    expect(w.far.world.policies.map((p) => p.name)).not.toContain('Spare')
  })
})

describe('the test', () => {
  it('marks the statement that decided, and says why the others did not', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    await screen.findByText('Statement AllowStart allows it, and nothing denies it.')
    await waitFor(() => expect(marked(view)).toContain('AllowStart'))
    expect(marked(view)).not.toContain('AllowCertified')
    await screen.findByText('Asks for the step Activate; here it is Create.')
    await w.user.selectOptions(await screen.findByLabelText('With'), 'Activate')
    await screen.findByText('No statement allows it.')
    expect(marked(view)).toBe('')
    await screen.findByText('Asks for FIPS 140-2 level L2, and there is none.')
    await w.user.selectOptions(await screen.findByLabelText('FIPS 140-2 level'), 'L2')
    await screen.findByText('Statement AllowCertified allows it, and nothing denies it.')
    await waitFor(() => expect(marked(view)).toContain('AllowCertified'))
    await sound()
    change(view, '"Effect": "Allow"', '"Effect": "Deny"')
    await w.user.selectOptions(await screen.findByLabelText('With'), 'Create')
    await screen.findByText('Explicitly denied')
    await waitFor(() => expect(view.dom.querySelector('.cm-decided-deny')).toBeTruthy())
  })

  it('asks what is saved for somebody, too', async () => {
    const w = await open()
    await openOne(w, 'FipsKeysOnly')
    await screen.findByText('Allowed')
    await w.user.selectOptions(await screen.findByLabelText('Ask'), 'all')
    await screen.findByText('Statement EnableOwn of EnableAnyDevice allows it, and nothing denies it.')
    await w.user.selectOptions(await screen.findByLabelText('Action'), 'iam:ListUsers')
    await screen.findByText('Not allowed')
    await screen.findByText(/^Is about iam:ListMFADevices, iam:ResyncMFADevice, iam:DeactivateMFADevice/)
  })
})

describe('what it lets in', () => {
  it('counts the models, says why each, and what saving would change', async () => {
    const w = await open()
    const view = await openOne(w, 'FipsKeysOnly')
    await w.user.click(await screen.findByRole('radio', { name: 'Lets in' }))
    await screen.findByText('1 of 12 models are let in')
    const row = (name: string) => screen.findByRole('row', { name: new RegExp(`^${name}`) })
    expect((await row('Aster Key 5 NFC')).textContent).toContain('Asks for FIPS 140-2 level L2, and there is none.')
    expect((await row('Aster Key 5 FIPS')).textContent).toContain('let in')
    await sound()
    change(view, '"L2"', '["L2", "L3"]')
    await screen.findByText('2 of 12 models are let in')
    await screen.findByText('Saving it lets in 1 more, and keeps out 0 that are let in now.')
    await w.user.selectOptions(await screen.findByLabelText('Show'), 'changed')
    await waitFor(() => expect(screen.queryByRole('row', { name: /^Aster Key 5 NFC/ })).toBeNull())
    expect((await row('Borealis Card FIPS')).textContent).toContain('changed')
    const differences = vi.spyOn(w.far.api, 'SaveDifferences')
    await w.user.click(await button('Save as CSV'))
    await screen.findByText(/^Saved as differences-FipsKeysOnly-\d{4}-\d\d-\d\d\.csv\.$/)
    expect(differences.mock.calls[0]![0].first.document).not.toContain('"L3"')
    expect(differences.mock.calls[0]![0].second.document).toContain('"L3"')
    await w.user.selectOptions(await screen.findByLabelText('Show'), 'all')
    const save = vi.spyOn(w.far.api, 'SaveAdmission')
    await w.user.click(await button('Save as CSV'))
    await screen.findByText(/^Saved as models-FipsKeysOnly-\d{4}-\d\d-\d\d\.csv\.$/)
    expect(save.mock.calls[0]![0].rules.document).toContain('"L3"')
    change(view, '"Version"', '"Version')
    await screen.findByText('This is from before the error in the text.')
  })

  it('holds it against another policy and against older metadata', async () => {
    const w = await open((far) => (far.world.metadata.older = [{ ...far.world.metadata.current!, number: 9 }]))
    await openOne(w, 'FipsKeysOnly')
    await w.user.click(await screen.findByRole('radio', { name: 'Lets in' }))
    await screen.findByText('1 of 12 models are let in')
    const box = await screen.findByLabelText('Compare with')
    await w.user.selectOptions(box, 'EnableAnyDevice')
    await screen.findByText(/^This text lets in 0 that EnableAnyDevice keeps out, and keeps out [1-9]\d* that EnableAnyDevice lets in\.$/)
    const left = { ...w.far.world.models[0]!, id: 'left', name: 'Old Key' }
    const ask = vi.spyOn(w.far.api, 'CompareAdmission').mockResolvedValue([{ model: left, change: 'refused', by: null }])
    await w.user.selectOptions(box, 'Number 9')
    await screen.findByText('With metadata 9 it kept out 0 that it lets in now, and let in 1 that it keeps out now.')
    expect(ask.mock.calls.at(-1)![0]).toMatchObject({ firstBlob: 9, secondBlob: 0 })
    await w.user.selectOptions(await screen.findByLabelText('Show'), 'changed')
    expect((await screen.findByRole('row', { name: /^Old Key/ })).textContent).toContain('The metadata in use does not know this model.')
    await sound()
  })

  it('says that metadata is missing', async () => {
    const w = await open((far) => (far.world.metadata = noMetadata()))
    await openOne(w, 'FipsKeysOnly')
    await w.user.click(await screen.findByRole('radio', { name: 'Lets in' }))
    await heading('No metadata')
    await button('Import metadata')
    await sound()
  })
})

describe('attaching', () => {
  it('shows to whom it is attached, and detaches with a way back', async () => {
    const w = await open()
    await openOne(w, 'FipsKeysOnly')
    await w.user.click(await screen.findByRole('radio', { name: 'Attached to' }))
    await w.user.click(await button('Detach from engineering'))
    await screen.findByText('FipsKeysOnly no longer holds for engineering.')
    await screen.findAllByText('Attached to nobody yet, so it has no effect.')
    await w.user.click(await button('Undo'))
    await button('Detach from engineering')
    await w.user.click(await button('Attach to somebody…'))
    const dialog = await screen.findByRole('dialog', { name: 'Attach FipsKeysOnly' })
    await sound()
    await w.user.click(within(dialog).getByRole('button', { name: 'Attach' }))
    await screen.findByText('Choose one first.')
    const who = within(dialog).getByRole('combobox', { name: 'User name' })
    await w.user.type(who, 'carol')
    expect(within(dialog).getByRole('listbox').style.width).not.toBe('') // over the dialog, which would cut it off
    await w.user.type(who, '{Enter}')
    await w.user.click(within(dialog).getByRole('button', { name: 'Attach' }))
    await button('Detach from carol')
    await screen.findByText('FipsKeysOnly holds for carol now.')
  })

  it('shows on a user’s page what holds and where it comes from', async () => {
    const w = await walk('home')
    await w.user.click(await button('Users'))
    await w.user.click((await screen.findAllByRole('row', { name: /^dan/ }))[0]!)
    await heading('dan')
    const part = (await screen.findByRole('heading', { name: 'Policies that hold' })).closest('section')!
    await waitFor(() => expect(part.textContent).toContain('through the group engineering'))
    await w.user.click(await button('More for FipsKeysOnly'))
    expect(screen.queryByRole('menuitem', { name: 'Detach' })).toBeNull()
    await w.user.keyboard('{Escape}')
    await w.user.click(await button('More for EnableAnyDevice'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Detach' }))
    await screen.findByText('EnableAnyDevice no longer holds for dan.')
    await waitFor(() => expect(screen.queryByRole('button', { name: 'More for EnableAnyDevice' })).toBeNull())
    await w.user.click(await button('Attach a policy…'))
    const dialog = await screen.findByRole('dialog', { name: 'Attach a policy to dan' })
    await w.user.selectOptions(within(dialog).getByLabelText('Policy'), 'EnableAnyDevice')
    await w.user.click(within(dialog).getByRole('button', { name: 'Attach' }))
    await button('More for EnableAnyDevice')
    await sound()
  })

  it('writes, changes and removes an inline policy, and comes back to the person', async () => {
    const w = await walk('home')
    await w.user.click(await button('Users'))
    await w.user.click((await screen.findAllByRole('row', { name: /^bob/ }))[0]!)
    await w.user.click(await button('More for ReadReport'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Edit' }))
    await heading('ReadReport')
    change(await editor(), 'GetCredentialReport', 'ListUsers')
    await w.user.click(await button('Save'))
    await screen.findByText('ReadReport is saved.')
    await w.user.click(await button('Back to the user'))
    await heading('bob')
    expect(w.far.world.inline[0]!.document).toContain('iam:ListUsers')
    await w.user.click(await button('More for ReadReport'))
    await w.user.click(await screen.findByRole('menuitem', { name: 'Remove it' }))
    await waitFor(() => expect(w.far.world.inline).toHaveLength(0))
    await w.user.click(await button('Undo'))
    await button('More for ReadReport')
  })

  it('tells root that policies do not concern them', async () => {
    const w = await walk('home')
    await w.user.click(await button('Users'))
    await w.user.click((await screen.findAllByRole('row', { name: /^alice/ }))[0]!)
    await screen.findByText('Policies do not concern the root user, who may do everything.')
  })
})

describe('groups', () => {
  it('are made, get members and policies, and are deleted', async () => {
    const w = await open()
    await w.user.click(await button('Groups'))
    await screen.findByRole('row', { name: /^engineering 3 members FipsKeysOnly/ })
    await sound()
    await w.user.click(await button('New group'))
    const name = await field('Name of the group')
    await w.user.type(name, 'Visitors{Enter}')
    await waitFor(() => expect(name.getAttribute('aria-invalid')).toBe('true'))
    await w.user.clear(name)
    await w.user.type(name, 'desk{Enter}')
    await heading('desk')
    await screen.findByText('Nobody is in it yet.')
    await w.user.type(screen.getByRole('combobox', { name: 'Add somebody' }), 'judy{Enter}')
    await w.user.click(await button('Add to the group'))
    await button('Take judy out')
    await w.user.click(await button('Attach a policy…'))
    const dialog = await screen.findByRole('dialog', { name: 'Attach a policy to desk' })
    await w.user.selectOptions(within(dialog).getByLabelText('Policy'), 'FipsKeysOnly')
    await w.user.click(within(dialog).getByRole('button', { name: 'Attach' }))
    await button('More for FipsKeysOnly')
    await sound()
    await w.user.click(await button('Take judy out'))
    await screen.findByText('judy is no longer in desk.')
    await w.user.click(await button('Delete this group…'))
    await w.user.click(within(await screen.findByRole('dialog', { name: 'Delete the group desk?' })).getByRole('button', { name: 'Delete group' }))
    await heading('Groups')
    expect(w.far.world.groups.map((g) => g.name)).toEqual(['engineering', 'visitors'])
  })
})
