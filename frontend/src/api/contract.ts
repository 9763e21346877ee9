/**
 * What the window and the Go side have agreed on. Times are Unix milliseconds,
 * 0 means never. A failed call rejects with a FailureDTO and nothing else.
 */

export type NextAction =
  | 'none' | 'retry' | 'new-code' | 'another-way' | 'change-input' | 'turn-on-bluetooth'
  | 'allow-bluetooth' | 'check-network' | 'update-phone' | 'forget-phone' | 'sign-in' | 'reload'
  | 'remove-device' | 'update-app' | 'restore-backup' | 'free-disk' | 'close-other' | 'wait'
  | 'report' | 'choose-picture' | 'contact-administrator' | 'use-other-device'

export interface FailureDTO {
  code: string
  category: string
  next: NextAction
  params: Record<string, string>
  /** The chain of causes, for "Details". Never a secret, can be empty. */
  detail: string
}

export interface AccountDTO { id: string; alias: string; rpId: string; frozen: boolean; sandbox: boolean }

export interface IdentityDTO { kind: 'root' | 'user'; name: string }

export interface SessionDTO {
  principal: string
  kind: 'root' | 'user'
  startedAt: number
  mfaAt: number
  mfaPresent: boolean
  device: string
}

export interface StateDTO {
  phase: 'welcome' | 'sign-in' | 'home' | 'broken'
  sandbox: boolean
  hasSandbox: boolean
  account: AccountDTO | null
  session: SessionDTO | null
  failure: FailureDTO | null
  version: string
  system: 'linux' | 'windows' | 'darwin'
  lastIdentity: IdentityDTO | null
  backups: string[]
}

export interface DeviceDTO {
  id: string
  version: number
  name: string
  kind: string
  /** Empty when the authenticator did not name its model. */
  provider: string
  aaguid: string
  addedAt: number
  lastUsedAt: number
  synced: boolean
  onPhone: boolean
  /** When its counter went backwards, 0 when it never did. */
  suspectAt: number
  serial: string
  rpId: string
  algorithm: string
  transports: string[]
  attestation: string
  signCount: number
  userVerified: boolean
}

export interface LinkedPhoneDTO { id: string; name: string; createdAt: number }

export interface SignInDTO {
  complete: boolean
  state: StateDTO
  ways: string[]
  devices: string[]
  linked: LinkedPhoneDTO[]
}

export type Stage =
  | 'needs-bluetooth' | 'show-qr' | 'ring-phone' | 'phone-seen' | 'connecting'
  | 'confirm-on-phone' | 'verifying' | 'name-device' | 'done' | 'failed'

/** The modules of the code, without its quiet zone; "1" is dark. */
export interface QRDTO { size: number; rows: string[] }

export interface CandidateDTO { provider: string; aaguid: string; synced: boolean; onPhone: boolean }

export interface CeremonyDTO {
  /** Rises with each ceremony; a new code makes a new one. */
  id: number
  purpose: 'enrol' | 'sign-in'
  name: string
  stage: Stage
  reached: Stage[]
  qr: QRDTO | null
  until: number
  radio: string
  /** dBm, 0 when unknown. */
  signal: number
  candidate: CandidateDTO | null
  device: DeviceDTO | null
  state: StateDTO | null
  failure: FailureDTO | null
}

export type PhoneModel = 'android' | 'iphone'

export interface SimPhoneDTO {
  state: 'idle' | 'reading' | 'connecting' | 'asking' | 'done' | 'failed'
  model: PhoneModel
  behaviour: string
  behaviours: string[]
  op: 'create' | 'sign-in' | ''
  rpId: string
  account: string
  failure: FailureDTO | null
  name: string
}

export interface CreateAccountRequest { alias: string; email: string; rpId: string; password: number[] }
export interface SignInRequest { identity: IdentityDTO; password: number[] }
export interface RenameDeviceRequest { id: string; version: number; name: string }
export interface RemoveDeviceRequest { id: string; version: number }

/** The methods bound by Go, by their Go names. */
export interface BoundAPI {
  State(): Promise<StateDTO>
  CreateAccount(req: CreateAccountRequest): Promise<StateDTO>
  OpenSandbox(): Promise<StateDTO>
  LeaveSandbox(): Promise<StateDTO>
  SignIn(req: SignInRequest): Promise<SignInDTO>
  CancelSignIn(): Promise<StateDTO>
  SignOut(): Promise<StateDTO>
  Devices(): Promise<DeviceDTO[] | null>
  CheckDeviceName(name: string): Promise<void>
  RenameDevice(req: RenameDeviceRequest): Promise<DeviceDTO>
  RemoveDevice(req: RemoveDeviceRequest): Promise<void>
  LinkedPhones(): Promise<LinkedPhoneDTO[] | null>
  ForgetPhone(id: string): Promise<void>
  BeginEnrolment(req: { name: string }): Promise<CeremonyDTO>
  BeginPhoneSignIn(req: { linkedId: string }): Promise<CeremonyDTO>
  NewCode(): Promise<CeremonyDTO>
  ConfirmDevice(accept: boolean): Promise<void>
  CancelCeremony(): Promise<void>
  Ceremony(): Promise<CeremonyDTO | null>
  ScanWithSimulatedPhone(png: string): Promise<SimPhoneDTO>
  AnswerSimulatedPhone(approve: boolean): Promise<void>
  SetSimulatedPhone(req: { behaviour: string; model: PhoneModel }): Promise<SimPhoneDTO>
  SimulatedPhone(): Promise<SimPhoneDTO>
}

export interface Events {
  ceremony: CeremonyDTO
  phone: SimPhoneDTO
  state: StateDTO
}

/** The part of the window's runtime that is used. */
export interface Runtime {
  EventsOn(name: string, callback: (...data: never[]) => void): () => void
  ClipboardSetText(text: string): Promise<boolean>
}

declare global {
  interface Window {
    go?: { bind?: { API?: BoundAPI } }
    runtime?: Runtime
  }
}
