/** What rules about devices mean for the people there are, in sentences. Pure: Go decides, this explains. */
import type { SettingsDTO, UserDTO } from '../api/contract'
import { moment } from '../format/when'
import { t } from '../i18n'

/** A device whose counter went backwards is none. */
const usable = (u: UserDTO): number => u.passkeys + u.apps + u.tokens - u.suspect

const without = (all: UserDTO[]): UserDTO[] => all.filter((u) => u.kind === 'user' && u.hasPassword && usable(u) <= 0)

export function effectOnRoot(s: SettingsDTO, all: UserDTO[]): string {
  const root = all.find((u) => u.kind === 'root')
  if (!root) return ''
  if (usable(root) > 0) return t('enforce.l_root_has')
  if (root.deadline > 0) return t('enforce.l_root_set', { moment: moment(root.deadline) })
  return s.rootGraceDays === 0 ? t('enforce.l_root_at_once') : t('enforce.l_root_days', { n: s.rootGraceDays })
}

export function effectOnUsers(s: SettingsDTO, all: UserDTO[]): string[] {
  const bare = without(all)
  if (!s.requireForUsers) return [bare.length === 0 ? t('enforce.l_off_none') : t('enforce.l_off', { n: bare.length })]
  if (bare.length === 0) return [t('enforce.l_on_none')]
  const fixed = bare.filter((u) => u.deadline > 0).length
  const fresh = bare.length - fixed
  const lines: string[] = []
  if (fresh > 0) lines.push(s.userGraceDays === 0 ? t('enforce.l_on_at_once', { n: fresh }) : t('enforce.l_on_days', { n: fresh, days: t('enforce.s_so_many', { n: s.userGraceDays }) }))
  if (fixed > 0) lines.push(t('enforce.l_on_fixed', { n: fixed }))
  return lines
}
