/** How each kind of device looks and is called. */
import type { Component } from 'svelte'
import KeyRound from '@lucide/svelte/icons/key-round'
import RectangleEllipsis from '@lucide/svelte/icons/rectangle-ellipsis'
import Smartphone from '@lucide/svelte/icons/smartphone'
import type { DeviceDTO } from '../api/contract'
import { t } from '../i18n'

export const kindIcon: Record<DeviceDTO['kind'], Component> = { passkey: Smartphone, app: RectangleEllipsis, token: KeyRound }

/** "iCloud Keychain", "Authenticator app", "Feitian c200". */
export function kindName(d: DeviceDTO): string {
  if (d.kind === 'passkey') return d.passkey?.provider || t('device.s_unknown')
  if (d.kind === 'app') return t('device.s_app')
  return [d.code?.manufacturer, d.code?.model].filter(Boolean).join(' ') || t('device.s_token')
}
