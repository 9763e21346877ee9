import { describe, expect, it } from 'vitest'
import type { CeremonyDTO, Stage } from '../api/contract'
import { failure, pretendQR } from '../api/fake'
import { nothing, panelOf, reduce, secondsLeft, type CeremonyView, type Panel } from './machine'
import { stepsOf } from './steps'
import { waysOn } from './ways'

const at = (stage: Stage, more: Partial<CeremonyDTO> = {}): CeremonyDTO => ({
  id: 1, purpose: 'enrol', name: 'alice-phone', stage, reached: [], qr: null, until: 0, radio: '', signal: 0,
  road: 'phone', sightings: [], keys: 0, key: '', trouble: null, pin: null, accounts: null,
  candidate: null, device: null, state: null, failure: null, ...more,
})
const event = (view: CeremonyView, c: CeremonyDTO) => reduce(view, { type: 'event', ceremony: c })
const snapshot = (view: CeremonyView, c: CeremonyDTO) => reduce(view, { type: 'snapshot', ceremony: c })

describe('reduce', () => {
  it('takes the stages in turn', () => {
    let view = nothing
    for (const stage of ['needs-bluetooth', 'show-qr', 'phone-seen', 'connecting', 'confirm-on-phone', 'verifying', 'done'] as const) {
      view = event(view, at(stage))
      expect(view.current?.stage).toBe(stage)
    }
  })

  it('lets no late answer of a call undo an event', () => {
    const view = snapshot(event(nothing, at('phone-seen')), at('needs-bluetooth'))
    expect(view.current?.stage).toBe('phone-seen')
  })

  it('lets an event go back, as when a code is shown anew', () => {
    expect(event(event(nothing, at('phone-seen')), at('show-qr')).current?.stage).toBe('show-qr')
  })

  it.each(['done', 'failed'] as const)('ends an id with %s', (end) => {
    const view = event(event(nothing, at(end)), at('verifying'))
    expect(view.current?.stage).toBe(end)
  })

  it('prefers a new code to everything of the old one', () => {
    let view = event(event(nothing, at('failed')), at('show-qr', { id: 2 }))
    expect(view.current?.id).toBe(2)
    view = event(view, at('phone-seen', { id: 1 }))
    expect(view.current?.stage).toBe('show-qr')
  })

  it('drops the news of a ceremony that was left, and takes the next one', () => {
    const left = reduce(event(nothing, at('show-qr')), { type: 'leave' })
    expect(left.current).toBeNull()
    expect(event(left, at('failed')).current).toBeNull()
    expect(snapshot(left, at('show-qr', { id: 2 })).current?.id).toBe(2)
  })
})

it('takes what was just begun even if the numbers start anew', () => {
  const left = reduce(event(nothing, at('show-qr', { id: 9 })), { type: 'leave' })
  const begun = snapshot(left, at('needs-bluetooth'))
  expect(begun.current?.id).toBe(1)
  expect(event(begun, at('show-qr')).current?.stage).toBe('show-qr')
})

describe('panelOf', () => {
  const qr = pretendQR(1)
  const rows: [string, CeremonyDTO, Panel][] = [
    ['the radio is asked', at('needs-bluetooth'), 'checking'],
    ['a code that works', at('show-qr', { qr, until: 1001 }), 'code'],
    ['a code whose time is up', at('show-qr', { qr, until: 1000 }), 'expired'],
    ['a code without an end', at('show-qr', { qr }), 'code'],
    ['a code that is not there yet', at('show-qr'), 'checking'],
    ['a linked phone', at('ring-phone'), 'ring'],
    ['the phone was heard: no code any more', at('phone-seen', { qr, until: 5000 }), 'phone'],
    ['connecting', at('connecting'), 'phone'],
    ['asked', at('confirm-on-phone'), 'phone'],
    ['checking', at('verifying'), 'phone'],
    ['to be confirmed', at('name-device'), 'name-device'],
    ['failed', at('failed'), 'failed'],
    ['done', at('done'), 'done'],
  ]
  it.each(rows)('%s', (_, c, panel) => expect(panelOf(c, 1000)).toBe(panel))
})

it('counts whole seconds down to none', () => {
  const c = at('show-qr', { until: 101_000 })
  expect(secondsLeft(c, 1_000)).toBe(100)
  expect(secondsLeft(c, 1_001)).toBe(100)
  expect(secondsLeft(c, 200_000)).toBe(0)
})

describe('stepsOf', () => {
  const around = { rpId: 'keyferry.internal', sandbox: false, ringing: '', system: 'Linux' }
  const states = (c: CeremonyDTO) => stepsOf(c, around).map((s) => s.state[0]).join('')

  it.each([
    ['needs-bluetooth', 'nnnnnn'],
    ['show-qr', 'dnnnnn'],
    ['confirm-on-phone', 'ddddnn'],
    ['done', 'dddddd'],
  ] as const)('%s', (stage, expected) => expect(states(at(stage))).toBe(expected))

  it('has exactly one step of now', () => {
    expect(stepsOf(at('connecting'), around).filter((s) => s.state === 'now').map((s) => s.id)).toEqual(['connect'])
  })

  it('marks where a failure stopped it', () => {
    const steps = stepsOf(at('failed', { reached: ['needs-bluetooth', 'show-qr', 'phone-seen', 'connecting', 'confirm-on-phone'] }), around)
    expect(steps.find((s) => s.state === 'failed')?.id).toBe('confirm')
  })

  it('marks the very first step when nothing was reached', () => {
    expect(stepsOf(at('failed'), around)[0]?.state).toBe('failed')
  })

  it('does not speak of a code to a linked phone', () => {
    const steps = stepsOf(at('ring-phone', { purpose: 'sign-in' }), { ...around, ringing: 'Alice’s iPhone' })
    expect(steps[1]?.label).toBe('step.ring.s_label')
  })

  it('says whether the phone is near only when it was measured', () => {
    expect(stepsOf(at('connecting'), around)[2]?.detail).toBe('')
    expect(stepsOf(at('connecting', { signal: -45 }), around)[2]?.detail).toBe('step.found.l_near')
    expect(stepsOf(at('connecting', { signal: -85 }), around)[2]?.detail).toBe('step.found.l_far')
  })
})

describe('stepsOf a key', () => {
  const around = { rpId: 'keyferry.internal', sandbox: false, ringing: '', system: 'Windows' }
  const steps = (stage: Stage, more: Partial<CeremonyDTO> = {}) => stepsOf(at(stage, { road: 'key', ...more }), around)
  const states = (all: ReturnType<typeof steps>) => all.map((s) => s.state[0]).join('')

  it.each([
    ['find-key', {}, 'nnnn'],
    ['enter-pin', {}, 'dnnn'],
    ['touch-key', { keys: 1 }, 'ddnn'],
    ['choose-account', {}, 'dddn'],
    ['verifying', {}, 'dddn'],
    ['done', {}, 'dddd'],
  ] as const)('%s', (stage, more, want) => expect(states(steps(stage, more))).toBe(want))

  it('names the choice of an account while it is asked, or where it was the end', () => {
    expect(steps('verifying', { reached: ['touch-key', 'choose-account'] }).map((s) => s.id)).toEqual(['insert', 'pin', 'touch', 'check'])
    expect(steps('choose-account').map((s) => s.id)).toEqual(['insert', 'pin', 'touch', 'account'])
    const failed = steps('failed', { reached: ['find-key', 'touch-key', 'choose-account'] })
    expect([states(failed), failed[3]!.id]).toEqual(['dddf', 'account'])
    expect(stepsOf(at('choose-account', { road: 'computer' }), around).map((s) => s.id)).toEqual(['pin', 'account'])
  })

  it('takes the first touch of several keys for the choice among them', () => {
    const all = steps('touch-key', { keys: 3 })
    expect(all[0]).toMatchObject({ state: 'now', label: 'step.insert.s_choose' })
  })

  it.each([
    ['computer', 'enter-pin', ['pin', 'check']],
    ['system', 'system-dialog', ['system', 'check']],
  ] as const)('of %s has what happens there and no more', (road, stage, ids) => {
    expect(stepsOf(at(stage, { road }), around).map((s) => s.id)).toEqual(ids)
  })

  it('marks where a failure stopped it', () => {
    const all = steps('failed', { reached: ['find-key', 'enter-pin', 'touch-key'] })
    expect(all.find((s) => s.state === 'failed')?.id).toBe('touch')
  })
})

describe('waysOn', () => {
  it.each([
    ['insert-key', 'enrol', true, 'do.s_retry', 'do.s_to_devices'],
    ['replug-key', 'enrol', true, 'do.s_replugged', 'do.s_to_devices'],
    ['install-rule', 'sign-in', false, 'do.s_check_again', 'do.s_other_way'],
    ['use-other-device', 'enrol', true, 'do.s_another_key', 'do.s_to_devices'],
    ['set-pin', 'enrol', true, 'do.s_to_keys', 'do.s_to_devices'],
    ['reset-key', 'sign-in', false, 'do.s_other_way', undefined],
  ] as const)('of a key: %s while %s', (next, purpose, keys, first, other) => {
    const ways = waysOn(failure('x', next), { purpose, road: 'key' }, keys)
    expect([ways.main.label, ways.other?.label]).toEqual([first, other])
  })

  it('lets another key try where this one proved nothing', () => {
    const unproven = failure('device-not-admitted', 'use-other-device', { params: { step: 'Activate', unproven: 'no-attestation' } })
    expect(waysOn(unproven, { purpose: 'enrol', road: 'key' }).main.label).toBe('do.s_another_key')
    expect(waysOn(unproven, { purpose: 'enrol', road: 'phone' }).main.deed).toBe('leave')
  })

  const deeds = (next: Parameters<typeof failure>[1], purpose: 'enrol' | 'sign-in' = 'enrol') => {
    const ways = waysOn(failure('x', next), { purpose, road: 'phone' })
    return [ways.main.deed, ways.other?.deed]
  }
  it.each([
    ['new-code', 'again', 'leave'],
    ['retry', 'again', 'leave'],
    ['turn-on-bluetooth', 'again', 'leave'],
    ['change-input', 'change', 'leave'],
    ['forget-phone', 'forget', 'leave'],
    ['report', 'again', 'copy-details'],
    ['none', 'leave', undefined],
    ['contact-administrator', 'leave', undefined],
    ['remove-device', 'leave', undefined],
    ['sign-in', 'leave', undefined],
  ] as const)('%s', (next, main, other) => expect(deeds(next)).toEqual([main, other]))

  it('has no name to change while signing in', () => expect(deeds('change-input', 'sign-in')).toEqual(['leave', undefined]))
})

it('does not tick a PIN that nobody asked for', () => {
  const around = { rpId: 'keyferry.internal', sandbox: false, ringing: '', system: '' }
  const labels = (c: CeremonyDTO) => stepsOf(c, around).map((s) => s.label)
  const key = (stage: Stage, reached: Stage[]) => at(stage, { road: 'key', reached })
  expect(labels(key('find-key', []))).toContain('step.pin.s_label')
  expect(labels(key('touch-key', ['find-key']))).toContain('step.pin.s_unasked')
  expect(labels(key('touch-key', ['find-key', 'enter-pin']))).toContain('step.pin.s_label')
})
