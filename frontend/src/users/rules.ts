/** The account's rules for passwords in a sentence. */
import type { PasswordRulesDTO } from '../api/contract'
import { t } from '../i18n'

export function rulesOf(r: PasswordRulesDTO): string {
  const needs = [
    r.upper && t('need.l_upper'),
    r.lower && t('need.l_lower'),
    r.digit && t('need.l_digit'),
    r.symbol && t('need.l_symbol'),
  ].filter((n) => n !== false)
  return needs.length === 0 ? t('create.l_password', { min: r.minLength }) : t('users.l_rules', { min: r.minLength, needs: needs.join(', ') })
}
