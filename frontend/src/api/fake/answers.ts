/** What the policies say before somebody asks in earnest. */
import type {
  AddingWayDTO, AdmissionDTO, AdmissionRowDTO, BoundAPI, CertificatesDTO, DecisionDTO, NeedDTO, OutcomeDTO, PreflightDTO, Road, RulesDTO,
} from '../contract'
import { evaluate, statementsOf, type Source } from './evaluate'
import { failure } from './samples'
import type { World } from './world'

type Part = Pick<BoundAPI, 'TryPolicy' | 'WaysToAdd' | 'Preflight' | 'Admits' | 'CompareAdmission' | 'SaveAdmission' | 'SaveDifferences'>

const enable = 'iam:EnableMFADevice'
const keyOf = { fido: 'iam:FIDO-certification', fips2: 'iam:FIDO-FIPS-140-2-certification', fips3: 'iam:FIDO-FIPS-140-3-certification' } as const
const levels = Object.keys(keyOf) as NeedDTO['key'][]
const nothing: CertificatesDTO = { fido: '', fips2: '', fips3: '' }

export function answerCalls(w: World): Part {
  const sourcesOf = (r: RulesDTO): Source[] => {
    if (r.document) return [{ name: '', inline: false, group: '', document: readable(r.document) }]
    if (r.policy) return w.policies.filter((p) => p.name === r.policy).map((p) => ({ name: p.name, inline: false, group: '', document: p.document }))
    return w.granted(r.principalId)
  }
  const readable = (document: string) => {
    try {
      statementsOf(document)
      return document
    } catch {
      return w.refuse('policy-malformed', 'change-input', { category: 'input', params: { what: 'syntax', line: '1', column: '1', where: '' } })
    }
  }
  const ask = (r: RulesDTO, id: string, action: string, keys: Record<string, string[]>, resource = ''): DecisionDTO => {
    const who = w.users.find((u) => u.id === id)
    if (who?.kind === 'root' && r.principalId) return { effect: 'allow', decided: -1, outcomes: [] }
    const name: Record<string, string[]> = who?.kind === 'root' ? {} : { 'aws:username': [who?.name ?? 'somebody'] }
    return evaluate(sourcesOf(r), { action, resource: resource || (who?.arn ?? 'arn:aws:iam::123456789012:user/somebody'), keys: { ...name, ...keys } })
  }
  const registering = (r: RulesDTO, id: string, step: string, c: CertificatesDTO) => {
    const certified = levels.filter((l) => c[l] !== '').map((l) => [keyOf[l], [c[l]]])
    return ask(r, id, enable, { 'iam:RegisterSecurityKey': [step], ...Object.fromEntries(certified) })
  }
  const needsOf = (d: DecisionDTO | null): NeedDTO[] =>
    (d?.outcomes ?? []).flatMap((o) => levels.filter((l) => keyOf[l] === o.key && o.effect === 'Allow').map((key) => ({ key, operator: o.operator, values: o.want })))

  const preflight = (r: RulesDTO, id: string, c: CertificatesDTO): PreflightDTO => {
    const create = registering(r, id, 'Create', nothing)
    const activate = create.effect === 'allow' ? registering(r, id, 'Activate', c) : null
    return { create, activate, admitted: activate?.effect === 'allow', refused: null, hello: false, needs: needsOf(activate) }
  }
  const admits = (r: RulesDTO): AdmissionDTO => {
    if (!w.metadata.current) w.refuse('metadata-missing', 'choose-file', { category: 'input' })
    const rows = w.models.map((model): AdmissionRowDTO => {
      if (model.refused) return { model, admitted: false, reason: 'refused', by: null }
      const { create, activate, admitted } = preflight(r, r.principalId, model)
      const decision = activate ?? create
      return { model, admitted, reason: admitted ? '' : activate ? 'activate' : 'create', by: nearest(decision) }
    })
    return { rows, admitted: rows.filter((x) => x.admitted).length, blob: w.metadata.current?.number ?? 0 }
  }
  return {
    TryPolicy: async (r) => ask(r.rules, r.principalId, r.action, r.keys, r.resource),
    WaysToAdd: async (id) => {
      const rules: RulesDTO = { document: '', policy: '', principalId: id || w.me }
      const passkey = (way: AddingWayDTO['way']): AddingWayDTO => {
        const p = preflight(rules, rules.principalId, nothing)
        const refused = p.create.effect !== 'allow'
        return {
          way, road: w.system === 'windows' && way !== 'phone' ? 'system' : (way as Road), missing: null, allowed: !refused, doomed: !refused && !p.admitted, reason: refused ? 'create' : p.admitted ? '' : 'activate',
          decision: p.admitted ? null : (p.activate ?? p.create), needs: p.needs,
        }
      }
      const code = (way: AddingWayDTO['way']): AddingWayDTO => {
        const d = ask(rules, rules.principalId, enable, {})
        return { way, road: '', missing: null, allowed: d.effect === 'allow', doomed: false, reason: d.effect === 'allow' ? '' : 'single', decision: d.effect === 'allow' ? null : d, needs: [] }
      }
      const computer: AddingWayDTO =
        w.system === 'windows'
          ? { ...passkey('computer'), allowed: false, doomed: false, reason: 'windows-hello', decision: null }
          : { ...passkey('computer'), missing: failure('tpm-missing', 'another-way', { category: 'environment' }) }
      // A key may prove what the policies want.
      const key: AddingWayDTO = { ...passkey('key'), doomed: false, ...(passkey('key').reason === 'activate' ? { reason: '', decision: null } : {}) }
      return [passkey('phone'), key, computer, code('app'), code('token')]
    },
    Preflight: async (r) => {
      const model = w.models.find((m) => m.id === r.model)
      const p = preflight(r.rules, r.principalId, model ?? r.levels)
      return model?.refused ? { ...p, admitted: false, refused: { status: model.status, date: model.since, until: '', number: '', fips: 0, url: '', now: true } } : p
    },
    Admits: async (r) => admits(r),
    CompareAdmission: async (r) => {
      const [first, second] = [admits(r.first), admits(r.second)]
      return second.rows
        .filter((row, i) => row.admitted !== first.rows[i]?.admitted)
        .map((row) => ({ model: row.model, change: row.admitted ? 'admitted' : 'refused', by: row.by }))
    },
    SaveDifferences: async (r) => ({ saved: true, name: r.name }),
    SaveAdmission: async (r) => ({ saved: true, name: r.name }),
  }
}

/** What decided; where nothing did, what came furthest: a condition. */
function nearest(d: DecisionDTO): OutcomeDTO | null {
  return d.outcomes[d.decided] ?? d.outcomes.findLast((o) => o.part === 'condition') ?? d.outcomes[0] ?? null
}
