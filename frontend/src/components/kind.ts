/** How each kind of device looks and is called. */
import type { Component } from 'svelte'
import KeySquare from '@lucide/svelte/icons/key-square'
import KeyRound from '@lucide/svelte/icons/key-round'
import Monitor from '@lucide/svelte/icons/monitor'
import RectangleEllipsis from '@lucide/svelte/icons/rectangle-ellipsis'
import Smartphone from '@lucide/svelte/icons/smartphone'
import type { DeviceDTO } from '../api/contract'
import { t, type Key } from '../i18n'

export const kindIcon: Record<DeviceDTO['kind'], Component> = { passkey: Smartphone, app: RectangleEllipsis, token: KeyRound }

/** By what a passkey is reached. A phone's is built into the phone, too, but reached by radio. */
export function roadOf(d: DeviceDTO): 'phone' | 'key' | 'computer' {
  const by = d.passkey?.transports ?? []
  if (by.includes('usb') || by.includes('nfc')) return 'key'
  return by.length === 1 && by[0] === 'internal' ? 'computer' : 'phone'
}

const roadName: Record<'phone' | 'key' | 'computer', Key> = { phone: 'device.s_unknown', key: 'add.s_key', computer: 'settings.s_system' }
const roadIcon = { phone: Smartphone, key: KeySquare, computer: Monitor }

/** A passkey looks like what it is on. */
export const deviceIcon = (d: DeviceDTO): Component => (d.kind === 'passkey' ? roadIcon[roadOf(d)] : kindIcon[d.kind])

/** "iCloud Keychain", "Authenticator app", "Feitian c200". */
export function kindName(d: DeviceDTO): string {
  if (d.kind === 'passkey') return d.passkey?.provider || t(roadName[roadOf(d)])
  if (d.kind === 'app') return t('device.s_app')
  return [d.code?.manufacturer, d.code?.model].filter(Boolean).join(' ') || t('device.s_token')
}
