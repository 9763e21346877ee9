/** The levels a model or a device may have, in IAM's spelling. */
import type { CertificatesDTO } from '../api'
import { t } from '../i18n'

export type LevelKey = keyof CertificatesDTO

export const levelKeys: Record<LevelKey, string> = {
  fido: 'iam:FIDO-certification',
  fips2: 'iam:FIDO-FIPS-140-2-certification',
  fips3: 'iam:FIDO-FIPS-140-3-certification',
}

export const levels: Record<LevelKey, string[]> = {
  fido: ['L1', 'L1plus', 'L2', 'L2plus', 'L3', 'L3plus'],
  fips2: ['L1', 'L2', 'L3', 'L4'],
  fips3: ['L1', 'L2', 'L3', 'L4'],
}

/** "FIDO L2 · FIPS 140-2 L2", or that there is none. */
export function certified(c: CertificatesDTO): string {
  const parts = [c.fido && t('policies.s_fido', { level: c.fido }), c.fips2 && t('policies.s_fips2', { level: c.fips2 }), c.fips3 && t('policies.s_fips3', { level: c.fips3 })]
  return parts.filter(Boolean).join(' · ') || t('policies.s_no_level')
}
