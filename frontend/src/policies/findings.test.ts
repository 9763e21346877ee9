import { readFileSync } from 'node:fs'
import { describe as group, expect, it } from 'vitest'
import type { FindingDTO } from '../api'
import words from '../i18n/en/findings.json'
import { describe } from './findings'

const finding = (code: string, params: Record<string, string> = {}): FindingDTO => ({ level: 'warning', code, line: 3, column: 5, length: 1, params })

/** The constants of a Go file whose names begin so, by their values. */
function constants(file: string, prefix: string): string[] {
  const go = readFileSync(new URL(`../../../backend/${file}`, import.meta.url), 'utf8')
  return [...go.matchAll(new RegExp(`^\\s*${prefix}\\w+\\s*=\\s*"([^"]+)"`, 'gm'))].map((m) => m[1]!)
}

group('every finding of the linter', () => {
  const codes = constants('policy/lint/finding.go', 'Code')
  it('is known by its code', () => expect(codes.length).toBeGreaterThan(20))
  it.each(codes)('%s has words', (code) => {
    const params = Object.fromEntries(
      ['what', 'wanted', 'limit', 'size', 'variable', 'element', 'sid', 'action', 'resource', 'on', 'key', 'value', 'operator', 'type', 'level', 'missing'].map((k) => [k, 'x']),
    )
    const said = describe(finding(code, params))
    expect(said).not.toBe(code)
    expect(said).not.toMatch(/\{\w+\}|–/)
  })
  it('has words for no other', () => {
    const known = Object.keys(words).flatMap((k) => /^finding\.([^.]+)\.[lp]_what/.exec(k)?.[1] ?? [])
    expect(known.filter((k) => !codes.includes(k))).toEqual([])
  })
})

it.each(constants('policy/malformed.go', 'Wrong'))('a text that is wrong by %s has words of its own', (what) => {
  expect(Object.keys(words)).toContain(`failure.policy-malformed.l_what_${what}`)
})

it.each([
  ['a key that is near', finding('unknown-key', { key: 'iam:FIPS', nearest: 'iam:FIDO-FIPS' }), 'There is no key iam:FIPS, so nothing ever has it. Is iam:FIDO-FIPS meant?'],
  ['no key that is near', finding('unknown-key', { key: 'iam:x', nearest: '' }), 'There is no key iam:x, so nothing ever has it.'],
  ['its place', finding('malformed', { what: 'type', where: '/Statement', wanted: 'text-or-list' }), 'Line 3, column 5: there must be text or list here.'],
  ['an element that is near', finding('malformed', { what: 'unknown-element', where: '', wanted: 'Action' }), 'Line 3, column 5: a policy has no such element. Is Action meant?'],
  ['a code to come', finding('from-the-future'), 'from-the-future'],
])('says %s', (_, f, want) => expect(describe(f)).toBe(want))

it('says whom a Deny hits besides', () => {
  expect(describe(finding('deny-hits-others', { create: 'no', totp: 'yes' }))).toContain('apps and tokens, too')
  expect(describe(finding('deny-hits-others', { create: 'yes', totp: 'no' }))).toContain('first step of every security key, before')
  expect(describe(finding('deny-hits-others', { create: 'yes', totp: 'yes' }))).toContain('iam:RegisterSecurityKey')
})
