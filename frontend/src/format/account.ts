/** Accounts are named by their alias or by twelve digits, which people write in groups of four. */
import type { AccountDTO } from '../api/contract'

/** Whether what was typed names the account. */
export function isAccount(typed: string, account: Pick<AccountDTO, 'id' | 'alias'>): boolean {
  const name = typed.trim().toLowerCase()
  return name === account.alias || name.replace(/[-\s]/g, '') === account.id
}

/** "123456789012" as "1234-5678-9012". */
export const groupedId = (id: string): string => id.replace(/(\d{4})(?=\d)/g, '$1-')
