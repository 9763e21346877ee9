/**
 * The only door to Go. Screens call these functions; nothing else in the
 * window touches what is bound, and passwords leave through here as bytes.
 */
import type {
  ActivityFilter, AddingWayDTO, AdmissionDiffDTO, AdmissionDTO, AttachRequest, CeremonyDTO, ClockDTO, DecisionDTO, DeviceDTO, DriftDTO,
  DriftRowDTO, EventDTO, Events, FileDTO, FindingDTO, ForecastDTO, GrantedDTO, GroupDTO, IdentityDTO, ImportedBlobDTO, InlineRequest, LinkedPhoneDTO,
  MetadataDTO, ModelDetailsDTO, ModelDTO, NewAppDTO, PhoneModel, PolicyDTO, PolicyWordsDTO, PreflightDTO, PreflightRequest, QRDTO, ReportRowDTO,
  Road, RulesDTO, SavedDTO, SavePolicyRequest, SettingsDTO, SignInDTO, SimPhoneDTO, StateDTO, SummaryDTO, TemplateDTO, TokenPreviewDTO, TryRequest,
  UserDTO, UserPreviewDTO,
} from './contract'
import { ask, bytes, nothing, same, text, there } from './far'
import * as tidy from './tidy'

export type * from './contract'
export { connect } from './far'
export { asFailure } from './tidy'

export const state = (): Promise<StateDTO> => ask((a) => a.State(), tidy.state)
export const createAccount = (r: { alias: string; email: string; rpId: string; password: string }): Promise<StateDTO> =>
  ask((a) => a.CreateAccount({ ...r, password: bytes(r.password) }), tidy.state)
export const openSandbox = (): Promise<StateDTO> => ask((a) => a.OpenSandbox(), tidy.state)
export const leaveSandbox = (): Promise<StateDTO> => ask((a) => a.LeaveSandbox(), tidy.state)

export const signIn = (identity: IdentityDTO, password: string): Promise<SignInDTO> =>
  ask((a) => a.SignIn({ identity, password: bytes(password) }), tidy.signIn)
export const cancelSignIn = (): Promise<StateDTO> => ask((a) => a.CancelSignIn(), tidy.state)
export const signOut = (): Promise<StateDTO> => ask((a) => a.SignOut(), tidy.state)
export const touch = (): Promise<void> => ask((a) => a.Touch(), nothing)

// the second factor

export const signInWithCode = (code: string): Promise<SignInDTO> => ask((a) => a.SignInWithCode(code), tidy.signIn)
export const signInWithRecoveryCode = (code: string): Promise<SignInDTO> =>
  ask((a) => a.SignInWithRecoveryCode(bytes(code)), tidy.signIn)
export const resyncAtSignIn = (id: string, first: string, second: string): Promise<void> =>
  ask((a) => a.ResyncAtSignIn({ id, first, second }), nothing)
/** linkedId is empty for a QR code. */
export const beginPhoneSignIn = (linkedId: string): Promise<CeremonyDTO> =>
  ask((a) => a.BeginPhoneSignIn({ linkedId }), tidy.ceremony)
export const beginPasskeySignIn = (road: Road): Promise<CeremonyDTO> => ask((a) => a.BeginPasskeySignIn(road), tidy.ceremony)
export const computerAlone = (): Promise<boolean> => ask((a) => a.ComputerAlone(), same)
export const beginKeySignIn = (road: Road): Promise<CeremonyDTO> => ask((a) => a.BeginKeySignIn(road), tidy.ceremony)
export const clock = (): Promise<ClockDTO> => ask((a) => a.Clock(), same)

// devices; an empty principal is the person who is signed in

const deviceList = (l: DeviceDTO[] | null) => tidy.list(l).map(tidy.device)

export const devices = (principalId = ''): Promise<DeviceDTO[]> => ask((a) => a.Devices(principalId), deviceList)
export const unassignedDevices = (): Promise<DeviceDTO[]> => ask((a) => a.UnassignedDevices(), deviceList)
export const tokens = (): Promise<DeviceDTO[]> => ask((a) => a.Tokens(), deviceList)
export const checkDeviceName = (name: string, principalId = ''): Promise<void> =>
  ask((a) => a.CheckDeviceName({ name, principalId }), nothing)
export const renameDevice = (d: DeviceDTO, name: string): Promise<DeviceDTO> =>
  ask((a) => a.RenameDevice({ id: d.id, version: d.version, name }), tidy.device)
/** Deletes a passkey; an app becomes unassigned, a token goes back to stock. */
export const removeDevice = (d: DeviceDTO): Promise<void> =>
  ask((a) => a.RemoveDevice({ id: d.id, version: d.version }), nothing)
/** Deletes an unassigned app, or a token in stock. */
export const deleteDevice = (d: DeviceDTO): Promise<void> =>
  ask((a) => a.DeleteDevice({ id: d.id, version: d.version }), nothing)
export const drift = (deviceId: string): Promise<DriftDTO> =>
  ask((a) => a.Drift(deviceId), (d) => ({ ...d, samples: tidy.list(d.samples) }))
export const resync = (id: string, first: string, second: string): Promise<DeviceDTO> =>
  ask((a) => a.Resync({ id, first, second }), tidy.device)
export const linkedPhones = (): Promise<LinkedPhoneDTO[]> => ask((a) => a.LinkedPhones(), tidy.list)
export const forgetPhone = (id: string): Promise<void> => ask((a) => a.ForgetPhone(id), nothing)

// adding

export const beginEnrolment = (name: string, road: Road, principalId = ''): Promise<CeremonyDTO> =>
  ask((a) => a.BeginEnrolment({ name, principalId, road }), tidy.ceremony)
export const newCode = (): Promise<CeremonyDTO> => ask((a) => a.NewCode(), tidy.ceremony)
export const confirmDevice = (accept: boolean): Promise<void> => ask((a) => a.ConfirmDevice(accept), nothing)
export const cancelCeremony = (): Promise<void> => ask((a) => a.CancelCeremony(), nothing)
export const ceremony = (): Promise<CeremonyDTO | null> => ask((a) => a.Ceremony(), (c) => (c ? tidy.ceremony(c) : null))

export const createApp = (name: string, principalId = ''): Promise<NewAppDTO> =>
  ask((a) => a.CreateApp({ name, principalId }), (n) => ({ ...n, device: tidy.device(n.device) }))
export const showAppCode = (): Promise<QRDTO> => ask((a) => a.ShowAppCode(), same)
export const showAppKey = (): Promise<string> => ask((a) => a.ShowAppKey(), text)
export const enableApp = (id: string, first: string, second: string): Promise<DeviceDTO> =>
  ask((a) => a.EnableApp({ id, first, second }), tidy.device)
export const cancelApp = (): Promise<void> => ask((a) => a.CancelApp(), nothing)

export interface Assignment { serial: string; name: string; principalId: string; first: string; second: string }

export const assignApp = (r: Assignment): Promise<DeviceDTO> => ask((a) => a.AssignApp(r), tidy.device)
export const assignToken = (r: Assignment): Promise<DeviceDTO> => ask((a) => a.AssignToken(r), tidy.device)

// oneself

export const changePassword = (old: string, fresh: string): Promise<StateDTO> =>
  ask((a) => a.ChangePassword({ old: bytes(old), new: bytes(fresh) }), tidy.state)
export const makeRecoveryCodes = (): Promise<string[]> => ask((a) => a.MakeRecoveryCodes(), (l) => tidy.list(l).map(text))
export const me = (): Promise<UserDTO> => ask((a) => a.Me(), same)

// users

export interface NewUser { name: string; path: string; password: string; mustChange: boolean; administrator: boolean }

export const users = (): Promise<UserDTO[]> => ask((a) => a.Users(), tidy.list)
/** An empty password makes a user who cannot sign in yet. */
export const addUser = (r: NewUser): Promise<UserDTO> => ask((a) => a.AddUser({ ...r, password: bytes(r.password) }), same)
export const changeUser = (u: UserDTO, name: string, path: string): Promise<UserDTO> =>
  ask((a) => a.ChangeUser({ id: u.id, version: u.version, name, path }), same)
export const removeUser = (u: UserDTO): Promise<void> => ask((a) => a.RemoveUser({ id: u.id, version: u.version }), nothing)
/** An empty password takes it away. */
export const setPassword = (u: UserDTO, password: string, mustChange: boolean): Promise<UserDTO> =>
  ask((a) => a.SetPassword({ id: u.id, version: u.version, password: bytes(password), mustChange }), same)
export const setAdministrator = (id: string, on: boolean): Promise<UserDTO> => ask((a) => a.SetAdministrator({ id, on }), same)
export const previewUsers = (file: string): Promise<UserPreviewDTO> => ask((a) => a.PreviewUsers(file), tidy.preview)
export const addUsers = (id: string, onlyGood: boolean): Promise<number> => ask((a) => a.AddUsers({ id, onlyGood }), same)
export const report = (): Promise<ReportRowDTO[]> => ask((a) => a.Report(), tidy.list)
export const saveReport = (title: string, name: string): Promise<SavedDTO> => ask((a) => a.SaveReport({ title, name }), same)

// tokens

/** password and key are empty where the file needs none. */
export const previewTokens = (file: string, password: string, key: string): Promise<TokenPreviewDTO> =>
  ask((a) => a.PreviewTokens({ file, password: bytes(password), key: bytes(key) }), tidy.preview)
export const previewCodes = (id: string, from: number, count: number): Promise<string[]> =>
  ask((a) => a.PreviewCodes({ id, from, count }), tidy.list)
export const importTokens = (id: string, onlyGood: boolean): Promise<number> => ask((a) => a.ImportTokens({ id, onlyGood }), same)
export const closePreview = (id: string): Promise<void> => ask((a) => a.ClosePreview(id), nothing)

// the account

export const saveSettings = (version: number, settings: SettingsDTO): Promise<StateDTO> =>
  ask((a) => a.SaveSettings({ version, settings }), tidy.state)
/** day is Unix milliseconds. */
export const rehearse = (day: number): Promise<ForecastDTO[]> => ask((a) => a.Rehearse(day), tidy.list)
export const activity = (filter: ActivityFilter): Promise<EventDTO[]> => ask((a) => a.Activity(filter), (l) => tidy.list(l).map(tidy.event))
export const saveActivity = (title: string, name: string, filter: ActivityFilter): Promise<SavedDTO> =>
  ask((a) => a.SaveActivity({ title, name, filter }), same)

// metadata

export const metadata = (): Promise<MetadataDTO> => ask((a) => a.Metadata(), tidy.metadata)
export const importMetadata = (file: string): Promise<ImportedBlobDTO> => ask((a) => a.ImportMetadata(file), same)
export const fetchMetadata = (): Promise<ImportedBlobDTO> => ask((a) => a.FetchMetadata(), same)
export const cancelFetch = (): Promise<void> => ask((a) => a.CancelFetch(), nothing)
export const models = (): Promise<ModelDTO[]> => ask((a) => a.Models(), (l) => tidy.list(l).map(tidy.model))
export const model = (id: string): Promise<ModelDetailsDTO> =>
  ask(
    (a) => a.Model(id),
    (d) => ({
      ...d, model: tidy.model(d.model), reports: tidy.list(d.reports), facts: tidy.list(d.facts).map((f) => ({ ...f, values: tidy.list(f.values) })),
    }),
  )
export const metadataDrift = (): Promise<DriftRowDTO[]> => ask((a) => a.MetadataDrift(), tidy.list)

// policies

export const policies = (): Promise<PolicyDTO[]> => ask((a) => a.Policies(), tidy.list)
export const savePolicy = (r: SavePolicyRequest): Promise<PolicyDTO> => ask((a) => a.SavePolicy(r), same)
export const deletePolicy = (p: PolicyDTO): Promise<void> => ask((a) => a.DeletePolicy({ name: p.name, version: p.version }), nothing)
export const attachPolicy = (r: AttachRequest): Promise<void> => ask((a) => a.AttachPolicy(r), nothing)
export const putInline = (r: InlineRequest): Promise<void> => ask((a) => a.PutInline(r), nothing)
export const removeInline = (r: InlineRequest): Promise<void> => ask((a) => a.RemoveInline(r), nothing)
export const inlinePolicies = (principalId: string, groupId: string): Promise<TemplateDTO[]> =>
  ask((a) => a.InlinePolicies({ principalId, groupId }), tidy.list)
/** Everything that holds for a user. */
export const granted = (principalId: string): Promise<GrantedDTO[]> => ask((a) => a.Granted(principalId), tidy.list)
/** The IDs of those it is attached to. */
export const policyUsers = (name: string): Promise<{ users: string[]; groups: string[] }> =>
  ask((a) => a.PolicyUsers(name), (to) => ({ users: tidy.list(to.users), groups: tidy.list(to.groups) }))
export const groups = (): Promise<GroupDTO[]> => ask((a) => a.Groups(), (l) => tidy.list(l).map(tidy.group))
export const addGroup = (name: string): Promise<GroupDTO> => ask((a) => a.AddGroup(name), tidy.group)
export const removeGroup = (g: GroupDTO): Promise<void> => ask((a) => a.RemoveGroup({ id: g.id, version: g.version }), nothing)
export const setMember = (groupId: string, principalId: string, on: boolean): Promise<void> =>
  ask((a) => a.SetMember({ groupId, principalId, in: on }), nothing)
export const templates = (): Promise<TemplateDTO[]> => ask((a) => a.Templates(), tidy.list)
export const checkPolicy = (document: string): Promise<FindingDTO[]> =>
  ask((a) => a.CheckPolicy(document), (l) => tidy.list(l).map((f) => ({ ...f, params: f.params ?? {} })))
export const policyWords = (): Promise<PolicyWordsDTO> => ask((a) => a.PolicyWords(), tidy.words)
export const tryPolicy = (r: TryRequest): Promise<DecisionDTO> => ask((a) => a.TryPolicy(r), tidy.decision)

// answers

export const waysToAdd = (principalId = ''): Promise<AddingWayDTO[]> =>
  ask(
    (a) => a.WaysToAdd(principalId),
    (l) =>
      tidy.list(l).map((w) => ({
        ...w, missing: tidy.failure(w.missing), needs: tidy.needs(w.needs), decision: w.decision ? tidy.decision(w.decision) : null,
      })),
  )
export const preflight = (r: PreflightRequest): Promise<PreflightDTO> =>
  ask(
    (a) => a.Preflight(r),
    (p) => ({ ...p, create: tidy.decision(p.create), activate: p.activate ? tidy.decision(p.activate) : null, needs: tidy.needs(p.needs) }),
  )
export const admits = (rules: RulesDTO): Promise<AdmissionDTO> =>
  ask((a) => a.Admits(rules), (d) => ({ ...d, rows: tidy.list(d.rows).map(tidy.modelRow) }))
/** Two sets of rules, or one over two BLOBs by their numbers; 0 is the newest. */
export interface Comparison { first: RulesDTO; second: RulesDTO; firstBlob: number; secondBlob: number }
export const compareAdmission = (c: Comparison): Promise<AdmissionDiffDTO[]> =>
  ask((a) => a.CompareAdmission(c), (l) => tidy.list(l).map(tidy.modelRow))
export const saveDifferences = (title: string, name: string, c: Comparison): Promise<SavedDTO> =>
  ask((a) => a.SaveDifferences({ title, name, ...c }), same)
export const saveAdmission = (title: string, name: string, rules: RulesDTO): Promise<SavedDTO> =>
  ask((a) => a.SaveAdmission({ title, name, rules }), same)

// secrets and backups

export const unlockVault = (passphrase: string): Promise<StateDTO> =>
  ask((a) => a.UnlockVault({ passphrase: bytes(passphrase) }), tidy.state)
export const unlockVaultWithFile = (file: string): Promise<StateDTO> => ask((a) => a.UnlockVaultWithFile(file), tidy.state)
/** An empty passphrase leaves it to the system's own store. */
export const setPassphrase = (passphrase: string): Promise<StateDTO> =>
  ask((a) => a.SetPassphrase({ passphrase: bytes(passphrase) }), tidy.state)
export const removeSlot = (id: string): Promise<StateDTO> => ask((a) => a.RemoveSlot(id), tidy.state)
export const saveRecoveryFile = (title: string, name: string): Promise<SavedDTO> =>
  ask((a) => a.SaveRecoveryFile({ title, name }), same)
export const backup = (title: string, name: string, passphrase: string): Promise<SavedDTO> =>
  ask((a) => a.Backup({ title, name, passphrase: bytes(passphrase) }), same)
export const rehearseBackup = (file: string, passphrase: string): Promise<SummaryDTO> =>
  ask((a) => a.RehearseBackup({ file, passphrase: bytes(passphrase), replaceOther: false }), same)
export const restoreBackup = (file: string, passphrase: string, replaceOther: boolean): Promise<StateDTO> =>
  ask((a) => a.RestoreBackup({ file, passphrase: bytes(passphrase), replaceOther }), tidy.state)
export const chooseFile = (title: string): Promise<FileDTO | null> => ask((a) => a.ChooseFile(title), same)

// the sandbox

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

/** Those of keys and of the simulated one are made whole in keys.ts. */
const shapes: { [E in keyof Events]?: (data: Events[E]) => Events[E] } = {
  ceremony: tidy.ceremony,
  phone: tidy.simPhone,
  state: tidy.state,
  files: tidy.list,
}

/** Calls back for each event until the returned function is called. */
export function on<E extends keyof Events>(event: E, callback: (data: Events[E]) => void): () => void {
  return there().runtime.EventsOn(event, ((data: Events[E]) => callback(shapes[event]?.(data) ?? data)) as (...data: never[]) => void)
}
