/** The people of the account. */
import type { BoundAPI, UserDTO } from '../contract'
import { failure, user } from './samples'
import { textOf } from './signin'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'Users' | 'AddUser' | 'ChangeUser' | 'RemoveUser' | 'SetPassword' | 'SetAdministrator' | 'PreviewUsers' | 'AddUsers' | 'Report'
  | 'SaveReport'
>

export function userCalls(w: World): Part {
  const change = (id: string, more: Partial<UserDTO>): UserDTO => {
    const before = w.users.find((u) => u.id === id) ?? w.refuse('not-found', 'reload', { params: { what: 'user' } })
    const after = { ...before, ...more, version: before.version + 1 }
    w.users = w.users.map((u) => (u.id === id ? after : u))
    return after
  }
  const check = (name: string, but = '') => {
    if (!/^[\w+=,.@-]{1,64}$/.test(name)) w.refuse('name-invalid', 'change-input', { params: { max: '64' } })
    if (w.users.some((u) => u.id !== but && u.name.toLowerCase() === name.toLowerCase())) w.refuse('name-taken', 'change-input', { params: { name } })
  }
  return {
    Users: async () => w.users,
    AddUser: async (r) => {
      check(r.name)
      const password = textOf(r.password)
      if (password !== '' && password.length < w.settings.passwords.minLength) w.refuse('password-too-short', 'change-input', { params: { min: '8' } })
      const added = user({
        id: `p-${r.name}-${w.next()}`, name: r.name, path: r.path || '/', administrator: r.administrator, mustChange: r.mustChange,
        hasPassword: password !== '', createdAt: Date.now(), passwordAt: password ? Date.now() : 0, passwordUsedAt: 0,
      })
      w.users = [...w.users, added]
      return added
    },
    ChangeUser: async (r) => {
      check(r.name, r.id)
      if (w.users.find((u) => u.id === r.id)?.version !== r.version) w.refuse('concurrent-modification', 'reload')
      return change(r.id, { name: r.name, path: r.path })
    },
    RemoveUser: async (r) => {
      w.users = w.users.filter((u) => u.id !== r.id)
      w.devices.delete(r.id)
    },
    SetPassword: async (r) => change(r.id, { hasPassword: r.password.length > 0, mustChange: r.mustChange, passwordAt: Date.now() }),
    SetAdministrator: async (r) => change(r.id, { administrator: r.on }),
    PreviewUsers: async (file) => {
      const row = (line: number, name: string, more = {}) => ({ line, name, path: '/', administrator: false, hasPassword: true, failure: null, ...more })
      w.userPreview = {
        id: `u-${w.next()}`, file, good: 3, bad: 1,
        rows: [
          row(2, 'nina'), row(3, 'oscar', { hasPassword: false }), row(4, 'quinn', { administrator: true }),
          row(5, 'not a name', { failure: failure('name-invalid', 'change-input', { category: 'input', params: { max: '64' } }) }),
        ],
      }
      return w.userPreview
    },
    AddUsers: async (r) => {
      const p = w.userPreview
      if (!p || p.id !== r.id) return w.refuse('import-gone', 'choose-file')
      if (p.bad > 0 && !r.onlyGood) w.refuse('import-problems', 'change-input', { params: { count: String(p.bad) } })
      const good = p.rows.filter((x) => !x.failure)
      w.emit('import', { id: p.id, done: good.length, total: good.length })
      w.users = [...w.users, ...good.map((x) => user({ name: x.name, administrator: x.administrator, hasPassword: x.hasPassword }))]
      w.userPreview = null
      return good.length
    },
    Report: async () =>
      w.users.map((u) => ({
        user: u.kind === 'root' ? '<root_account>' : u.name, arn: u.arn, createdAt: u.createdAt, passwordEnabled: u.hasPassword,
        passwordUsedAt: u.passwordUsedAt, passwordAt: u.passwordAt, mfaActive: u.passkeys + u.apps + u.tokens > 0, passkeys: u.passkeys,
        apps: u.apps, tokens: u.tokens, lastUsedAt: u.lastUsedAt,
      })),
    SaveReport: async (r) => ({ saved: true, name: r.name }),
  }
}
