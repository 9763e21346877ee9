/** User names are [\w+=,.@-]{1,64}, unique without case; paths are "/" or "/…/". */
import type { UserDTO } from '../api/contract'

export const maxPath = 512

export type NameProblem = 'invalid' | 'taken'

/** What is wrong with a name, before anybody is asked; except is the id of who has it already. */
export function nameProblem(name: string, all: UserDTO[], except = ''): NameProblem | null {
  if (!/^[\w+=,.@-]{1,64}$/.test(name)) return 'invalid'
  const wanted = name.toLowerCase()
  return all.some((u) => u.kind === 'user' && u.id !== except && u.name.toLowerCase() === wanted) ? 'taken' : null
}

/** A path as it is meant: with a slash at both ends. Blank means the top. */
export function tidyPath(typed: string): string {
  const inner = typed.trim().replace(/^\/+|\/+$/g, '')
  return inner === '' ? '/' : `/${inner}/`
}
