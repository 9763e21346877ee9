/** By which road each kind of device goes, and whether it leads anywhere on this computer. */
import type { AddingWayDTO, Road, StateDTO } from '../api/contract'
import type { Kind } from '../app/adding.svelte'
import { t } from '../i18n'

/** The most usual one first. */
export const kinds: Kind[] = ['phone', 'key', 'computer', 'app', 'token']

const wayOf = (ways: AddingWayDTO[], kind: Kind) => ways.find((w) => w.way === kind)

/**
 * Whether a kind can be chosen. What nobody has said anything about can, as it is asked
 * again in earnest; but few computers can keep passkeys, so that one has to be offered.
 */
export function works(ways: AddingWayDTO[], kind: Kind): boolean {
  const way = wayOf(ways, kind)
  if (!way) return kind !== 'computer'
  return way.missing === null && way.reason !== 'windows-hello'
}

/** The kind itself, or the first one that works in its place. */
export const workingKind = (ways: AddingWayDTO[], kind: Kind): Kind => (works(ways, kind) ? kind : (kinds.find((k) => works(ways, k)) ?? kind))

/** For kinds with a passkey. */
export function roadOf(ways: AddingWayDTO[], kind: 'phone' | 'key' | 'computer'): Road {
  return wayOf(ways, kind)?.road || kind
}

/** What the operating system is called. */
export function systemName(system: StateDTO['system'] | undefined): string {
  if (system === 'windows') return t('system.s_windows')
  return system === 'darwin' ? t('system.s_darwin') : t('system.s_linux')
}
