import { expect, it } from 'vitest'
import type { DeviceDTO } from '../api/contract'
import { chooseTokens, hashName, modelOf, tokenEntries } from './table'

const token = (serial: string, createdAt: number, manufacturer = 'Feitian', period = 30) =>
  ({ id: serial, serial, createdAt, code: { algorithm: 'SHA1', digits: 6, period, drift: 0, manufacturer, model: 'c200' } }) as DeviceDTO

const all = tokenEntries([token('GAHT2', 3), token('gaht1', 1, 'Token2', 60), token('B3', 2)])
const serials = (text: string, by: 'serial' | 'model' | 'codes' | 'since', down = false) =>
  chooseTokens(all, text, { by, down }).map((d) => d.serial)

it.each([
  ['serial numbers without case', '', 'serial', false, ['B3', 'gaht1', 'GAHT2']],
  ['models, then serial numbers', '', 'model', false, ['B3', 'GAHT2', 'gaht1']],
  ['longer steps last', '', 'codes', false, ['B3', 'GAHT2', 'gaht1']],
  ['the newest first', '', 'since', true, ['GAHT2', 'B3', 'gaht1']],
  ['maker and number together', 'token2 gaht', 'serial', false, ['gaht1']],
  ['nothing', 'nokia', 'serial', false, []],
] as const)('%s', (_, text, by, down, want) => expect(serials(text, by, down)).toEqual(want))

it('names hashes as people know them', () => {
  expect(['SHA1', 'sha256', 'SHA-512'].map(hashName)).toEqual(['SHA-1', 'SHA-256', 'SHA-512'])
  expect(modelOf(null)).toBe('')
})

it('keeps 10,000 tokens far below the time of a stutter', () => {
  const many = tokenEntries(Array.from({ length: 10_000 }, (_, i) => token(`GAHT${(i * 7_919) % 10_000}`, i)))
  // The processor's time, not the clock's: a busy machine makes nothing dearer.
  const cost = () => {
    const before = process.cpuUsage()
    chooseTokens(many, '', { by: 'serial', down: true })
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  expect(Math.min(cost(), cost(), cost())).toBeLessThan(80)
})
