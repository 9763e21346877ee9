import { describe, expect, it } from 'vitest'
import { sampleModels } from '../api/fake'
import { all, choose, counts, entries, everything, none, refused, valuesOf, type Chosen, type ModelColumn } from './table'

const list = entries(sampleModels())
const find = (text: string, chosen: Partial<Chosen> = {}, by: ModelColumn = 'name', down = false) =>
  choose(list, { text, chosen: { ...everything(), ...chosen }, sort: { by, down } }).map((m) => m.name)

describe('finding models', () => {
  it.each([
    ['nothing asked for', '', {}, 12],
    ['words in any order', 'fips aster', {}, 2],
    ['a part of the ID', '7c2f1d0a', {}, 1],
    ['no hit', 'zeppelin', {}, 0],
    ['a FIDO level', '', { fido: 'L2' }, 4],
    ['no FIDO level', '', { fido: none }, 1],
    ['FIPS 140-2', '', { fips2: 'L2' }, 1],
    ['FIPS 140-3', '', { fips3: 'L3' }, 1],
    ['one of several transports', '', { transport: 'ble' }, 2],
    ['a protocol', '', { protocol: 'u2f' }, 1],
    ['a status', '', { status: 'NOT_FIDO_CERTIFIED' }, 1],
    ['what cannot be added', '', { status: refused }, 1],
    ['all of them together', 'fips', { fido: 'L2', transport: 'nfc' }, 3],
  ])('%s', (_, text, chosen, n) => expect(find(text, chosen)).toHaveLength(n))

  it('sorts by level, with what is refused below all', () => {
    const up = find('', {}, 'levels')
    expect(up[0]).toBe('Gale Key 1')
    expect(up.at(-1)).toBe('Ember Phone Authenticator')
    expect(find('', {}, 'levels', true).at(-1)).toBe('Gale Key 1')
  })

  it('sorts equal ones by name', () => {
    const l2 = find('', { fido: 'L2', fips3: none, fips2: none }, 'levels', true)
    expect(l2).toEqual([...l2].sort())
  })
})

describe('counting what is left', () => {
  it('counts each facet by all the others', () => {
    const n = counts(list, { text: '', chosen: { ...everything(), fido: 'L2' } })
    expect(n.fido.get(all)).toBe(12)
    expect(n.fips2.get('L2')).toBe(1)
    expect(n.fips2.get(all)).toBe(4)
    expect(n.status.get(refused)).toBeUndefined()
    expect(n.transport.get('usb')! + n.transport.get('nfc')!).toBeGreaterThan(n.transport.get(all)!)
  })

  it('keeps what is chosen though nothing is left of it, in the order of levels', () => {
    const n = counts(list, { text: 'dune', chosen: { ...everything(), fido: 'L3' } })
    expect(valuesOf('fido', n.fido, 'L3')).toEqual([all, 'L2', 'L3', none])
    expect(valuesOf('fido', counts(list, { text: '', chosen: everything() }).fido, all)).toEqual([all, 'L1', 'L1plus', 'L2', 'L3', 'L3plus', none])
  })

  it('puts what cannot be added before single reports', () => {
    expect(valuesOf('status', counts(list, { text: '', chosen: everything() }).status, all)[1]).toBe(refused)
  })
})
