/**
 * The only door to Go. Screens call these functions; nothing else in the
 * window touches what is bound, and passwords leave through here as bytes.
 */
import type {
  BoundAPI, CeremonyDTO, DeviceDTO, Events, IdentityDTO, LinkedPhoneDTO, PhoneModel, Runtime, SignInDTO, SimPhoneDTO, StateDTO,
} from './contract'
import * as tidy from './tidy'

export type * from './contract'
export { asFailure } from './tidy'

interface Far { api: BoundAPI; runtime: Runtime }

let far: Far | null = null

/** Connects another far side than the bound one: the fake, in tests and in development. */
export function connect(side: Far): void {
  far = side
}

function there(): Far {
  if (far) return far
  const api = window.go?.bind?.API
  if (!api || !window.runtime) throw new Error('window.go.bind.API is not there')
  return (far = { api, runtime: window.runtime })
}

async function ask<T, U>(call: (api: BoundAPI) => Promise<T>, shape: (answer: T) => U): Promise<U> {
  try {
    return shape(await call(there().api))
  } catch (e) {
    throw tidy.asFailure(e)
  }
}

const nothing = () => undefined

const bytes = (password: string): number[] => Array.from(new TextEncoder().encode(password))

export const state = (): Promise<StateDTO> => ask((a) => a.State(), tidy.state)
export const createAccount = (r: { alias: string; email: string; rpId: string; password: string }): Promise<StateDTO> =>
  ask((a) => a.CreateAccount({ ...r, password: bytes(r.password) }), tidy.state)
export const openSandbox = (): Promise<StateDTO> => ask((a) => a.OpenSandbox(), tidy.state)
export const leaveSandbox = (): Promise<StateDTO> => ask((a) => a.LeaveSandbox(), tidy.state)

export const signIn = (identity: IdentityDTO, password: string): Promise<SignInDTO> =>
  ask((a) => a.SignIn({ identity, password: bytes(password) }), tidy.signIn)
export const cancelSignIn = (): Promise<StateDTO> => ask((a) => a.CancelSignIn(), tidy.state)
export const signOut = (): Promise<StateDTO> => ask((a) => a.SignOut(), tidy.state)

export const devices = (): Promise<DeviceDTO[]> => ask((a) => a.Devices(), (l) => tidy.list(l).map(tidy.device))
export const checkDeviceName = (name: string): Promise<void> => ask((a) => a.CheckDeviceName(name), nothing)
export const renameDevice = (d: DeviceDTO, name: string): Promise<DeviceDTO> =>
  ask((a) => a.RenameDevice({ id: d.id, version: d.version, name }), tidy.device)
export const removeDevice = (d: DeviceDTO): Promise<void> =>
  ask((a) => a.RemoveDevice({ id: d.id, version: d.version }), nothing)
export const linkedPhones = (): Promise<LinkedPhoneDTO[]> => ask((a) => a.LinkedPhones(), tidy.list)
export const forgetPhone = (id: string): Promise<void> => ask((a) => a.ForgetPhone(id), nothing)

export const beginEnrolment = (name: string): Promise<CeremonyDTO> => ask((a) => a.BeginEnrolment({ name }), tidy.ceremony)
/** linkedId is empty for a QR code. */
export const beginPhoneSignIn = (linkedId: string): Promise<CeremonyDTO> =>
  ask((a) => a.BeginPhoneSignIn({ linkedId }), tidy.ceremony)
export const newCode = (): Promise<CeremonyDTO> => ask((a) => a.NewCode(), tidy.ceremony)
export const confirmDevice = (accept: boolean): Promise<void> => ask((a) => a.ConfirmDevice(accept), nothing)
export const cancelCeremony = (): Promise<void> => ask((a) => a.CancelCeremony(), nothing)
export const ceremony = (): Promise<CeremonyDTO | null> => ask((a) => a.Ceremony(), (c) => (c ? tidy.ceremony(c) : null))

/** png is base64 without the data-URL head: the pixels of the code on the screen. */
export const scanWithSimulatedPhone = (png: string): Promise<SimPhoneDTO> => ask((a) => a.ScanWithSimulatedPhone(png), tidy.simPhone)
export const answerSimulatedPhone = (approve: boolean): Promise<void> => ask((a) => a.AnswerSimulatedPhone(approve), nothing)
export const setSimulatedPhone = (behaviour: string, model: PhoneModel): Promise<SimPhoneDTO> =>
  ask((a) => a.SetSimulatedPhone({ behaviour, model }), tidy.simPhone)
export const simulatedPhone = (): Promise<SimPhoneDTO> => ask((a) => a.SimulatedPhone(), tidy.simPhone)

export const copy = async (text: string): Promise<boolean> => {
  try {
    return await there().runtime.ClipboardSetText(text)
  } catch {
    return false
  }
}

const shapes: { [E in keyof Events]: (data: Events[E]) => Events[E] } = {
  ceremony: tidy.ceremony,
  phone: tidy.simPhone,
  state: tidy.state,
}

/** Calls back for each event until the returned function is called. */
export function on<E extends keyof Events>(event: E, callback: (data: Events[E]) => void): () => void {
  return there().runtime.EventsOn(event, ((data: Events[E]) => callback(shapes[event](data))) as (...data: never[]) => void)
}

