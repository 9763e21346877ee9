/** What a model's statement says of it, in words: names and values of facts. */
import type { FactDTO } from '../api/contract'
import { t, wordOr } from '../i18n'
import { protocolName, transportName } from './words'

/** Facts that only somebody who knows the protocols asks for. */
const technical = new Set(['versions', 'firmware', 'algorithms', 'attestation', 'attachment', 'extensions', 'options', 'certifications', 'crypto-strength', 'key-restricted'])

export interface Fact { name: string; label: string; values: string[]; technical: boolean }

export const factName = (name: string): string => wordOr(`fact.s_${name}`, name)

/** Values in words; what belongs together was joined by " + ". */
function valueName(name: string, value: string): string {
  if (name === 'protocol') return protocolName(value)
  if (name === 'transports') return transportName(value)
  if (name === 'algorithms') return algorithm(value)
  if (name === 'crypto-strength') return t('fact.l_bits', { bits: value })
  if (name === 'firmware' || name === 'versions' || name === 'extensions' || name === 'options' || name === 'certifications') return value
  if (value === 'true' || value === 'false') return value === 'true' ? t('report.s_yes') : t('report.s_no')
  return value.split(' + ').map((v) => wordOr(`fact.l_${name}_${v}`, wordOr(`fact.l_any_${v}`, v))).join(' + ')
}

/** "ECDSA P-256 with SHA-256" of secp256r1_ecdsa_sha256_raw: the last part says how it is written down. */
function algorithm(value: string): string {
  const curves: Record<string, string> = {
    secp256r1_ecdsa: 'ECDSA P-256', secp384r1_ecdsa: 'ECDSA P-384', secp521r1_ecdsa: 'ECDSA P-521', secp256k1_ecdsa: 'ECDSA secp256k1',
    ed25519_eddsa: 'Ed25519', ed448_eddsa: 'Ed448', rsassa_pss: 'RSA-PSS', rsassa_pkcsv15: 'RSA PKCS#1', rsa_emsa_pkcs1: 'RSA PKCS#1', sm2_sm3: 'SM2',
  }
  const [, key = '', hash = ''] = /^(.+?)(?:_sha(\d+))?_(?:raw|der)$/.exec(value) ?? []
  const known = curves[key]
  return known ? (hash ? t('fact.l_algorithm', { key: known, hash: `SHA-${hash}` }) : known) : value
}

export const facts = (all: FactDTO[]): Fact[] =>
  all.map((f) => ({
    name: f.name, label: factName(f.name), values: [...new Set(f.values.map((v) => valueName(f.name, v)))], technical: technical.has(f.name),
  }))
