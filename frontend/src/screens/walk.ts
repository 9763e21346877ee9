/** For tests only: a window with the fake behind it, and what a person does in it. */
import { render, screen } from '@testing-library/svelte'
import userEvent, { type UserEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { afterEach, beforeEach, expect } from 'vitest'
import { connect } from '../api'
import { fake, type Fake, type Scene } from '../api/fake'
import App from '../App.svelte'
import { app } from '../app/app.svelte'
import { inside } from '../app/inside.svelte'
import './browser'

export interface Walk { user: UserEvent; far: Fake }

/** Opens a scene; before is called with the fake before the window asks anything. */
export async function walk(scene: Scene, before: (far: Fake) => void = () => undefined): Promise<Walk> {
  const far = fake(scene, 0)
  before(far)
  connect(far)
  app.trouble = null
  app.adding.clear()
  await inside.fetch()
  render(App)
  await app.start()
  return { user: userEvent.setup({ delay: null }), far }
}

beforeEach(() => {
  document.body.innerHTML = ''
  localStorage.clear()
})
afterEach(() => {
  app.vault.close(false)
  app.stop()
})

export const button = (name: string | RegExp) => screen.findByRole('button', { name })
export const heading = (name: string | RegExp) => screen.findByRole('heading', { name })
export const field = (name: string) => screen.findByLabelText<HTMLInputElement>(name)

/**
 * No accessibility fault in what is in front: a dialog, or the screen beside the side
 * bar. Contrast needs a real browser; src/styles/contrast.test.ts holds the colours.
 */
export async function sound(part?: Element): Promise<void> {
  const front = part ?? document.querySelector('dialog[open]') ?? document.querySelector('main') ?? document.body
  const found = await axe.run(front, { resultTypes: ['violations'], rules: { 'color-contrast': { enabled: false } } })
  expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' ')}`)).toEqual([])
}
