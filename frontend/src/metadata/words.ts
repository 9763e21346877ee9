/** What metadata says in codes, in people's words. Codes that are not known stand as they are. */
import type { CertificatesDTO, DriftRowDTO, FailureDTO, ModelDTO, OddDTO, StatusReportDTO } from '../api/contract'
import { date, midnightOf } from '../format/when'
import { t, wordOr } from '../i18n'
import { certified } from '../policies/levels'

const mega = 1 << 20

/** "1.4 MB" */
export const megabytes = (bytes: number): string => t('metadata.s_mb', { n: (bytes / mega).toFixed(1) })

/** A status as FIDO writes it. fips: the revision of FIPS 140, 0 where it is not told. */
export function statusName(status: string, fips = 0): string {
  const [, fido] = /^FIDO_CERTIFIED_(L.+)$/.exec(status) ?? []
  if (fido) return t('policies.s_fido', { level: fido })
  const [, level] = /^FIPS140_CERTIFIED_(L.+)$/.exec(status) ?? []
  if (level && fips === 3) return t('policies.s_fips3', { level })
  if (level && fips === 2) return t('policies.s_fips2', { level })
  if (level) return t('status.l_fips', { level })
  return status === '' ? t('status.l_unknown') : wordOr(`status.l_${status}`, status)
}

const warnings = [
  'REVOKED', 'RETIRED', 'USER_VERIFICATION_BYPASS', 'ATTESTATION_KEY_COMPROMISE', 'USER_KEY_REMOTE_COMPROMISE', 'USER_KEY_PHYSICAL_COMPROMISE',
]

/** Whether a status is a reason not to add a device. */
export const warns = (status: string): boolean => warnings.includes(status)

/** Its certificates, or what its newest report says where that is none. */
export function standing(m: ModelDTO): string {
  if (m.refused || (!m.fido && !m.fips2 && !m.fips3)) return statusName(m.status)
  return certified(m)
}

export const transportName = (id: string): string => wordOr(`transport.s_${id}`, id)

/** "USB, NFC"; a dash for models that say nothing. */
export const transportNames = (ids: string[]): string => ids.map(transportName).join(', ')

export const protocolName = (id: string): string => wordOr(`protocol.s_${id}`, id)

/** Why an entry is odd. */
export const oddReason = (o: OddDTO): string => wordOr(`odd.l_${o.why}`, o.why)

/** A day as metadata writes it, "2020-05-12", as the window does. */
export function dayOf(text: string): string {
  const at = midnightOf(text)
  return Number.isNaN(at) ? text : date(at, true)
}

/** The FIPS levels that only the device's own list gives; reports are FIDO's. */
export function stated(m: ModelDTO, reports: StatusReportDTO[]): string {
  const reported = (fips: number) => reports.some((r) => r.now && r.fips === fips)
  const own = { fido: '', fips2: reported(2) ? '' : m.fips2, fips3: reported(3) ? '' : m.fips3 }
  return own.fips2 || own.fips3 ? certified(own) : ''
}

/** When a report holds: "since 12 May 2020", "from … until …"; empty when it does not say. */
export function period(r: StatusReportDTO): string {
  if (r.date && r.until) return t('metadata.l_from_until', { from: dayOf(r.date), until: dayOf(r.until) })
  if (r.until) return t('metadata.l_until', { until: dayOf(r.until) })
  return r.date ? t('metadata.l_since', { since: dayOf(r.date) }) : ''
}

/** Why metadata says something else of a device now. */
export const driftReason = (d: DriftRowDTO): string =>
  d.change === 'refused' && d.refused
    ? t('drifted.l_refused', { status: statusName(d.refused.status, d.refused.fips), date: d.refused.date ? dayOf(d.refused.date) : t('metadata.s_no_date') })
    : wordOr(`drifted.l_${d.change}`, d.change)

/** What a device brought or would bring; nothing where there is nothing to tell. */
export const levelsThen = (c: CertificatesDTO, d: DriftRowDTO): string => (d.change === 'known' ? t('drifted.s_unproven') : certified(c))

export const levelsNow = (c: CertificatesDTO, d: DriftRowDTO): string =>
  d.change === 'refused' ? t('drifted.s_refused') : d.change === 'gone' ? t('drifted.s_gone') : certified(c)

/** The failure with words in place of the codes for where in a file, and for what signed it. */
export function placed(f: FailureDTO | null): FailureDTO | null {
  if (!f?.code.startsWith('metadata-')) return f
  const params = { ...f.params }
  const { where, alg } = params
  if (where === 'line end') params['what'] = where
  if (where !== undefined) params['where'] = place(where)
  if (alg !== undefined) params['alg'] = wordOr(`signed.l_${alg}`, alg)
  return { ...f, params }
}

function place(where: string): string {
  const [, byte] = /^payload byte (\d+)$/.exec(where) ?? []
  if (byte) return t('place.l_byte', { byte })
  const [, certificate] = /^x5c\/(\d+)$/.exec(where) ?? []
  if (certificate) return t('place.l_certificate', { which: Number(certificate) + 1 })
  return wordOr(`place.l_${where}`, where)
}
