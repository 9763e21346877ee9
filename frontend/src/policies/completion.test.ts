import { describe, expect, it } from 'vitest'
import { sampleWords } from '../api/fake/documents'
import { choices, startOf } from './completion'
import { placeAt } from './text'

const offered = (marked: string) => choices(placeAt(marked.replace('|', ''), marked.indexOf('|')), sampleWords).map((c) => c.text)

describe('choices', () => {
  it.each([
    ['at the top', '{"|"}', ['Version', 'Statement']],
    ['in a statement', '{"Statement": [{"|"}]}', ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']],
    ['for an effect', '{"Statement": {"Effect": "|"}}', ['Allow', 'Deny']],
    ['for a version', '{"Version": "|"}', ['2012-10-17']],
    ['for a level, whatever its key’s case', '{"Statement": [{"Condition": {"StringEquals": {"IAM:fido-Certification": ["L1", "|"]}}}]}',
      ['L1', 'L1plus', 'L2', 'L2plus', 'L3', 'L3plus']],
    ['for Null', '{"Statement": [{"Condition": {"Null": {"iam:RegisterSecurityKey": "|"}}}]}', ['true', 'false']],
    ['for a key that knows no values', '{"Statement": [{"Condition": {"ArnLike": {"aws:PrincipalArn": "|"}}}]}', sampleWords.variables],
    ['elsewhere', '{"Other": {"|"}}', []],
    ['in a Sid', '{"Statement": [{"Sid": "|"}]}', []],
  ])('%s', (_, text, want) => expect(offered(text)).toEqual(want))

  it('names actions, operators and keys', () => {
    expect(offered('{"Statement": [{"NotAction": ["|"]}]}')).toEqual(expect.arrayContaining(['iam:EnableMFADevice', 'iam:*', 'keyferry:*']))
    expect(offered('{"Statement": [{"Condition": {"|"}}]}')).toEqual(sampleWords.operators)
    expect(offered('{"Statement": [{"Condition": {"Bool": {"|"}}}]}')).toEqual(sampleWords.keys)
    expect(offered('{"Statement": [{"Resource": "|"}]}')).toContain('${aws:username}')
  })
})

it.each([
  ['arn:aws:iam::*:user/', 'variable', 20], ['arn:aws:iam::*:user/${aw', 'variable', 20], ['a${aws:username}', 'variable', 16], ['iam:E', 'action', 0],
] as const)('a choice begins where it belongs: %s', (typed, sort, want) => expect(startOf(typed, sort)).toBe(want))
