/** A file that is read before anything of it is kept: what is in it, or why it cannot be read. */
import * as api from '../api'
import type { FailureDTO, FileDTO } from '../api'
import { app } from '../app/app.svelte'
import { t } from '../i18n'

interface Read { id: string; good: number; bad: number }

export class Reading<P extends Read> {
  file = $state.raw<FileDTO | null>(null)
  preview = $state.raw<P | null>(null)
  busy = $state(false)
  failure = $state.raw<FailureDTO | null>(null)
  onlyBad = $state(false)

  /** One at a time: the one before is closed. */
  async of(file: FileDTO, call: () => Promise<P>): Promise<void> {
    this.close()
    this.file = file
    this.busy = true
    this.failure = null
    this.onlyBad = false
    try {
      const p = await call()
      this.preview = p
      app.say(t('import.l_read', { good: p.good, bad: p.bad }))
    } catch (e) {
      this.failure = api.asFailure(e)
    }
    this.busy = false
  }

  /** Go keeps nothing of what was not imported. */
  close(): void {
    if (this.preview) void api.closePreview(this.preview.id).catch(() => undefined)
    this.preview = null
  }

  /** It was imported, and Go has closed it. */
  done(): void {
    this.preview = null
  }
}
