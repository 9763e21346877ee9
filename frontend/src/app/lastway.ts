/** Which kind of device somebody proved a sign-in with the last time, so that it comes first. Nothing secret is kept. */
import type { IdentityDTO, Way } from '../api/contract'

const key = (who: IdentityDTO) => `keyferry.way.${who.kind}.${who.name.toLowerCase()}`

export function lastWay(who: IdentityDTO | null): Way | '' {
  if (!who) return ''
  try {
    return (localStorage.getItem(key(who)) as Way | null) ?? ''
  } catch {
    return '' // a window without storage remembers nothing
  }
}

export function rememberWay(who: IdentityDTO | null, way: Way): void {
  if (!who) return
  try {
    localStorage.setItem(key(who), way)
  } catch {
    // as above
  }
}

/** The last one first, then the given order. */
export const inOrder = (ways: Way[], last: Way | ''): Way[] => [...ways].sort((a, b) => Number(b === last) - Number(a === last))
