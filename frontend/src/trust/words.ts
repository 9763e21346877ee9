/** What was proven of a device, in people's words. */
import type { CertificatesDTO, FailureDTO, NeedDTO, TrustDTO } from '../api'
import { t, wordOr, type Key } from '../i18n'
import { dayOf } from '../metadata/words'
import { listed } from '../policies/explain'
import { certified } from '../policies/levels'

export const hasLevels = (c: CertificatesDTO): boolean => c.fido !== '' || c.fips2 !== '' || c.fips3 !== ''

/** Why nothing is proven; "none" is never said of what nobody could look at. */
export const whyUnproven = (reason: string): string => wordOr(`trust.l_why_${reason}`, reason)

/** The levels, that there are none, or why nothing is proven. */
export const proven = (trust: TrustDTO): string =>
  trust.proven ? certified(trust) : t('trust.l_unproven', { why: whyUnproven(trust.unproven) })

export const helloWords = (trust: TrustDTO): string =>
  wordOr(`trust.l_hello_${trust.hello}_${trust.helloProof}`, wordOr(`trust.l_hello_${trust.hello}`, trust.hello))

const schemes: Record<NeedDTO['key'], Key> = { fido: 'policies.s_fido', fips2: 'policies.s_fips2', fips3: 'policies.s_fips3' }

/** "FIPS 140-2 L2", "FIDO L2 or L2plus". */
export const needWords = (n: NeedDTO): string => t(schemes[n.key], { level: listed(n.values) })

/** One of them is enough. */
export const needsWords = (needs: NeedDTO[]): string => listed(needs.map(needWords))

/** The codes of refusals that have more to say than a line. */
export const explains = (f: FailureDTO): boolean => f.code === 'device-not-admitted' || f.params['left'] === 'yes'

/** What a refusal says was needed: "FIPS-140-2 L2; FIDO L2, L2plus". */
export function needsOf(f: FailureDTO): string[] {
  const names: Record<string, NeedDTO['key']> = { FIDO: 'fido', 'FIPS-140-2': 'fips2', 'FIPS-140-3': 'fips3' }
  return (f.params['needs'] ?? '')
    .split('; ')
    .filter((part) => part !== '')
    .map((part) => {
      const name = part.slice(0, part.indexOf(' '))
      const values = part.slice(name.length + 1).split(', ')
      return names[name] ? needWords({ key: names[name], operator: '', values }) : part
    })
}

/** What a refusal says was brought. */
export function broughtOf(f: FailureDTO): string {
  const at = (key: string) => f.params[key] ?? ''
  if (at('unproven') !== '') return t('trust.l_unproven', { why: whyUnproven(at('unproven')) })
  const levels = certified({ fido: at('fido'), fips2: at('fips2'), fips3: at('fips3') })
  const known = at('reported') !== '' ? t('trust.l_brought_since', { levels, blob: at('blob'), date: dayOf(at('reported')) }) : levels
  return at('model') !== '' ? `${at('model')}: ${known}` : known
}

/** Which statement refused: its Sid, or its place where it has none. */
export function statementOf(f: FailureDTO): string {
  const own = f.params['statement'] ?? ''
  return /^\d+$/.test(own) ? t('policies.l_statement', { n: own }) : own
}
