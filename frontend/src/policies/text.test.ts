import { describe, expect, it } from 'vitest'
import { formatted, offsetOf, placeAt, statements } from './text'

/** The place of the bar in a text. */
const at = (marked: string) => {
  const { path, part, from, to, quoted, closed } = placeAt(marked.replace('|', ''), marked.indexOf('|'))
  return { path: path.join('/'), part, typed: marked.replace('|', '').slice(from, marked.indexOf('|')), rest: to - marked.indexOf('|'), quoted, closed }
}

describe('placeAt', () => {
  it.each([
    ['the first name', '{|', '', 'name', ''],
    ['a name that is typed', '{"Sta|"', '', 'name', 'Sta'],
    ['a statement’s name', '{"Statement": [{"Effect": "Allow", "|"}]}', 'Statement/0', 'name', ''],
    ['the second statement', '{"Statement": [{"Effect": "Allow"}, {"Ac|"}]}', 'Statement/1', 'name', 'Ac'],
    ['a value', '{"Statement": {"Effect": "|"}}', 'Statement/Effect', 'value', ''],
    ['a value in a list', '{"Statement": [{"Action": ["iam:GetUser", "iam:|"]}]}', 'Statement/0/Action/1', 'value', 'iam:'],
    ['a value without its mark', '{"Statement": [{"Action": iam|', 'Statement/0/Action', 'value', 'iam'],
    ['an operator', '{"Statement": [{"Condition": {"Str|": {}}}]}', 'Statement/0/Condition', 'name', 'Str'],
    ['a key', '{"Statement": [{"Condition": {"Bool": {"aws:|', 'Statement/0/Condition/Bool', 'name', 'aws:'],
    ['a level', '{"Statement": [{"Condition": {"StringEquals": {"iam:FIDO-certification": ["L1", "|"]}}}]}',
      'Statement/0/Condition/StringEquals/iam:FIDO-certification/1', 'value', ''],
    ['after a string is no string', '{"Version": "2012-10-17"|', 'Version', 'value', ''],
    ['a string that nobody closed ends with its line', '{"Action": "iam:|\n"Effect": "Allow"}', 'Action', 'value', 'iam:'],
    ['a mark in a string', '{"Sid": "a\\"b|"}', 'Sid', 'value', 'a\\"b'],
    ['an empty text', '|', '', 'value', ''],
  ])('%s', (_, text, path, part, typed) => expect(at(text)).toMatchObject({ path, part, typed }))

  it('tells what a completion replaces', () => {
    expect(at('{"Act|ion": ""}')).toMatchObject({ rest: 3, quoted: true, closed: true })
    expect(at('{"Act|')).toMatchObject({ rest: 0, quoted: true, closed: false })
    expect(at('{|}')).toMatchObject({ rest: 0, quoted: false, closed: false })
  })
})

describe('statements', () => {
  const found = (text: string) => statements(text).map((r) => text.slice(r.from, r.to))
  it.each([
    ['one alone', '{"Statement": {"Effect": "Deny"}}', ['{"Effect": "Deny"}']],
    ['a list', '{"Version": "x", "Statement": [{"Sid": "a"}, {"Condition": {"Null": {"k": "true"}}}]}', ['{"Sid": "a"}', '{"Condition": {"Null": {"k": "true"}}}']],
    ['none yet', '{"Statement": [', []],
    ['one that is not whole', '{"Statement": [{"Sid": "a"}, {"Sid"', ['{"Sid": "a"}']],
    ['braces in texts', '{"Statement": [{"Sid": "}"}]}', ['{"Sid": "}"}']],
    ['elsewhere', '{"Other": [{"Sid": "a"}]}', []],
  ])('%s', (_, text, want) => expect(found(text)).toEqual(want))
})

describe('formatted', () => {
  it('puts each thing on its line, and keeps short lists together', () => {
    const text = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GetUser","iam:ListUsers"],"Condition":{}}]}'
    expect(formatted(text)).toBe(
      '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": ["iam:GetUser", "iam:ListUsers"],\n      "Condition": {}\n    }\n  ]\n}\n',
    )
  })
  it('breaks a list that is long', () => {
    const long = Array.from({ length: 8 }, (_, i) => `"iam:SomethingLong${i}"`)
    expect(formatted(`[${long.join(',')}]`)!.split('\n')).toHaveLength(11)
  })
  it('changes no token, and nothing the second time', () => {
    const odd = '{"a": 1.0, "a": "\\u00e9", "b": [ {"c":null} , [] ]}'
    const once = formatted(odd)!
    expect(once.replace(/\s/g, '')).toBe(odd.replace(/\s/g, ''))
    expect(formatted(once)).toBe(once)
  })
  it.each([['{'], ['{]'], ['}'], ['{"a'], ['']])('leaves %s alone', (text) => expect(formatted(text)).toBeNull())
})

it.each([[1, 1, 0], [2, 3, 5], [2, 99, 6], [9, 1, 3], [0, 0, 0]])('offsetOf line %i column %i', (line, column, want) => {
  expect(offsetOf('ab\nabc', line, column)).toBe(want)
})
