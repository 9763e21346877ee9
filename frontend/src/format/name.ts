/** Device names follow the IAM pattern [\w+=,.@-]{1,64}; people type sentences. */
export const maxName = 64

/** The nearest name that passes, or empty when nothing is left of it. */
export function nearestName(typed: string): string {
  return typed
    .normalize('NFKD')
    .replace(/[\u0300-\u036f'’]/g, '')
    .trim()
    .replace(/[^\w+=,.@-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, maxName)
}
