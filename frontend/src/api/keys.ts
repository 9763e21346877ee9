/**
 * Calls about security keys and about what this computer can do. They stand apart from
 * index.ts so that the door does without them.
 */
import { on } from '.'
import type { KeyDTO, KeyPasskeyDTO, ReadinessDTO, ResetDTO, SimKeyDTO } from './contract'
import { ask, bytes, nothing } from './far'
import { failure, list } from './tidy'

const facts = <F extends { values: string[] }>(l: F[] | null): F[] => list(l).map((f) => ({ ...f, values: list(f.values) }))

export const key = (k: KeyDTO): KeyDTO => ({
  ...k, trouble: failure(k.trouble), versions: list(k.versions), extensions: list(k.extensions), transports: list(k.transports),
  certifications: facts(k.certifications),
})

const ring = (l: KeyDTO[] | null): KeyDTO[] => list(l).map(key)

const simKey = (k: SimKeyDTO): SimKeyDTO => ({ ...k, models: list(k.models) })

/** Hands PINs over as bytes, and wipes those once the call is under way and over. */
async function sealed<T>(pins: string[], call: (...secrets: number[][]) => Promise<T>): Promise<T> {
  const secrets = pins.map(bytes)
  try {
    return await call(...secrets)
  } finally {
    secrets.forEach((s) => s.fill(0))
  }
}

/** Answers the question of a ceremony. */
export const givePIN = (pin: string): Promise<void> => sealed([pin], (p = []) => ask((a) => a.GivePIN(p), nothing))

/** Answers the question for an account by its place in the list. */
export const chooseAccount = (question: number, account: number): Promise<void> => ask((a) => a.ChooseAccount({ question, account }), nothing)

export const keys = (): Promise<KeyDTO[]> => ask((a) => a.Keys(), ring)
export const winkKey = (id: string): Promise<void> => ask((a) => a.WinkKey(id), nothing)
/** An empty old PIN sets the first one. */
export const setKeyPIN = (id: string, old: string, fresh: string): Promise<KeyDTO> =>
  sealed([old, fresh], (o = [], n = []) => ask((a) => a.SetKeyPIN({ id, old: o, new: n }), key))
export const keyPasskeys = (id: string, pin: string): Promise<KeyPasskeyDTO[]> =>
  sealed([pin], (p = []) => ask((a) => a.KeyPasskeys({ id, pin: p }), list))
export const deleteKeyPasskey = (id: string, passkey: string): Promise<void> => ask((a) => a.DeleteKeyPasskey({ id, passkey }), nothing)
export const closeKey = (id: string): Promise<void> => ask((a) => a.CloseKey(id), nothing)
/** Comes back once the key was touched and is empty. */
export const resetKey = (id: string): Promise<void> => ask((a) => a.ResetKey(id), nothing)
export const cancelReset = (): Promise<void> => ask((a) => a.CancelReset(), nothing)
export const onReset = (callback: (reset: ResetDTO) => void): (() => void) => on('reset', callback)
export const onKeys = (callback: (keys: KeyDTO[]) => void): (() => void) => on('keys', (l) => callback(ring(l)))

export const readiness = (): Promise<ReadinessDTO> =>
  ask(
    (a) => a.Readiness(),
    (r) => ({
      ...r, machine: facts(r.machine),
      ladders: list(r.ladders).map((l) => ({
        ...l, documented: { ...l.documented, browsers: list(l.documented.browsers) }, rungs: list(l.rungs).map((rung) => ({ ...rung, params: rung.params ?? {}, failure: failure(rung.failure) })),
      })),
    }),
  )

// the sandbox

export const simulatedKey = (): Promise<SimKeyDTO> => ask((a) => a.SimulatedKey(), simKey)
export const touchSimulatedKey = (): Promise<void> => ask((a) => a.TouchSimulatedKey(), nothing)
export const plugSimulatedKey = (there: boolean): Promise<SimKeyDTO> => ask((a) => a.PlugSimulatedKey(there), simKey)
export const setSimulatedKey = (model: string): Promise<SimKeyDTO> => ask((a) => a.SetSimulatedKey(model), simKey)
export const onSimulatedKey = (callback: (key: SimKeyDTO) => void): (() => void) => on('simkey', (k) => callback(simKey(k)))
