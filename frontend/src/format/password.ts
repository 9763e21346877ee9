export const leastPassword = 8

/** How hard a password is to guess, by length first: 0 too short, 1 fair, 2 good, 3 strong. */
export function strengthOf(password: string): 0 | 1 | 2 | 3 {
  const length = [...password].length
  const different = new Set(password).size
  if (length < leastPassword) return 0
  if (length < 12 || different < 5) return 1
  return length >= 16 && different >= 8 ? 3 : 2
}
