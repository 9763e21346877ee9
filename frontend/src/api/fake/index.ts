/**
 * A far side without Go, for `npm run dev`, for tests and for looking at every
 * screen. It keeps the contract's promises in the contract's order and proves
 * nothing else. It is not part of a release build.
 */
import type { BoundAPI, CeremonyDTO, Events, FailureDTO, Runtime, Stage } from '../contract'
import { accountCalls } from './account'
import { answerCalls } from './answers'
import { ceremonyCalls } from './ceremonies'
import { deviceCalls } from './devices'
import { keyCalls } from './keys'
import { metadataCalls } from './metadata'
import { policyCalls } from './policies'
import { signInCalls } from './signin'
import { tokenCalls } from './tokens'
import { userCalls } from './users'
import { World } from './world'

export { blob, noMetadata, report, sampleModels, trustOf, unproven } from './catalogue'
export { rightPIN } from './keys'
export { key, lockedKey, sampleFound, samplePasskeys } from './ring'
export { codeDevice, device, failure, pretendQR, user } from './samples'
export type { Scene } from './world'

export interface Fake {
  api: BoundAPI
  runtime: Runtime
  /** What it knows; a test may change it. */
  world: World
  /** Sends an event as Go would. */
  emit<E extends keyof Events>(event: E, data: Events[E]): void
  /** Moves the running ceremony on. */
  advance(stage: Stage, more?: Partial<CeremonyDTO>): void
  fail(failure: FailureDTO): void
  copied: string[]
}

/** pace is milliseconds from one stage to the next; 0 leaves every step to advance(). */
export function fake(scene: string, pace = 900): Fake {
  const world = new World(scene, pace)
  const copied: string[] = []
  const { advance, fail, ...ceremonies } = ceremonyCalls(world)
  const api: BoundAPI = {
    ...signInCalls(world), ...deviceCalls(world), ...ceremonies, ...userCalls(world), ...tokenCalls(world), ...accountCalls(world),
    ...metadataCalls(world), ...policyCalls(world), ...answerCalls(world), ...keyCalls(world),
  }
  const runtime: Runtime = {
    EventsOn: (name, callback) => world.listen(name, callback as (data: never) => void),
    ClipboardSetText: async (text) => {
      copied.push(text)
      return true
    },
  }
  const made: Fake = { api, runtime, world, emit: (event, data) => world.emit(event, data), advance, fail, copied }
  Object.assign(window, { fake: made })
  return made
}
