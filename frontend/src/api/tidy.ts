/**
 * What comes in from the other side is made whole here, once: an empty Go list
 * arrives as null, and a call can fail with something that is not a FailureDTO.
 */
import type {
  CeremonyDTO, DecisionDTO, DeviceDTO, EventDTO, FailureDTO, GroupDTO, MetadataDTO, ModelDTO, NeedDTO, OutcomeDTO, PolicyWordsDTO, SignInDTO, SimPhoneDTO,
  StateDTO, TrustDTO,
} from './contract'

export function list<T>(items: T[] | null | undefined): T[] {
  return items ?? []
}

export function isFailure(e: unknown): e is FailureDTO {
  return typeof e === 'object' && e !== null && typeof (e as FailureDTO).code === 'string'
}

/**
 * The window's runtime rejects with new Error(what Go formatted), which keeps
 * text only; so Go formats a failure as JSON, and here it is read again.
 */
function unpacked(e: unknown): unknown {
  if (!(e instanceof Error) || !e.message.startsWith('{')) return e
  try {
    return JSON.parse(e.message)
  } catch {
    return e
  }
}

/** Any rejection as a FailureDTO; what was not one becomes `internal`. */
export function asFailure(rejection: unknown): FailureDTO {
  const e = unpacked(rejection)
  if (isFailure(e)) return { ...e, params: e.params ?? {}, iam: e.iam ?? '', detail: e.detail ?? '' }
  const detail = e instanceof Error ? `${e.message}\n${e.stack ?? ''}`.trim() : String(e)
  return { code: 'internal', category: 'internal', next: 'report', params: {}, iam: 'ServiceFailure', detail }
}

export const failure = (f: FailureDTO | null | undefined) => (f ? asFailure(f) : null)

export function state(s: StateDTO): StateDTO {
  const vault = s.vault ? { ...s.vault, slots: list(s.vault.slots) } : null
  return { ...s, failure: failure(s.failure), backups: list(s.backups), vault, ended: s.ended ?? '' }
}

export function device(d: DeviceDTO): DeviceDTO {
  return d.passkey ? { ...d, passkey: { ...d.passkey, transports: list(d.passkey.transports), trust: trust(d.passkey.trust) } } : d
}

/** A device that was registered before anything was judged has no trust at all. */
export function trust(t: TrustDTO | null | undefined): TrustDTO {
  const never: TrustDTO = {
    proven: false, unproven: 'not-judged', model: '', entry: '', format: '', blob: 0, at: 0, reports: [], hello: '', helloProof: '', fido: '', fips2: '',
    fips3: '',
  }
  return t ? { ...t, reports: list(t.reports) } : never
}

export const outcome = (o: OutcomeDTO): OutcomeDTO => ({ ...o, want: list(o.want), got: list(o.got) })

export const decision = (d: DecisionDTO): DecisionDTO => ({ ...d, outcomes: list(d.outcomes).map(outcome) })

export const model = (m: ModelDTO): ModelDTO => ({ ...m, transports: list(m.transports) })

/** A row that names a model and what decided about it. */
export const modelRow = <R extends { model: ModelDTO; by: OutcomeDTO | null }>(r: R): R => ({
  ...r, model: model(r.model), by: r.by ? outcome(r.by) : null,
})

export const needs = (l: NeedDTO[] | null | undefined): NeedDTO[] => list(l).map((n) => ({ ...n, values: list(n.values) }))

export const words = (w: PolicyWordsDTO): PolicyWordsDTO => ({
  actions: list(w.actions), keys: list(w.keys), operators: list(w.operators), variables: list(w.variables), values: w.values ?? {},
})

export const metadata = (m: MetadataDTO): MetadataDTO => ({ ...m, older: list(m.older), odd: list(m.odd) })

export const group = (g: GroupDTO): GroupDTO => ({ ...g, members: list(g.members), policies: list(g.policies), inline: list(g.inline) })

/** A file that was read but not imported yet; each row has its own failure, or none. */
export function preview<R extends { failure: FailureDTO | null }, P extends { rows: R[] | null }>(p: P): P & { rows: R[] } {
  return { ...p, rows: list(p.rows).map((r) => ({ ...r, failure: failure(r.failure) })) }
}

export function event(e: EventDTO): EventDTO {
  return { ...e, detail: e.detail ?? {} }
}

export function signIn(s: SignInDTO): SignInDTO {
  return { ...s, state: state(s.state), ways: list(s.ways), devices: list(s.devices), linked: list(s.linked) }
}

export function ceremony(c: CeremonyDTO): CeremonyDTO {
  return {
    ...c,
    reached: list(c.reached),
    road: c.road || 'phone',
    sightings: list(c.sightings),
    trouble: failure(c.trouble),
    failure: failure(c.failure),
    state: c.state ? state(c.state) : null,
    device: c.device ? device(c.device) : null,
    accounts: c.accounts ? { ...c.accounts, accounts: list(c.accounts.accounts) } : null,
    candidate: c.candidate ? { ...c.candidate, trust: c.candidate.trust ? trust(c.candidate.trust) : null } : null,
  }
}

export function simPhone(p: SimPhoneDTO): SimPhoneDTO {
  return { ...p, behaviours: list(p.behaviours), failure: failure(p.failure) }
}
