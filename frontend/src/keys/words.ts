/** Keys and what is on them, in words. */
import '../i18n/keys'
import type { KeyDTO, KeyPasskeyDTO } from '../api/contract'
import { t } from '../i18n'

/** What is in this computer has passkeys as a key does, but is none. */
export const isLocal = (k: KeyDTO): boolean => k.way === 'internal'

/** Its model, or what it calls itself, which a key without a known model does. */
export const keyName = (k: KeyDTO): string => (isLocal(k) ? t('settings.s_system') : k.model || k.name || t('keys.s_unnamed'))

/** A passkey's user, as the place knows them. */
export const userOf = (p: KeyPasskeyDTO): string => p.user || p.displayName || t('onkey.s_nobody')

export function pinWords(k: KeyDTO): string {
  if (k.pin === 'set') return t('keys.s_pin_set')
  return k.pin === 'unset' ? t('keys.s_pin_unset') : t('keys.s_pin_none')
}

export function wayWords(k: KeyDTO): string {
  if (isLocal(k)) return t('keys.s_chip')
  return k.way === 'nfc' ? t('keys.s_nfc') : t('transport.s_usb')
}
