/** What the fake far side knows: one account, its people and their devices, and the window's ear. */
import type {
  CeremonyDTO, DeviceDTO, DriftRowDTO, EventDTO, Events, FailureDTO, FileDTO, FoundAccountDTO, GrantedDTO, GroupDTO, InlineRequest, KeyDTO, KeyPasskeyDTO, LinkedPhoneDTO,
  MetadataDTO, ModelDTO, NewAppDTO, PolicyDTO, ReadinessDTO, SessionDTO, SettingsDTO, SimKeyDTO, SimPhoneDTO, StateDTO, TokenPreviewDTO, UserDTO, UserPreviewDTO, VaultDTO, VerdictDTO,
} from '../contract'
import { noMetadata, sampleMetadata, sampleModels, trustOf } from './catalogue'
import { sampleGroups, samplePolicies } from './documents'
import { key, sampleFound, samplePasskeys, sampleReadiness, sampleSimKey } from './ring'
import { dayLong, failure, sampleDevices, sampleEvents, sampleTokens, sampleUsers, user } from './samples'

/**
 * welcome, sign-in, home, home-one, home-empty, home-full, sandbox, sandbox-home and
 * broken, and of the whole account:
 * sign-in-mixed  several kinds of device          sign-in-codes  a code device only
 * sign-in-locked the vault is locked              grace, set-up, must-change  after the password
 * sign-in-key    a security key and an app       sign-in-shared a key or computer with passkeys of several people
 * user           an ordinary user is signed in    many           5,000 users
 */
export type Scene =
  | 'welcome' | 'sign-in' | 'home' | 'home-one' | 'home-empty' | 'home-full' | 'sandbox' | 'sandbox-home' | 'broken'
  | 'sign-in-mixed' | 'sign-in-codes' | 'sign-in-key' | 'sign-in-shared' | 'sign-in-locked' | 'grace' | 'set-up' | 'must-change' | 'user' | 'many'

export const rootId = 'p-root'

export class World {
  signedIn: boolean
  /** The password was right and a device is still to be shown. */
  half = false
  exists: boolean
  sandbox: boolean
  alias = 'acme-lab'
  version = 1
  settings: SettingsDTO = {
    rootGraceDays: 35, requireForUsers: false, userGraceDays: 35, passwordless: false, idleMinutes: 15, ruleOutHello: false, newUsersAnyDevice: true,
    passwords: { minLength: 8, upper: false, lower: false, digit: false, symbol: false },
  }
  /** Who is signed in, or is about to be. */
  me: string
  users: UserDTO[]
  /** Of each principal; unassigned apps and the stock have their own lists. */
  devices: Map<string, DeviceDTO[]>
  unassigned: DeviceDTO[] = []
  tokens: DeviceDTO[] = []
  linked: LinkedPhoneDTO[]
  events: EventDTO[]
  system: StateDTO['system'] = 'linux'
  vault: VaultDTO = { state: 'open', system: 'Secret Service', slots: [{ id: 's1', kind: 'system', createdAt: Date.now() - 40 * dayLong }] }
  limit: SessionDTO['limit'] = ''
  mfa: boolean
  provedBy = ''
  recovered = false
  ended: StateDTO['ended'] = ''
  wrongCodes = 0
  newApp: NewAppDTO | null = null
  userPreview: UserPreviewDTO | null = null
  tokenPreview: TokenPreviewDTO | null = null
  /** What the next ChooseFile gives. */
  file: FileDTO | null = { id: 'f1', name: 'people.csv', size: 2_048 }

  metadata: MetadataDTO = sampleMetadata()
  models: ModelDTO[] = sampleModels()
  drifted: DriftRowDTO[] = []
  policies: PolicyDTO[] = samplePolicies()
  groups: GroupDTO[] = []
  /** Managed policies of users and groups; one of the two IDs is set. */
  attached: { policy: string; principalId: string; groupId: string }[] = []
  inline: InlineRequest[] = []

  running: CeremonyDTO | null = null
  simPhone: SimPhoneDTO
  keys: KeyDTO[] = [key()]
  keyPasskeys: KeyPasskeyDTO[] = samplePasskeys()
  /** Whose passkeys a sign-in without a name finds. */
  found: FoundAccountDTO[] = []
  winked: string[] = []
  /** This computer keeps passkeys of one person. */
  localPasskey = false
  simKey: SimKeyDTO = sampleSimKey()
  readiness: ReadinessDTO = sampleReadiness()
  touched = 0
  private ids = 0
  private timers: number[] = []
  private listeners = new Map<string, Set<(data: never) => void>>()

  constructor(
    readonly scene: string,
    readonly pace: number,
  ) {
    const atHome = ['home', 'user', 'many', 'grace', 'set-up', 'must-change']
    this.sandbox = scene.startsWith('sandbox')
    this.signedIn = scene.includes('home') || ['user', 'many', 'set-up'].includes(scene)
    this.exists = this.signedIn || scene.startsWith('sign-in') || atHome.includes(scene)
    this.me = ['user', 'must-change'].includes(scene) ? 'p-bob' : rootId
    this.users = sampleUsers(scene === 'many' ? 5_000 : this.sandbox || scene === 'home-empty' ? 0 : 11)
    if (this.sandbox) this.users = [user({ id: rootId, kind: 'root', name: 'root@sandbox.keyferry.internal', administrator: true })]
    this.devices = new Map([[this.me, sampleDevices(scene)]])
    if (['home', 'many'].includes(scene)) {
      this.unassigned = sampleDevices('unassigned')
      this.tokens = sampleTokens(this.scene === 'many' ? 10_000 : 6)
      this.devices.set('p-bob', sampleDevices('user'))
    }
    this.govern()
    this.linked = ['home', 'sign-in', 'sign-in-mixed'].includes(scene)
      ? [{ id: 'l1', name: 'Alice’s iPhone', createdAt: Date.now() - 9 * dayLong }]
      : []
    this.events = sampleEvents(scene === 'many' ? 2_000 : 60)
    if (scene === 'sign-in-shared') {
      this.settings.passwordless = true
      this.found = sampleFound()
    }
    if (scene === 'set-up') this.limit = 'set-up-device'
    if (scene === 'sign-in-locked') this.vault = { ...this.vault, state: 'locked', system: '', slots: [{ id: 's1', kind: 'passphrase', createdAt: 1 }] }
    this.mfa = this.own.length > 0
    this.provedBy = this.own[0]?.name ?? ''
    this.simPhone = {
      state: 'idle', model: 'android', behaviour: 'ask', behaviours, op: '', rpId: 'sandbox.keyferry.internal',
      account: 'root@sandbox.keyferry.internal', failure: null, name: 'Simulated Android phone',
    }
  }

  /** Who has which policies, and what metadata says of a key that is there. */
  private govern(): void {
    if (this.sandbox || this.scene === 'home-empty') this.metadata = noMetadata()
    if (!this.metadata.current) this.models = []
    const own = (principalId: string, policy: string) => ({ policy, principalId, groupId: '' })
    const people = this.users.filter((u) => u.kind === 'user')
    this.attached = people.flatMap((u) => [
      ...(u.administrator ? [own(u.id, 'AdministratorAccess')] : []),
      own(u.id, 'ManageOwnDevices'),
      ...(u.id === 'p-peggy' ? [] : [own(u.id, 'EnableAnyDevice')]),
    ])
    if (people.length === 0) return
    this.groups = sampleGroups()
    this.attached.push({ policy: 'FipsKeysOnly', principalId: '', groupId: 'g-engineering' })
    const document = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetCredentialReport","Resource":"*"}}'
    this.inline = [{ name: 'ReadReport', document, principalId: 'p-bob', groupId: '', lockOut: false }]
    const revoked = this.models.find((m) => m.refused)
    if (!revoked) return
    this.drifted = [{
      device: 'bob-phone', deviceId: 'd-bob-phone', principalId: 'p-bob', principal: 'bob', model: revoked.name, blobThen: 9, change: 'refused',
      then: { fido: 'L1', fips2: '', fips3: '' }, now: { fido: '', fips2: '', fips3: '' }, refused: trustOf(revoked).reports.at(-1)!,
    }]
  }

  /** Everything that holds for a user: their own, then their groups'. */
  granted(principalId: string): GrantedDTO[] {
    const names = (id: string, owner: 'principalId' | 'groupId', group: string): GrantedDTO[] => [
      ...this.attached.filter((a) => a[owner] === id).map((a) => ({ ...this.document(a.policy), group, inline: false })),
      ...this.inline.filter((i) => i[owner] === id).map((i) => ({ name: i.name, document: i.document, group, inline: true })),
    ]
    const groups = this.groups.filter((g) => g.members.includes(principalId))
    return [...names(principalId, 'principalId', ''), ...groups.flatMap((g) => names(g.id, 'groupId', g.name))]
  }

  private document(name: string): { name: string; document: string } {
    return { name, document: this.policies.find((p) => p.name === name)?.document ?? '{"Statement":[]}' }
  }

  /** What groups carry, after something was attached. */
  regroup(): void {
    this.groups = this.groups.map((g) => ({
      ...g, policies: this.attached.filter((a) => a.groupId === g.id).map((a) => a.policy), inline: this.inline.filter((i) => i.groupId === g.id).map((i) => i.name),
    }))
  }

  /** Keys came or went, or are not as they were. */
  plug(keys: KeyDTO[]): void {
    this.keys = keys
    this.emit('keys', keys)
  }

  get own(): DeviceDTO[] {
    return this.devices.get(this.me) ?? []
  }

  of(principalId: string): DeviceDTO[] {
    return this.devices.get(principalId || this.me) ?? []
  }

  put(principalId: string, list: DeviceDTO[]): void {
    this.devices.set(principalId || this.me, list)
    const id = principalId || this.me
    this.users = this.users.map((u) => (u.id === id ? { ...u, ...counted(list), ways: list.length + (u.recoveryLeft > 0 ? 1 : 0) } : u))
  }

  get person(): UserDTO {
    const u = this.users.find((x) => x.id === this.me) ?? this.users[0]!
    return { ...u, ...counted(this.own), ways: this.own.filter((d) => d.suspectAt === 0).length + (u.recoveryLeft > 0 ? 1 : 0) }
  }

  get rpId(): string {
    return this.sandbox ? 'sandbox.keyferry.internal' : 'keyferry.internal'
  }

  get verdict(): VerdictDTO {
    if (this.own.length > 0) return { state: 'free', reason: 'has-device', deadline: 0 }
    if (this.limit === 'set-up-device') return { state: 'set-up', reason: 'no-device', deadline: Date.now() - 3 * dayLong }
    if (this.scene === 'grace' || this.me === rootId) return { state: 'grace', reason: 'no-device', deadline: Date.now() + 12 * dayLong }
    return { state: 'free', reason: 'not-required', deadline: 0 }
  }

  state(): StateDTO {
    const broken = this.scene === 'broken'
    const p = this.person
    const session: SessionDTO | null = this.signedIn
      ? {
          principalId: p.id, principal: p.name, kind: p.kind, administrator: p.administrator, startedAt: Date.now(),
          mfaAt: this.mfa ? Date.now() - 4 * 60_000 : 0, mfaPresent: this.mfa, device: this.provedBy, recovered: this.recovered,
          limit: this.limit, verdict: this.verdict,
        }
      : null
    return {
      phase: broken ? 'broken' : this.signedIn ? 'home' : this.exists ? 'sign-in' : 'welcome',
      sandbox: this.sandbox, hasSandbox: this.sandbox,
      account: this.exists
        ? {
            id: '123456789012', alias: this.alias, rpId: this.rpId, frozen: this.own.length > 0, sandbox: this.sandbox,
            version: this.version, settings: this.settings,
          }
        : null,
      session,
      failure: broken
        ? failure('database-damaged', 'restore-backup', { category: 'storage', detail: 'sqlite: file is not a database (26)' })
        : null,
      version: '0.1.0', system: this.system,
      lastIdentity: this.exists && !this.sandbox ? { kind: p.kind, name: p.name } : null,
      backups: broken
        ? ['/home/alice/.local/share/keyferry/backups/keyferry-2026-11-20-v3.db', '/home/alice/.local/share/keyferry/backups/keyferry-2026-11-02-v2.db']
        : [],
      vault: this.exists ? this.vault : null,
      ended: this.ended,
    }
  }

  emit<E extends keyof Events>(event: E, data: Events[E]): void {
    this.listeners.get(event)?.forEach((f) => f(data as never))
  }

  listen(name: string, callback: (data: never) => void): () => void {
    const set = this.listeners.get(name) ?? new Set()
    this.listeners.set(name, set.add(callback))
    return () => set.delete(callback)
  }

  /** n paces later; never when the pace is 0. */
  later(n: number, f: () => void): void {
    if (this.pace > 0) this.timers.push(window.setTimeout(f, n * this.pace))
  }

  stop(): void {
    this.timers.forEach(clearTimeout)
    this.timers = []
  }

  /** A rising number, for ids. */
  next(): number {
    return ++this.ids
  }

  refuse(code: string, next: FailureDTO['next'] = 'change-input', more: Partial<FailureDTO> = {}): never {
    throw failure(code, next, more)
  }

  needVault(): void {
    if (this.vault.state !== 'open') this.refuse('vault-locked', 'unlock', { category: 'denied', params: { state: this.vault.state } })
  }
}

const counted = (list: DeviceDTO[]) => {
  const n = (kind: DeviceDTO['kind']) => list.filter((d) => d.kind === kind).length
  return {
    passkeys: n('passkey'), apps: n('app'), tokens: n('token'), suspect: list.filter((d) => d.suspectAt > 0).length,
    lastUsedAt: Math.max(0, ...list.map((d) => d.lastUsedAt)),
  }
}

const behaviours = [
  'ask', 'approve', 'decline', 'wait', 'no-uv', 'unknown-account', 'drop-before-connect', 'drop-at-handshake',
  'drop-after-handshake', 'drop-after-connect', 'drop-after-request', 'wrong-signature', 'copied', 'wrong-eid', 'legacy-uuid', 'suffix', 'too-old',
]
