import { expect, it } from 'vitest'
import { checkAll, checkFailures, checkUse, checkWords } from '../../scripts/i18n.mjs'
import { failureTitle, failureWhat, t } from '.'

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
    'failure.cc.s_title: registry.go has no such code',
  ])
  expect(checkFailures(words, 'package mfa')).toContain('no failure codes found in registry.go')
})

it('finds what is missing, unused, or used without its parts', () => {
  const words = { 'a.s_used': 'Used', 'a.s_left': 'Left', 'a.l_parts': 'With {name}' }
  expect(checkUse(words, ["t('a.s_used') t('a.s_gone') t('a.l_parts')"])).toEqual([
    'a.s_left: not used',
    'a.s_gone: used but missing',
    'a.l_parts: used without what goes into it',
  ])
})

it('fills in, and does not stumble over what is missing', () => {
  expect(t('linked.l_forgotten', { name: 'Pixel' })).toBe('Pixel is forgotten.')
  expect(t('linked.l_forgotten')).toBe('– is forgotten.')
  expect(failureWhat('device-limit', { max: '8' })).toContain('8 devices')
  expect(failureTitle('from-the-future')).toBe(failureTitle('internal'))
})
