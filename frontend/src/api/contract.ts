/**
 * What the window and the Go side have agreed on. Times are Unix milliseconds,
 * 0 means never. A failed call rejects with a FailureDTO and nothing else.
 */

export type NextAction =
  | 'none' | 'retry' | 'new-code' | 'another-way' | 'change-input' | 'turn-on-bluetooth'
  | 'allow-bluetooth' | 'check-network' | 'update-phone' | 'forget-phone' | 'sign-in' | 'reload'
  | 'remove-device' | 'update-app' | 'restore-backup' | 'free-disk' | 'close-other' | 'wait'
  | 'report' | 'choose-picture' | 'contact-administrator' | 'use-other-device'
  | 'add-device' | 'unlock' | 'choose-file'
  | 'insert-key' | 'replug-key' | 'install-rule' | 'set-pin' | 'reset-key'

export interface FailureDTO {
  code: string
  category: string
  next: NextAction
  params: Record<string, string>
  /** IAM's wire code, for "Details". */
  iam: string
  /** The chain of causes, for "Details". Never a secret, can be empty. */
  detail: string
}

export interface AccountDTO {
  id: string
  alias: string
  rpId: string
  frozen: boolean
  sandbox: boolean
  version: number
  settings: SettingsDTO
}

export interface SettingsDTO {
  rootGraceDays: number
  requireForUsers: boolean
  userGraceDays: number
  passwordless: boolean
  /** 0: never. */
  idleMinutes: number
  /** Refuse a device unless it is proven not to be Windows Hello. */
  ruleOutHello: boolean
  /** New users get EnableAnyDevice, which lets them round a certification policy. */
  newUsersAnyDevice: boolean
  passwords: PasswordRulesDTO
}

export interface PasswordRulesDTO { minLength: number; upper: boolean; lower: boolean; digit: boolean; symbol: boolean }

export interface IdentityDTO { kind: 'root' | 'user'; name: string }

export interface SessionDTO {
  principalId: string
  principal: string
  kind: 'root' | 'user'
  administrator: boolean
  startedAt: number
  mfaAt: number
  mfaPresent: boolean
  device: string
  /** A printed code stood in for a device. */
  recovered: boolean
  /** What the session is held to until it is done. */
  limit: '' | 'set-up-device' | 'change-password'
  verdict: VerdictDTO
}

/** What enforcement says about somebody: skip until the deadline (grace), or only set up a device (set-up). */
export interface VerdictDTO {
  state: 'free' | 'grace' | 'set-up' | 'blocked'
  reason: '' | 'not-required' | 'has-device' | 'no-device' | 'devices-suspect' | 'no-password'
  deadline: number
}

/** Whether secrets can be sealed and opened now. */
export interface VaultDTO {
  state: 'unset' | 'locked' | 'open'
  /** Name of the system's secret store, empty where there is none. */
  system: string
  /** Why the system's store does not serve, as a failure code; empty when it does. */
  store?: string
  slots: SlotDTO[]
}

export interface SlotDTO { id: string; kind: 'system' | 'passphrase' | 'recovery'; createdAt: number }

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
  vault: VaultDTO | null
  /** Why the last session ended by itself. */
  ended: '' | 'idle' | 'removed'
}

export interface DeviceDTO {
  id: string
  version: number
  /** Empty for a token in stock. */
  name: string
  kind: 'passkey' | 'app' | 'token'
  /** IAM serial number: an ARN, or the number printed on a token. */
  serial: string
  /** 0: unassigned. */
  addedAt: number
  createdAt: number
  lastUsedAt: number
  /** When its counter went backwards, 0 when it never did. */
  suspectAt: number
  passkey: PasskeyDTO | null
  code: CodeDeviceDTO | null
}

export interface PasskeyDTO {
  /** Empty when the authenticator did not name its model. */
  provider: string
  aaguid: string
  synced: boolean
  onPhone: boolean
  rpId: string
  algorithm: string
  transports: string[]
  attestation: string
  signCount: number
  userVerified: boolean
  trust: TrustDTO
}

export interface CodeDeviceDTO {
  algorithm: string
  digits: number
  /** Seconds. */
  period: number
  /** Seconds by which it is ahead of this computer. */
  drift: number
  manufacturer: string
  model: string
}

export interface DriftDTO {
  samples: DriftSampleDTO[]
  /** Seconds it gains a day; 0 when unknown. */
  perDay: number
  /** When it leaves the window if it is not used, 0 for never. */
  leavesAt: number
  /** Half the width of the sign-in window and of the resync window, in seconds. */
  window: number
  resyncWindow: number
}

export interface DriftSampleDTO { at: number; seconds: number }

export interface LinkedPhoneDTO { id: string; name: string; createdAt: number }

/** What follows a right password. */
export interface SignInDTO {
  complete: boolean
  state: StateDTO
  /** The kinds that can be chosen. */
  ways: Way[]
  /** Devices that can prove it, without anything a stranger should not see. */
  devices: WayDeviceDTO[]
  linked: LinkedPhoneDTO[]
}

export type Way = 'phone' | 'key' | 'computer' | 'code' | 'recovery'

/** By what a passkey is reached: a phone, a security key, this computer's own, or the system's own window. */
export type Road = 'phone' | 'key' | 'computer' | 'system'

export interface WayDeviceDTO { id: string; name: string; kind: 'passkey' | 'app' | 'token' }

/** The clock that codes go by, for the code page. */
export interface ClockDTO { now: number; period: number }

export type Stage =
  | 'needs-bluetooth' | 'show-qr' | 'ring-phone' | 'phone-seen' | 'connecting'
  | 'confirm-on-phone' | 'verifying' | 'name-device' | 'done' | 'failed'
  | 'find-key' | 'touch-key' | 'enter-pin' | 'choose-account' | 'system-dialog'

/** The modules of the code, without its quiet zone; "1" is dark. */
export interface QRDTO { size: number; rows: string[] }

export interface CandidateDTO { provider: string; aaguid: string; synced: boolean; onPhone: boolean; trust: TrustDTO | null }

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
  road: Road
  /** What was heard of phones while the code is shown, newest first, at most eight. */
  sightings: SightingDTO[]
  /** How many security keys wait for a touch, and the name of the one if it is one. */
  keys: number
  key: string
  /** Why no key can be used yet, at find-key. */
  trouble: FailureDTO | null
  /** At enter-pin. */
  pin: PINAskDTO | null
  /** At choose-account. */
  accounts: AccountsAskDTO | null
  candidate: CandidateDTO | null
  device: DeviceDTO | null
  state: StateDTO | null
  failure: FailureDTO | null
}

/** One advert that looked like a phone's. */
export interface SightingDTO { at: number; length: number; signal: number; matched: boolean }

/** A question for a PIN; left -1: unknown. */
export interface PINAskDTO {
  for: 'verify' | 'new' | 'change'
  key: string
  /** This computer's, not a key's. */
  local: boolean
  min: number
  max: number
  left: number
  wrong: boolean
  /** One more wrong PIN, and the key has to be unplugged first. */
  replug: boolean
}

/** Whose passkey shall it be? Asked once, and answered by its id. */
export interface AccountsAskDTO {
  id: number
  key: string
  /** This computer's, not a key's. */
  local: boolean
  /** The newest first. */
  accounts: FoundAccountDTO[]
}

/** A passkey as its authenticator tells of it; a mark where the names say nothing, or the same as another's. */
export interface FoundAccountDTO { name: string; fullName: string; mark: string }

/** A security key that is there now. */
export interface KeyDTO {
  /** As long as it stays in its place. */
  id: string
  name: string
  /** internal: this computer's own authenticator. */
  way: 'usb' | 'nfc' | 'internal'
  /** Why it cannot be spoken to; then the rest is empty. */
  trouble: FailureDTO | null
  /** Model's name in the metadata, or what is known of its AAGUID; may be empty. */
  model: string
  aaguid: string
  versions: string[]
  /** none: it can have none. */
  pin: 'set' | 'unset' | 'none'
  /** Tries left, -1 when unknown. */
  left: number
  minPin: number
  maxPin: number
  mustChangePin: boolean
  /** Fingerprint or the like is set up. */
  biometric: boolean
  passkeys: boolean
  /** It can list and delete its passkeys. */
  management: boolean
  /** Room for more passkeys, -1 when unknown. */
  room: number
  extensions: string[]
  transports: string[]
  certifications: FactDTO[]
}

/** A passkey on a security key. */
export interface KeyPasskeyDTO {
  /** Credential ID, hex. */
  id: string
  rpId: string
  rpName: string
  user: string
  displayName: string
  /** It is one of this account's devices: its name; else empty. */
  device: string
}

export interface SimKeyDTO {
  /** What it resembles: a plain key, one that is certified, one with a fingerprint, an old U2F key. */
  model: string
  models: string[]
  plugged: boolean
  /** It blinks. */
  waiting: boolean
  op: 'create' | 'sign-in' | 'select' | 'reset' | ''
  rpId: string
  passkeys: number
  pinSet: boolean
}

/** What the key's owner is to do now; touch: within ten seconds; hold: begin within ten, and keep touching for ten. */
export interface ResetDTO { stage: 'unplug' | 'insert' | 'touch' | 'hold' }

/** What this computer can do, way by way. */
export interface ReadinessDTO { at: number; ladders: LadderDTO[]; machine: FactDTO[]; system: 'linux' | 'windows' | 'darwin' }

/** What AWS documents of a way on this system. note: of i18n "ready.l_note_<note>". */
export interface DocumentedDTO { support: 'yes' | 'no' | 'unsaid'; browsers: string[]; note: string }

export interface LadderDTO {
  way: 'phone' | 'key' | 'nfc' | 'computer' | 'code'
  /** ready: every rung that is needed stands; unsure: one could not be asked. */
  state: 'ready' | 'not-ready' | 'unsure'
  rungs: RungDTO[]
  documented: DocumentedDTO
}

/** Its words: i18n "ready.s_<id>" and "ready.l_<id>_<state>" or "ready.p_<id>_<state>", with params; see readiness/words.ts. */
export interface RungDTO {
  id: string
  state: 'ok' | 'failed' | 'warning' | 'unknown' | 'skipped'
  params: Record<string, string>
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

/** One row of the list of users. */
export interface UserDTO {
  id: string
  version: number
  kind: 'root' | 'user'
  name: string
  path: string
  arn: string
  administrator: boolean
  hasPassword: boolean
  mustChange: boolean
  createdAt: number
  passwordAt: number
  passwordUsedAt: number
  deadline: number
  passkeys: number
  apps: number
  tokens: number
  suspect: number
  lastUsedAt: number
  recoveryLeft: number
  /** Independent ways in; two are enough. */
  ways: number
}

export interface UserRowDTO { line: number; name: string; path: string; administrator: boolean; hasPassword: boolean; failure: FailureDTO | null }

export interface UserPreviewDTO { id: string; file: string; rows: UserRowDTO[]; good: number; bad: number }

export interface ForecastDTO { user: UserDTO; verdict: VerdictDTO }

/** A file that the person chose or dropped. */
export interface FileDTO { id: string; name: string; size: number }

export interface TokenRowDTO {
  line: number
  serial: string
  /** What it will be called here when its own number is too short; else empty. */
  mapped: string
  manufacturer: string
  model: string
  label: string
  algorithm: string
  digits: number
  period: number
  /** The file does not name the hash; it was told from the length of the seed. */
  hashAssumed: boolean
  failure: FailureDTO | null
}

export interface TokenPreviewDTO { id: string; file: string; format: string; rows: TokenRowDTO[]; good: number; bad: number }

/** An authenticator app that is being added. Nothing secret is in it. */
export interface NewAppDTO { device: DeviceDTO; label: string; issuer: string }

export interface ImportProgressDTO { id: string; done: number; total: number }

export interface EventDTO {
  seq: number
  at: number
  kind: string
  principalId: string
  principal: string
  deviceId: string
  detail: Record<string, string>
}

export interface ActivityFilter { from: number; to: number; kinds: string[]; principalId: string; before: number; limit: number }

export interface ReportRowDTO {
  user: string
  arn: string
  createdAt: number
  passwordEnabled: boolean
  passwordUsedAt: number
  passwordAt: number
  mfaActive: boolean
  passkeys: number
  apps: number
  tokens: number
  lastUsedAt: number
}

// metadata and policies

/** Levels in IAM's spelling; empty: none. */
export interface CertificatesDTO { fido: string; fips2: string; fips3: string }

/** What was proven of a device's model when it was registered; it never changes. */
export interface TrustDTO {
  fido: string
  fips2: string
  fips3: string
  proven: boolean
  /** Why not. */
  unproven: '' | 'not-judged' | 'no-metadata' | 'no-attestation' | 'self-attestation' | 'no-model' | 'no-entry' | 'root-unknown' | 'no-roots'
  model: string
  entry: string
  format: string
  /** Number of the metadata that was asked, 0 for none. */
  blob: number
  at: number
  reports: StatusReportDTO[]
  hello: '' | 'no' | 'yes' | 'unproven'
  helloProof: string
}

/** date: YYYY-MM-DD or empty. */
export interface StatusReportDTO { status: string; date: string; until: string; number: string; fips: number; url: string; now: boolean }

export interface BlobDTO {
  number: number
  /** SHA-256, hex. */
  hash: string
  importedAt: number
  nextUpdate: number
  overdue: boolean
  signer: string
  source: string
  entries: number
  odd: number
  size: number
}

/** An entry that is not as it should be. used: it is in the catalogue all the same. */
export interface OddDTO { position: number; id: string; why: string; used: boolean }

export interface MetadataDTO { current: BlobDTO | null; older: BlobDTO[]; odd: OddDTO[]; address: string }

/** blob is what there is now; fresh tells an import from the same file once more. */
export interface ImportedBlobDTO { blob: BlobDTO; fresh: boolean; models: number; drifted: number }

export interface ModelDTO {
  fido: string
  fips2: string
  fips3: string
  /** AAGUID, AAID or key identifier. */
  id: string
  name: string
  protocol: 'fido2' | 'u2f' | 'uaf'
  /** usb, nfc, ble, hybrid, internal. */
  transports: string[]
  /** Its newest status, as FIDO writes it. */
  status: string
  /** Reported as revoked, compromised or retired: cannot be registered. */
  refused: boolean
  since: string
}

export interface ModelDetailsDTO {
  model: ModelDTO
  /** data: address of a picture, or empty. */
  icon: string
  reports: StatusReportDTO[]
  facts: FactDTO[]
  /** How many of the account's devices are of this model. */
  devices: number
}

/** name: of i18n "fact.s_<name>"; values as the statement has them. */
export interface FactDTO { name: string; values: string[] }

/** What metadata says now of a device, beside what was frozen. */
export interface DriftRowDTO {
  device: string
  deviceId: string
  principalId: string
  principal: string
  model: string
  then: CertificatesDTO
  now: CertificatesDTO
  /** Set when the model could not be registered any more. */
  refused: StatusReportDTO | null
  blobThen: number
  change: 'better' | 'worse' | 'refused' | 'gone' | 'known'
}

export interface PolicyDTO { name: string; path: string; document: string; builtIn: boolean; createdAt: number; updatedAt: number; version: number; attached: number }

/** What holds for a user. group: through which group. */
export interface GrantedDTO { name: string; inline: boolean; group: string; document: string }

/** members: principal IDs; policies, inline: names. */
export interface GroupDTO { id: string; name: string; version: number; members: string[]; policies: string[]; inline: string[] }

/** Something about a policy's text; line and column from 1, in characters. */
export interface FindingDTO { level: 'error' | 'warning'; code: string; line: number; column: number; length: number; params: Record<string, string> }

/** A document under a name: something to begin with, or an inline policy. */
export interface TemplateDTO { name: string; document: string }

/** To whom a managed policy is attached, by IDs. */
export interface PolicyUsersDTO { users: string[]; groups: string[] }

/** For completion. */
export interface PolicyWordsDTO { actions: string[]; keys: string[]; operators: string[]; variables: string[]; values: Record<string, string[]> }

export interface OutcomeDTO {
  policy: string
  inline: boolean
  group: string
  /** From 1. */
  statement: number
  sid: string
  effect: 'Allow' | 'Deny'
  line: number
  matched: boolean
  /** The first thing that did not match. */
  part: '' | 'action' | 'resource' | 'condition'
  operator: string
  key: string
  want: string[]
  got: string[]
  absent: boolean
}

export interface DecisionDTO {
  effect: 'allow' | 'explicitDeny' | 'implicitDeny'
  /** Index into outcomes of the statement that decided, -1 for none. */
  decided: number
  outcomes: OutcomeDTO[]
}

/** One way to add a device, as the policies see it. */
export interface AddingWayDTO {
  way: 'phone' | 'key' | 'computer' | 'app' | 'token'
  /** By what it would be gone here; system: the operating system's own window. */
  road: Road | ''
  /** Why it does not work on this computer, null when it does or nobody knows. */
  missing: FailureDTO | null
  allowed: boolean
  /** Nothing proves a certificate this way, and some policy asks for one. */
  doomed: boolean
  reason: '' | 'create' | 'activate' | 'single' | 'windows-hello'
  decision: DecisionDTO | null
  /** Levels that would be accepted, for words; each is one way to pass. */
  needs: NeedDTO[]
}

/** What a statement asks of an authenticator: all of it. */
export interface NeedDTO { key: 'fido' | 'fips2' | 'fips3'; operator: string; values: string[] }

export interface PreflightDTO {
  create: DecisionDTO
  activate: DecisionDTO | null
  admitted: boolean
  refused: StatusReportDTO | null
  hello: boolean
  needs: NeedDTO[]
}

export interface AdmissionRowDTO { model: ModelDTO; admitted: boolean; reason: '' | 'create' | 'activate' | 'refused' | 'windows-hello'; by: OutcomeDTO | null }

export interface AdmissionDTO { rows: AdmissionRowDTO[]; admitted: number; blob: number }

/** change: what the second set does that the first did not. */
export interface AdmissionDiffDTO { model: ModelDTO; change: 'admitted' | 'refused'; by: OutcomeDTO | null }

/** Whose rules: exactly one is set. "user" takes everything that holds for that person. */
export interface RulesDTO { document: string; policy: string; principalId: string }

export interface SummaryDTO { account: string; alias: string; madeAt: number; users: number; devices: number; events: number; sealed: number }

export interface SavedDTO { saved: boolean; name: string }

export interface CreateAccountRequest { alias: string; email: string; rpId: string; password: number[] }
export interface SignInRequest { identity: IdentityDTO; password: number[] }
export interface RenameDeviceRequest { id: string; version: number; name: string }
export interface DeviceRequest { id: string; version: number }
export interface EnrolmentRequest { name: string; principalId: string }
export interface PasskeyRequest { name: string; principalId: string; road: Road }
export interface TwoCodesRequest { id: string; first: string; second: string }
export interface AssignTokenRequest { serial: string; name: string; principalId: string; first: string; second: string }
export interface AddUserRequest { name: string; path: string; password: number[]; mustChange: boolean; administrator: boolean }
export interface ChangeUserRequest { id: string; version: number; name: string; path: string }
export interface UserRequest { id: string; version: number }
export interface SetPasswordRequest { id: string; version: number; password: number[]; mustChange: boolean }
export interface ChangePasswordRequest { old: number[]; new: number[] }
export interface SeedFileRequest { file: string; password: number[]; key: number[] }
export interface ImportRequest { id: string; onlyGood: boolean }
export interface PreviewCodesRequest { id: string; from: number; count: number }
export interface SaveRequest { title: string; name: string }
export interface SaveSettingsRequest { version: number; settings: SettingsDTO }
export interface PassphraseRequest { passphrase: number[] }
export interface BackupRequest { title: string; name: string; passphrase: number[] }
/** version 0 makes a new one. lockOut: do it although only root would be left. */
export interface SavePolicyRequest { name: string; path: string; document: string; version: number; lockOut: boolean }
/** Exactly one owner. */
export interface AttachRequest { policy: string; principalId: string; groupId: string; on: boolean; lockOut: boolean }
export interface InlineRequest { name: string; document: string; principalId: string; groupId: string; lockOut: boolean }
/** keys: one value each, or several; those of the principal are known. An empty resource is what the action acts on for this person. */
export interface TryRequest { rules: RulesDTO; principalId: string; action: string; resource: string; keys: Record<string, string[]> }
/** model: an ID of the catalogue; empty asks about levels, or about nothing proven when they are empty, too. */
export interface PreflightRequest { rules: RulesDTO; principalId: string; model: string; levels: CertificatesDTO }
export interface KeyPINRequest { id: string; old: number[]; new: number[] }
export interface RestoreRequest { file: string; passphrase: number[]; replaceOther: boolean }

/** The methods bound by Go, by their Go names. */
export interface BoundAPI {
  State(): Promise<StateDTO>
  CreateAccount(req: CreateAccountRequest): Promise<StateDTO>
  OpenSandbox(): Promise<StateDTO>
  LeaveSandbox(): Promise<StateDTO>
  SignIn(req: SignInRequest): Promise<SignInDTO>
  CancelSignIn(): Promise<StateDTO>
  SignOut(): Promise<StateDTO>
  /** The person is there: puts off the idle lock. */
  Touch(): Promise<void>

  // the second factor, after SignIn
  SignInWithCode(code: string): Promise<SignInDTO>
  SignInWithRecoveryCode(code: number[]): Promise<SignInDTO>
  ResyncAtSignIn(req: TwoCodesRequest): Promise<void>
  BeginPhoneSignIn(req: { linkedId: string }): Promise<CeremonyDTO>
  /** Passwordless: no name was typed. */
  BeginPasskeySignIn(road: Road): Promise<CeremonyDTO>
  /** Whether this computer can be offered for that: it keeps passkeys of one person. */
  ComputerAlone(): Promise<boolean>
  /** The second factor by a security key or this computer. */
  BeginKeySignIn(road: Road): Promise<CeremonyDTO>
  Clock(): Promise<ClockDTO>

  // devices; an empty principal is the person who is signed in
  Devices(principalId: string): Promise<DeviceDTO[] | null>
  UnassignedDevices(): Promise<DeviceDTO[] | null>
  Tokens(): Promise<DeviceDTO[] | null>
  CheckDeviceName(req: EnrolmentRequest): Promise<void>
  RenameDevice(req: RenameDeviceRequest): Promise<DeviceDTO>
  /** Deletes a passkey; an app becomes unassigned, a token goes back to stock. */
  RemoveDevice(req: DeviceRequest): Promise<void>
  /** Deletes an unassigned app, or a token in stock. */
  DeleteDevice(req: DeviceRequest): Promise<void>
  Drift(deviceId: string): Promise<DriftDTO>
  Resync(req: TwoCodesRequest): Promise<DeviceDTO>
  LinkedPhones(): Promise<LinkedPhoneDTO[] | null>
  ForgetPhone(id: string): Promise<void>

  // adding
  BeginEnrolment(req: PasskeyRequest): Promise<CeremonyDTO>
  /** Answers stage enter-pin; the bytes of UTF-8 text. */
  GivePIN(pin: number[]): Promise<void>
  /** Answers stage choose-account; account is an index into the question's list. */
  ChooseAccount(req: { question: number; account: number }): Promise<void>
  NewCode(): Promise<CeremonyDTO>
  ConfirmDevice(accept: boolean): Promise<void>
  CancelCeremony(): Promise<void>
  Ceremony(): Promise<CeremonyDTO | null>
  CreateApp(req: EnrolmentRequest): Promise<NewAppDTO>
  /** The code to scan, of the app that is being added. */
  ShowAppCode(): Promise<QRDTO>
  /** The secret key of the app that is being added, as bytes of base32 text. */
  ShowAppKey(): Promise<number[]>
  EnableApp(req: TwoCodesRequest): Promise<DeviceDTO>
  /** Gives an unassigned app to somebody, whose phone still has it. */
  AssignApp(req: AssignTokenRequest): Promise<DeviceDTO>
  CancelApp(): Promise<void>
  AssignToken(req: AssignTokenRequest): Promise<DeviceDTO>

  // oneself
  ChangePassword(req: ChangePasswordRequest): Promise<StateDTO>
  MakeRecoveryCodes(): Promise<number[][]>
  Me(): Promise<UserDTO>

  // users
  Users(): Promise<UserDTO[] | null>
  AddUser(req: AddUserRequest): Promise<UserDTO>
  ChangeUser(req: ChangeUserRequest): Promise<UserDTO>
  RemoveUser(req: UserRequest): Promise<void>
  SetPassword(req: SetPasswordRequest): Promise<UserDTO>
  SetAdministrator(req: { id: string; on: boolean }): Promise<UserDTO>
  PreviewUsers(file: string): Promise<UserPreviewDTO>
  AddUsers(req: ImportRequest): Promise<number>
  Report(): Promise<ReportRowDTO[] | null>
  SaveReport(req: SaveRequest): Promise<SavedDTO>

  // tokens
  PreviewTokens(req: SeedFileRequest): Promise<TokenPreviewDTO>
  PreviewCodes(req: PreviewCodesRequest): Promise<string[]>
  ImportTokens(req: ImportRequest): Promise<number>
  ClosePreview(id: string): Promise<void>

  // the account
  SaveSettings(req: SaveSettingsRequest): Promise<StateDTO>
  Rehearse(day: number): Promise<ForecastDTO[] | null>
  Activity(filter: ActivityFilter): Promise<EventDTO[] | null>
  SaveActivity(req: { title: string; name: string; filter: ActivityFilter }): Promise<SavedDTO>

  // metadata
  Metadata(): Promise<MetadataDTO>
  ImportMetadata(file: string): Promise<ImportedBlobDTO>
  /** From FIDO's own address; the event "import" tells how far it is, in bytes. */
  FetchMetadata(): Promise<ImportedBlobDTO>
  CancelFetch(): Promise<void>
  Models(): Promise<ModelDTO[] | null>
  Model(id: string): Promise<ModelDetailsDTO>
  MetadataDrift(): Promise<DriftRowDTO[] | null>

  // policies
  Policies(): Promise<PolicyDTO[] | null>
  SavePolicy(req: SavePolicyRequest): Promise<PolicyDTO>
  DeletePolicy(req: { name: string; version: number }): Promise<void>
  AttachPolicy(req: AttachRequest): Promise<void>
  PutInline(req: InlineRequest): Promise<void>
  RemoveInline(req: InlineRequest): Promise<void>
  /** Of one owner; exactly one ID is set. */
  InlinePolicies(req: { principalId: string; groupId: string }): Promise<TemplateDTO[] | null>
  Granted(principalId: string): Promise<GrantedDTO[] | null>
  /** The IDs of those that a managed policy is attached to. */
  PolicyUsers(name: string): Promise<PolicyUsersDTO>
  Groups(): Promise<GroupDTO[] | null>
  AddGroup(name: string): Promise<GroupDTO>
  RemoveGroup(req: { id: string; version: number }): Promise<void>
  SetMember(req: { groupId: string; principalId: string; in: boolean }): Promise<void>
  Templates(): Promise<TemplateDTO[]>
  CheckPolicy(document: string): Promise<FindingDTO[] | null>
  PolicyWords(): Promise<PolicyWordsDTO>
  TryPolicy(req: TryRequest): Promise<DecisionDTO>

  // answers
  WaysToAdd(principalId: string): Promise<AddingWayDTO[]>
  Preflight(req: PreflightRequest): Promise<PreflightDTO>
  Admits(rules: RulesDTO): Promise<AdmissionDTO>
  /** Two sets of rules, or one set over two BLOBs (0: the newest). */
  CompareAdmission(req: { first: RulesDTO; second: RulesDTO; firstBlob: number; secondBlob: number }): Promise<AdmissionDiffDTO[] | null>
  SaveDifferences(req: { title: string; name: string; first: RulesDTO; second: RulesDTO; firstBlob: number; secondBlob: number }): Promise<SavedDTO>
  SaveAdmission(req: { title: string; name: string; rules: RulesDTO }): Promise<SavedDTO>

  // secrets and backups
  /** An empty passphrase asks the system's secret store once more, which may ask the person. */
  UnlockVault(req: PassphraseRequest): Promise<StateDTO>
  UnlockVaultWithFile(file: string): Promise<StateDTO>
  SetPassphrase(req: PassphraseRequest): Promise<StateDTO>
  RemoveSlot(id: string): Promise<StateDTO>
  SaveRecoveryFile(req: SaveRequest): Promise<SavedDTO>
  Backup(req: BackupRequest): Promise<SavedDTO>
  RehearseBackup(req: RestoreRequest): Promise<SummaryDTO>
  RestoreBackup(req: RestoreRequest): Promise<StateDTO>

  // security keys that are plugged in; event "keys" tells of changes
  Keys(): Promise<KeyDTO[] | null>
  /** Makes it blink. */
  WinkKey(id: string): Promise<void>
  /** Sets the first PIN (an empty old one) or changes it. */
  SetKeyPIN(req: KeyPINRequest): Promise<KeyDTO>
  /** Lists what is on it; the PIN is kept until the key goes or CloseKey. */
  KeyPasskeys(req: { id: string; pin: number[] }): Promise<KeyPasskeyDTO[] | null>
  DeleteKeyPasskey(req: { id: string; passkey: string }): Promise<void>
  CloseKey(id: string): Promise<void>
  /** Waits for a touch; CancelReset ends it. */
  ResetKey(id: string): Promise<void>
  CancelReset(): Promise<void>

  /** May take three seconds. */
  Readiness(): Promise<ReadinessDTO>

  /** The system's own dialog; null when the person closed it. */
  ChooseFile(title: string): Promise<FileDTO | null>

  // the sandbox
  ScanWithSimulatedPhone(png: string): Promise<SimPhoneDTO>
  AnswerSimulatedPhone(approve: boolean): Promise<void>
  SetSimulatedPhone(req: { behaviour: string; model: PhoneModel }): Promise<SimPhoneDTO>
  SimulatedPhone(): Promise<SimPhoneDTO>
  SimulatedKey(): Promise<SimKeyDTO>
  TouchSimulatedKey(): Promise<void>
  PlugSimulatedKey(on: boolean): Promise<SimKeyDTO>
  SetSimulatedKey(model: string): Promise<SimKeyDTO>
}

export interface Events {
  ceremony: CeremonyDTO
  phone: SimPhoneDTO
  /** The simulated key. */
  simkey: SimKeyDTO
  /** A security key came or went. */
  keys: KeyDTO[]
  /** How far a key's reset is, each stage once. */
  reset: ResetDTO
  state: StateDTO
  import: ImportProgressDTO
  /** Files that were dropped on the window. */
  files: FileDTO[]
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
