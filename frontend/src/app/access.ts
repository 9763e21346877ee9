/** Which screens a session may open. Go decides what it may do there. */
import type { SessionDTO } from '../api/contract'

export type Area = 'home' | 'users' | 'tokens' | 'enforcement' | 'activity' | 'settings'

/** In the order of the side bar. A limited session gets none: it is held to one task. */
export function areasOf(session: SessionDTO | null): Area[] {
  if (!session || session.limit !== '') return []
  return session.administrator || session.kind === 'root'
    ? ['home', 'users', 'tokens', 'enforcement', 'activity', 'settings']
    : ['home']
}

export const mayOpen = (area: Area, session: SessionDTO | null): boolean => areasOf(session).includes(area)
