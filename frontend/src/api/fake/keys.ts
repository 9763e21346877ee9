/** Security keys that are plugged in, the sandbox's own, and what this computer can do. PIN 1234 is right. */
import type { BoundAPI, KeyDTO, SimKeyDTO } from '../contract'
import { failure } from './samples'
import { textOf } from './signin'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'Keys' | 'WinkKey' | 'SetKeyPIN' | 'KeyPasskeys' | 'DeleteKeyPasskey' | 'CloseKey' | 'ResetKey' | 'CancelReset' | 'SimulatedKey'
  | 'PlugSimulatedKey' | 'SetSimulatedKey' | 'Readiness'
>

export const rightPIN = '1234'

export function keyCalls(w: World): Part {
  const find = (id: string): KeyDTO => w.keys.find((k) => k.id === id) ?? w.refuse('key-lost', 'replug-key')
  const put = (key: KeyDTO): KeyDTO => {
    w.plug(w.keys.map((k) => (k.id === key.id ? key : k)))
    return key
  }
  const judge = (id: string, pin: number[]): void => {
    const key = find(id)
    if (key.left === 0) w.refuse('pin-blocked', 'reset-key', { category: 'denied' })
    if (textOf(pin) === rightPIN) return void put({ ...key, left: 8 })
    const left = put({ ...key, left: key.left - 1 }).left
    w.refuse('pin-wrong', 'change-input', { category: 'denied', params: { left: String(left) } })
  }
  const sim = (more: Partial<SimKeyDTO>): SimKeyDTO => {
    w.simKey = { ...w.simKey, ...more }
    w.emit('simkey', w.simKey)
    return w.simKey
  }
  let stopReset = (_: unknown): void => undefined
  return {
    Keys: async () => w.keys,
    WinkKey: async (id) => void w.winked.push(find(id).id),
    SetKeyPIN: async (r) => {
      const key = find(r.id)
      if (key.pin === 'set') judge(r.id, r.old)
      if (r.new.length < key.minPin) w.refuse('pin-length', 'change-input', { params: { min: String(key.minPin), max: String(key.maxPin) } })
      if (textOf(r.new) === '000000') w.refuse('pin-refused')
      return put({ ...key, pin: 'set', left: 8, mustChangePin: false })
    },
    KeyPasskeys: async (r) => {
      judge(r.id, r.pin)
      return w.keyPasskeys
    },
    DeleteKeyPasskey: async (r) => {
      w.keyPasskeys = w.keyPasskeys.filter((p) => p.id !== r.passkey)
      put({ ...find(r.id), room: find(r.id).room + 1 })
    },
    CloseKey: async () => undefined,
    ResetKey: (id) =>
      new Promise((done, refused) => {
        stopReset = refused
        const stages = ['unplug', 'insert', 'touch'] as const
        stages.forEach((stage, i) => w.later(i + 1, () => w.emit('reset', { stage })))
        w.later(4, () => {
          w.keyPasskeys = []
          put({ ...find(id), pin: 'unset', left: 8, room: 25 })
          done()
        })
      }),
    CancelReset: async () => stopReset(failure('cancelled', 'retry', { category: 'cancelled' })),
    SimulatedKey: async () => w.simKey,
    PlugSimulatedKey: async (plugged) => sim({ plugged, waiting: false, op: '' }),
    SetSimulatedKey: async (model) => sim({ model }),
    Readiness: async () => ({ ...w.readiness, at: Date.now() }),
  }
}
