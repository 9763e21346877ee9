/**
 * What comes in from the other side is made whole here, once: an empty Go list
 * arrives as null, and a call can fail with something that is not a FailureDTO.
 */
import type { CeremonyDTO, DeviceDTO, EventDTO, FailureDTO, SignInDTO, SimPhoneDTO, StateDTO } from './contract'

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

const failure = (f: FailureDTO | null | undefined) => (f ? asFailure(f) : null)

export function state(s: StateDTO): StateDTO {
  const vault = s.vault ? { ...s.vault, slots: list(s.vault.slots) } : null
  return { ...s, failure: failure(s.failure), backups: list(s.backups), vault, ended: s.ended ?? '' }
}

export function device(d: DeviceDTO): DeviceDTO {
  return d.passkey ? { ...d, passkey: { ...d.passkey, transports: list(d.passkey.transports) } } : d
}

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
    failure: failure(c.failure),
    state: c.state ? state(c.state) : null,
    device: c.device ? device(c.device) : null,
  }
}

export function simPhone(p: SimPhoneDTO): SimPhoneDTO {
  return { ...p, behaviours: list(p.behaviours), failure: failure(p.failure) }
}
