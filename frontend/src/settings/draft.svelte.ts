/** The account's settings while somebody changes them. */
import * as api from '../api'
import type { FailureDTO, SettingsDTO } from '../api'
import { app } from '../app/app.svelte'
import { t } from '../i18n'

const copyOf = (s: SettingsDTO): SettingsDTO => ({ ...s, passwords: { ...s.passwords } })

const equal = (a: SettingsDTO, b: SettingsDTO): boolean => JSON.stringify(copyOf(a)) === JSON.stringify(copyOf(b))

/** Of the settings that Go holds against limits: name, least, most. */
export const limits = { rootGraceDays: [0, 365], userGraceDays: [0, 365], idleMinutes: [0, 1_440], minLength: [8, 128] } as const

const within = (n: number, [least, most]: readonly [number, number]): boolean => Number.isInteger(n) && n >= least && n <= most

export function fits(s: SettingsDTO): boolean {
  return (
    within(s.rootGraceDays, limits.rootGraceDays) && within(s.userGraceDays, limits.userGraceDays) &&
    within(s.idleMinutes, limits.idleMinutes) && within(s.passwords.minLength, limits.minLength)
  )
}

export class Draft {
  value: SettingsDTO
  busy = $state(false)
  failure = $state.raw<FailureDTO | null>(null)
  private readonly saved = $derived(app.state?.account?.settings ?? null)
  readonly dirty: boolean
  readonly good: boolean

  constructor(settings: SettingsDTO) {
    this.value = $state(copyOf(settings))
    this.dirty = $derived(this.saved !== null && !equal(this.value, this.saved))
    this.good = $derived(fits(this.value))
  }

  /** Keeps what was typed, and offers the way back. */
  async save(): Promise<void> {
    const account = app.state?.account
    if (!account || !this.good) return
    const before = copyOf(account.settings)
    await this.write(account.version, copyOf(this.value), () => {
      app.tell(t('settings.l_saved'), { label: t('do.s_undo'), act: () => void this.undo(before) })
    })
  }

  private async undo(before: SettingsDTO): Promise<void> {
    const account = app.state?.account
    if (!account) return
    await this.write(account.version, before, () => app.tell(t('settings.l_undone')))
    if (!this.failure) this.value = copyOf(before)
    else app.trouble = this.failure // the screen that could show it may be gone
  }

  private async write(version: number, settings: SettingsDTO, then: () => void): Promise<void> {
    this.busy = true
    this.failure = null
    try {
      await app.keep(() => api.saveSettings(version, settings))
      then()
    } catch (e) {
      this.failure = api.asFailure(e)
      // Somebody saved meanwhile: the newest is what the next try builds on.
      if (this.failure.next === 'reload') await app.keep(api.state).catch(() => undefined)
    }
    this.busy = false
  }
}
