/** Which screens a session may open. Go decides what it may do there. */
import type { SessionDTO } from '../api/contract'
import type { Route } from './app.svelte'

export type Area = 'home' | 'keys' | 'users' | 'tokens' | 'policies' | 'metadata' | 'enforcement' | 'activity' | 'settings'

export const allAreas: Area[] = ['home', 'keys', 'users', 'tokens', 'policies', 'metadata', 'enforcement', 'activity', 'settings']

/** In the order of the side bar. A limited session gets none: it is held to one task. */
export function areasOf(session: SessionDTO | null): Area[] {
  if (!session || session.limit !== '') return []
  return session.administrator || session.kind === 'root' ? allAreas : ['home', 'keys']
}

export const mayOpen = (area: Area, session: SessionDTO | null): boolean => areasOf(session).includes(area)

/** What adding a device shows, which is all that a session held to it may show. */
const settingUp: Route[] = ['set-up', 'add', 'ceremony', 'add-app', 'add-token', 'added', 'readiness']

/** Where a session gets to that wants to go to a route. */
export function heldTo(to: Route, session: SessionDTO | null): Route {
  if (session?.limit === 'change-password') return 'new-password'
  if (session?.limit === 'set-up-device' && !settingUp.includes(to)) return 'set-up'
  return to
}
