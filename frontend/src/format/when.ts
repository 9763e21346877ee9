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

const date = (at: number, withYear: boolean): string => {
  const d = new Date(at)
  return `${d.getDate()} ${month(at)}${withYear ? ` ${d.getFullYear()}` : ''}`
}

/** The full date and time, for details and tooltips. */
export const moment = (at: number): string => `${date(at, true)}, ${time(at)}`

/** Seconds as "1:40". */
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
