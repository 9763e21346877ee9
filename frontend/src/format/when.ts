/** Dates and clocks in words. now and at are Unix milliseconds. */
import { t } from '../i18n'

const minute = 60_000
const hour = 60 * minute

// A formatter brings megabytes of calendar data into the page's memory, so each
// is made when the first date is shown.
function lazily(locale: string, options: Intl.DateTimeFormatOptions): (at: number) => string {
  let made: Intl.DateTimeFormat | undefined
  return (at) => (made ??= new Intl.DateTimeFormat(locale, options)).format(at)
}

// Three-letter months throughout; the day comes first.
const month = lazily('en-US', { month: 'short' })
const time = lazily('en-GB', { hour: '2-digit', minute: '2-digit' })

/** Whole calendar days between two moments, by the local calendar. */
export function daysBetween(at: number, now: number): number {
  const midnight = (ms: number) => {
    const d = new Date(ms)
    return Date.UTC(d.getFullYear(), d.getMonth(), d.getDate())
  }
  return Math.round((midnight(now) - midnight(at)) / (24 * hour))
}

/** "just now", "4 min ago", "3 h ago", "yesterday", "14 Aug", "2 Nov 2025". */
export function ago(at: number, now: number): string {
  const past = now - at
  if (past < minute) return t('when.s_just_now')
  if (past < hour) return t('when.s_minutes', { n: Math.floor(past / minute) })
  const days = daysBetween(at, now)
  if (days <= 0) return t('when.s_hours', { n: Math.floor(past / hour) })
  return day(at, now)
}

/** "today", "yesterday", "14 Aug", "2 Nov 2025". */
export function day(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days <= 0) return t('when.s_today')
  if (days === 1) return t('when.s_yesterday')
  return date(at, new Date(at).getFullYear() !== new Date(now).getFullYear())
}

/** A day to come: "14 Aug", with its year when that is another one. */
export const dayAhead = (at: number, now: number): string => date(at, new Date(at).getFullYear() !== new Date(now).getFullYear())

/** "14 Aug" or "14 Aug 2026", by the local calendar. */
export const date = (at: number, withYear: boolean): string => {
  const d = new Date(at)
  return `${d.getDate()} ${month(at)}${withYear ? ` ${d.getFullYear()}` : ''}`
}

/** The full date and time, for details and tooltips. */
export const moment = (at: number): string => `${date(at, true)}, ${time(at)}`

/** Seconds as "1:40". */
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`

/** The local calendar day as "2026-11-22": for date fields and for names of files. */
export function fileDay(at: number): string {
  const d = new Date(at)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
}

/** Midnight at the start of a day written as "2026-11-22", plus whole days; NaN for anything else. */
export function midnightOf(day: string, plus = 0): number {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(day)
  if (!m) return NaN
  const d = new Date(Number(m[1]), Number(m[2]) - 1, Number(m[3]) + plus)
  return d.getTime()
}
