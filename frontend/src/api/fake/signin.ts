/** The front door: accounts, passwords, second factors that need no ceremony. */
import type { BoundAPI, SignInDTO, StateDTO, Way } from '../contract'
import { user } from './samples'
import { rootId, type World } from './world'

type Part = Pick<
  BoundAPI,
  | 'State' | 'CreateAccount' | 'OpenSandbox' | 'LeaveSandbox' | 'SignIn' | 'CancelSignIn' | 'SignOut' | 'Touch' | 'SignInWithCode'
  | 'SignInWithRecoveryCode' | 'ResyncAtSignIn' | 'Clock' | 'ChangePassword' | 'MakeRecoveryCodes' | 'Me'
>

export const textOf = (secret: number[]): string => new TextDecoder().decode(new Uint8Array(secret))

/** 000000 is wrong, 111111 was used already, 222222 is far off; all other six digits are right. */
export function judgeCode(w: World, code: string): void {
  if (!/^\d{6}$/.test(code)) w.refuse('code-format', 'change-input', { params: { digits: '6' } })
  if (code === '111111') w.refuse('code-used', 'wait')
  if (code === '222222') {
    w.refuse('code-clock', 'retry', { params: { codes: '07:42 UTC', computer: '09:42 UTC', offset: '-7200', cause: 'machine' } })
  }
  if (code !== '000000') return
  w.wrongCodes++
  w.refuse('code-wrong', 'change-input', { category: 'denied', params: w.wrongCodes >= 5 ? { resync: 'yes' } : {} })
}

export function judgePair(w: World, first: string, second: string): void {
  if (first === second) w.refuse('codes-equal', 'wait')
  if (first > second) w.refuse('codes-swapped')
  if (Number(second) - Number(first) > 500_000) w.refuse('codes-gap', 'wait', { params: { missing: '2' } })
  judgeCode(w, first)
  judgeCode(w, second)
}

export function signInCalls(w: World): Part {
  const enter = (device: string): StateDTO => {
    w.signedIn = true
    w.half = false
    w.mfa = device !== ''
    w.provedBy = device
    w.ended = ''
    if (w.scene === 'must-change') w.limit = 'change-password'
    return w.state()
  }
  const answer = (): SignInDTO => {
    const has = (kinds: string[]) => w.own.some((d) => kinds.includes(d.kind))
    const ways: Way[] = []
    const by = (transport: string) => w.own.some((d) => d.passkey?.transports.includes(transport))
    if (by('hybrid')) ways.push('phone')
    if (by('usb')) ways.push('key')
    if (w.own.some((d) => d.passkey?.transports.join() === 'internal')) ways.push('computer')
    if (has(['app', 'token'])) ways.push('code')
    if (w.person.recoveryLeft > 0) ways.push('recovery')
    return {
      complete: w.signedIn, state: w.state(), ways: w.half ? ways : [],
      devices: w.half ? w.own.map(({ id, name, kind }) => ({ id, name, kind })) : [], linked: w.half ? w.linked : [],
    }
  }
  return {
    State: async () => w.state(),
    CreateAccount: async (r) => {
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(r.alias) || r.alias.length < 3) w.refuse('alias-invalid')
      if (!r.email.includes('@')) w.refuse('email-invalid')
      if (r.password.length < 8) w.refuse('password-too-short', 'change-input', { params: { min: '8' } })
      w.alias = r.alias
      w.exists = true
      w.users = [user({ id: rootId, kind: 'root', name: r.email, path: '', administrator: true }), ...w.users.slice(1)]
      return enter('')
    },
    OpenSandbox: async () => {
      w.sandbox = true
      w.exists = w.signedIn = false
      w.me = rootId
      w.devices.clear()
      return w.state()
    },
    LeaveSandbox: async () => {
      w.sandbox = w.exists = w.signedIn = false
      return w.state()
    },
    SignIn: async (r) => {
      const password = textOf(r.password)
      if (password === 'wrong password') w.refuse('sign-in-refused', 'change-input', { category: 'denied' })
      if (password === 'too often') w.refuse('sign-in-delayed', 'wait', { category: 'denied', params: { seconds: '24' } })
      if (password === 'all suspect') w.refuse('devices-suspect', 'contact-administrator', { category: 'denied' })
      w.half = w.own.length > 0
      if (!w.half) enter('')
      return answer()
    },
    CancelSignIn: async () => {
      w.half = false
      return w.state()
    },
    SignOut: async () => {
      w.signedIn = false
      w.limit = ''
      w.stop()
      return w.state()
    },
    Touch: async () => void w.touched++,
    SignInWithCode: async (code) => {
      w.needVault()
      judgeCode(w, code)
      enter(w.own.find((d) => d.code)?.name ?? '')
      return answer()
    },
    SignInWithRecoveryCode: async (code) => {
      if (!/^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$/.test(textOf(code))) w.refuse('recovery-code-wrong')
      w.recovered = true
      enter('')
      return answer()
    },
    ResyncAtSignIn: async (r) => {
      w.needVault()
      judgePair(w, r.first, r.second)
      w.wrongCodes = 0
    },
    Clock: async () => ({ now: Date.now(), period: 30 }),
    ChangePassword: async (r) => {
      const [old, fresh] = [textOf(r.old), textOf(r.new)]
      if (old === 'wrong password') w.refuse('password-wrong', 'change-input', { category: 'denied' })
      if (old === fresh) w.refuse('password-same')
      if (fresh.length < w.settings.passwords.minLength) w.refuse('password-too-short', 'change-input', { params: { min: String(w.settings.passwords.minLength) } })
      if (w.limit === 'change-password') w.limit = ''
      return w.state()
    },
    MakeRecoveryCodes: async () => {
      w.needVault()
      w.users = w.users.map((u) => (u.id === w.me ? { ...u, recoveryLeft: 10 } : u))
      return Array.from({ length: 10 }, (_, i) => Array.from(new TextEncoder().encode(`${'ABCDEFGHIJ'[i]}7KQ-M2XW-5TRN-JH4P`)))
    },
    Me: async () => w.person,
  }
}
