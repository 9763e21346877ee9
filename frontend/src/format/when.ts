/** Dates and clocks in words. now and at are Unix milliseconds. */
import { t } from '../i18n'

const minute = 60_000
const hour = 60 * minute

const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const full = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

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
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return (sameYear ? dayMonth : full).format(at)
}

/** The full date and time, for details and tooltips. */
export const moment = (at: number): string => exact.format(at)

/** Seconds as "1:40". */
export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
