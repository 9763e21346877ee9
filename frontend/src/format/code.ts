/** One-time codes as they are typed and shown: digits alone, in groups of three. */

/** What of a typed or pasted text belongs to a code. */
export const digitsOf = (typed: string, length: number): string => typed.replace(/\D/g, '').slice(0, length)

/** "123456" as "123 456"; the blank appears with the fourth digit. */
export const grouped = (digits: string): string => digits.replace(/(\d{3})(?=\d)/g, '$1 ')

/** Where the caret stands in a grouped code that has this many digits before it. */
export function caretAfter(digits: number, text: string): number {
  let seen = 0
  for (let i = 0; i < text.length; i++) {
    if (seen === digits) return i
    if (text[i] !== ' ') seen++
  }
  return text.length
}

/** Milliseconds since midnight and more as "07:42:05" of UTC. */
export const utcTime = (at: number): string => new Date(at).toISOString().slice(11, 19)

/** Whole seconds until the next step begins, from 1 to period. */
export const untilNextStep = (now: number, period: number): number => period - (Math.floor(now / 1000) % period)

/** A printed code as it is typed: "abcd efgh" becomes "ABCD-EFGH". */
export function recoveryCode(typed: string): string {
  const letters = typed.toUpperCase().replace(/[^A-Z0-9]/g, '').slice(0, 16)
  return letters.replace(/(.{4})(?=.)/g, '$1-')
}
