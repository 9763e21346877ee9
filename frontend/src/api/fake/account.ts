/** Settings, enforcement, activity, the vault and backups. */
import type { BoundAPI, VaultDTO } from '../contract'
import { dayLong } from './samples'
import { textOf } from './signin'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'SaveSettings' | 'Rehearse' | 'Activity' | 'SaveActivity' | 'UnlockVault' | 'UnlockVaultWithFile' | 'SetPassphrase' | 'RemoveSlot'
  | 'SaveRecoveryFile' | 'Backup' | 'RehearseBackup' | 'RestoreBackup'
>

/** Passphrases: “wrong passphrase” opens nothing. */
export function accountCalls(w: World): Part {
  const slot = (kind: VaultDTO['slots'][number]['kind']) => {
    w.vault = {
      ...w.vault, state: 'open',
      slots: [...w.vault.slots.filter((s) => s.kind !== kind), { id: `s-${w.next()}`, kind, createdAt: Date.now() }],
    }
  }
  const passphrase = (secret: number[], code: string) => {
    if (textOf(secret) === 'wrong passphrase') w.refuse(code, 'change-input', { category: 'denied' })
  }
  return {
    SaveSettings: async (r) => {
      if (r.version !== w.version) w.refuse('concurrent-modification', 'reload')
      w.settings = r.settings
      w.version++
      return w.state()
    },
    Rehearse: async (day) =>
      w.users.map((user) => {
        const devices = user.passkeys + user.apps + user.tokens
        const required = user.kind === 'root' || w.settings.requireForUsers
        if (devices > 0) return { user, verdict: { state: 'free', reason: 'has-device', deadline: 0 } }
        if (!required) return { user, verdict: { state: 'free', reason: 'not-required', deadline: 0 } }
        const deadline = Date.now() + w.settings.userGraceDays * dayLong
        return { user, verdict: { state: day >= deadline ? 'set-up' : 'grace', reason: 'no-device', deadline } }
      }),
    Activity: async (f) =>
      w.events
        .filter((e) => (f.before === 0 || e.seq < f.before) && (f.kinds.length === 0 || f.kinds.includes(e.kind)))
        .filter((e) => (f.principalId === '' || e.principalId === f.principalId) && (f.from === 0 || e.at >= f.from) && (f.to === 0 || e.at < f.to))
        .slice(0, f.limit || 100),
    SaveActivity: async (r) => ({ saved: true, name: r.name }),
    UnlockVault: async (r) => {
      passphrase(r.passphrase, 'vault-passphrase-wrong')
      w.vault = { ...w.vault, state: 'open' }
      return w.state()
    },
    UnlockVaultWithFile: async () => {
      w.vault = { ...w.vault, state: 'open' }
      return w.state()
    },
    SetPassphrase: async (r) => {
      const length = textOf(r.passphrase).length
      if (length > 0 && length < 12) w.refuse('passphrase-too-short', 'change-input', { params: { min: '12' } })
      if (length === 0 && w.vault.system === '') w.refuse('secret-store-missing', 'another-way', { category: 'environment' })
      slot(length === 0 ? 'system' : 'passphrase')
      return w.state()
    },
    RemoveSlot: async (id) => {
      if (w.vault.slots.length === 1) w.refuse('vault-last-way', 'none', { category: 'conflict' })
      w.vault = { ...w.vault, slots: w.vault.slots.filter((s) => s.id !== id) }
      return w.state()
    },
    SaveRecoveryFile: async (r) => {
      slot('recovery')
      return { saved: true, name: r.name }
    },
    Backup: async (r) => ({ saved: true, name: r.name }),
    RehearseBackup: async (r) => {
      passphrase(r.passphrase, 'backup-passphrase-wrong')
      return { account: '123456789012', alias: w.alias, madeAt: Date.now() - dayLong, users: 12, devices: 31, events: 1_204, sealed: 9 }
    },
    RestoreBackup: async (r) => {
      passphrase(r.passphrase, 'backup-passphrase-wrong')
      w.signedIn = false
      return w.state()
    },
  }
}
