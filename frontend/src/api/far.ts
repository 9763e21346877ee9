/** How a call crosses to Go: what is bound, or the fake in its place. Only the files of this folder call it. */
import { inside } from '../app/inside.svelte'
import type { BoundAPI, Runtime } from './contract'
import { asFailure } from './tidy'

interface Far { api: BoundAPI; runtime: Runtime }

let far: Far | null = null

/** Connects another far side than the bound one: the fake, in tests and in development. */
export function connect(side: Far): void {
  far = side
}

export function there(): Far {
  if (far) return far
  const api = window.go?.bind?.API
  if (!api || !window.runtime) throw new Error('window.go.bind.API is not there')
  return (far = { api, runtime: window.runtime })
}

export async function ask<T, U>(call: (api: BoundAPI) => Promise<T>, shape: (answer: T) => U): Promise<U> {
  try {
    return shape(await call(there().api))
  } catch (e) {
    await inside.fetch() // which brings the words for it
    throw asFailure(e)
  }
}

export const nothing = () => undefined
export const same = <T>(answer: T): T => answer

export const bytes = (secret: string): number[] => Array.from(new TextEncoder().encode(secret))
export const text = (secret: number[]): string => new TextDecoder().decode(new Uint8Array(secret))
