/** The device that is being added, from its name to the end of the wizard. */
import * as api from '../api'
import type { DeviceDTO, NewAppDTO } from '../api'

export type Kind = 'phone' | 'key' | 'computer' | 'app' | 'token'

/** Whom it is for, when that is not oneself. */
export interface Whom { id: string; name: string }

/** A new one of the same kind; what is reached by a phone's own radio is one. */
function kindOf(d: DeviceDTO): Kind {
  if (d.kind !== 'passkey') return d.kind
  return d.passkey?.transports.some((t) => t === 'usb' || t === 'nfc') ? 'key' : 'phone'
}

export class Adding {
  /** Kept until it is added or given up. */
  name = $state('')
  kind = $state<Kind>('phone')
  whom = $state.raw<Whom | null>(null)
  /** The device that makes place for it afterwards. */
  replacing = $state.raw<DeviceDTO | null>(null)
  /** An authenticator app that is not enabled yet. */
  app = $state.raw<NewAppDTO | null>(null)
  /** What was added, for the last screen. */
  done = $state.raw<DeviceDTO | null>(null)

  start(whom: Whom | null, replacing: DeviceDTO | null): void {
    this.clear()
    this.whom = whom
    this.replacing = replacing
    if (replacing) this.kind = kindOf(replacing)
  }

  clear(): void {
    this.name = ''
    this.kind = 'phone'
    this.whom = this.replacing = this.done = null
    this.app = null
  }

  /** Makes an app that counts only once its codes were right. */
  async createApp(): Promise<void> {
    this.app = await api.createApp(this.name.trim(), this.whom?.id)
  }

  /** Leaves nothing of it. */
  async cancelApp(): Promise<void> {
    if (!this.app) return
    this.app = null
    await api.cancelApp().catch(() => undefined) // what is left is swept at the next sign-in
  }
}
