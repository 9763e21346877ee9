import { expect, it } from 'vitest'
import { checkAll, checkDoor, checkFailures, checkUse, checkWords, sourcesFrom } from '../../scripts/i18n.mjs'
import { failureTitle, failureWhat, t, wordOr } from '.'

it('has all its words in order', () => expect(checkAll()).toEqual([]))

it.each([
  ['a label that is too long', '{\n"a.s_x": "123456789012345678901234!"\n}', '25 characters'],
  ['a key that stands twice', '{\n"a.s_x": "one",\n"a.s_x": "two"\n}', 'stands twice'],
  ['a text that stands twice', '{\n"a.s_x": "one",\n"a.s_y": "one"\n}', 'same text'],
  ['a key of no length class', '{\n"a.title": "one"\n}', 'must start with'],
  ['an empty text', '{\n"a.s_x": " "\n}', 'empty'],
])('complains of %s', (_, json, words) => expect(checkWords(json).join()).toContain(words))

it('complains of a key that stands in two files', () => {
  expect(checkWords('{\n"a.s_x": "one"\n}', '{\n"a.s_x": "two"\n}')).toEqual(['a.s_x: stands twice'])
})

it('asks for the words of every failure code', () => {
  const go = 'const (\n\tCodeA Code = "aa"\n\tCodeB   Code = "bb" // params: x\n)'
  const words = { 'failure.aa.s_title': 'A', 'failure.aa.l_what': 'It is a.', 'failure.cc.s_title': 'C' }
  expect(checkFailures(words, go)).toEqual([
    'failure.bb: no s_title',
    'failure.bb: needs either l_what or p_what',
    'failure.cc.s_title: codes.go has no such code',
  ])
  expect(checkFailures(words, 'package mfa')).toContain('no failure codes found in codes.go')
})

it('finds what is missing, unused, or used without its parts', () => {
  const words = { 'a.s_used': 'Used', 'a.s_left': 'Left', 'a.l_parts': 'With {name}' }
  expect(checkUse(words, ["t('a.s_used') t('a.s_gone') t('a.l_parts')"])).toEqual([
    'a.s_left: not used',
    'a.s_gone: used but missing',
    'a.l_parts: used without what goes into it',
  ])
})

it('finds what the first screens say without having the words for it', () => {
  const inside = { 'a.s_used': 'Used', 'a.s_left': 'Left' }
  expect(checkDoor(inside, ["t('a.s_used')"])).toEqual(['a.s_used: used at the door, but not in its files'])
  const door = [...sourcesFrom('src/start.ts').keys()]
  expect(door).toEqual(expect.arrayContaining(['src/App.svelte', 'src/screens/SignIn.svelte', 'src/app/app.svelte.ts', 'src/components/Button.svelte']))
  expect(door).not.toContain('src/screens/Home.svelte')
})

it('has a form for one beside each count, and no such form alone', () => {
  const words = { 'a.l_bare': '{n} days', 'a.l_count': '{n} days', 'a.l_count_one': '1 day', 'a.l_lost_one': '1 day left' }
  expect(checkUse(words, ["t('a.l_bare', { n }) t('a.l_count', { n })"])).toEqual([
    'a.l_bare: there is no form for one',
    'a.l_lost_one: there is no form for other numbers',
  ])
})

it.each([
  ['a number', t('tokens.l_import_all', { n: 1 }), 'Import this token'],
  ['more', t('tokens.l_import_all', { n: 5_001 }), 'Import all 5,001'],
  ['none', t('grace.s_left', { n: 0 }), '0 days left'],
  ['a unit', t('enforce.s_days', { n: 1 }), 'day'],
  ['an event, whose numbers are texts', wordOr('event.activity-exported.l_what', '', { count: '1' }), 'exported one event'],
  ['a failure', failureWhat('import-problems', { count: '1' }), 'One cannot be imported, so nothing was. You can import the others alone.'],
])('counts %s', (_, said, want) => expect(said).toBe(want))

it('fills in, and does not stumble over what is missing', () => {
  expect(t('linked.l_forgotten', { name: 'Pixel' })).toBe('Pixel is forgotten.')
  expect(t('linked.l_forgotten')).toBe('– is forgotten.')
  expect(failureWhat('device-limit', { max: '8' })).toContain('8 devices')
  expect(failureTitle('from-the-future')).toBe(failureTitle('internal'))
})

it('says which policy refused, and that nothing could be imported', () => {
  expect(failureWhat('access-denied', { policy: 'Certified', statement: 'Finish', decision: 'explicitDeny' })).toContain('Certified denies it, in the statement Finish')
  expect(failureWhat('access-denied', { policy: 'Broken', decision: 'unreadable' })).toContain('Broken can’t be read')
  expect(failureWhat('access-denied', { decision: 'implicitDeny' })).toBe(failureWhat('access-denied'))
  expect(failureWhat('import-problems', { count: '3', good: 'none' })).toContain('Not one row')
})
