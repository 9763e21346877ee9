/** Devices of all kinds, and adding those that need no phone. */
import type { BoundAPI, DeviceDTO } from '../contract'
import { codeDevice, dayLong, pretendQR } from './samples'
import { judgePair } from './signin'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'Devices' | 'UnassignedDevices' | 'Tokens' | 'CheckDeviceName' | 'RenameDevice' | 'RemoveDevice' | 'DeleteDevice' | 'Drift'
  | 'Resync' | 'LinkedPhones' | 'ForgetPhone' | 'CreateApp' | 'ShowAppCode' | 'ShowAppKey' | 'EnableApp' | 'AssignApp' | 'CancelApp'
  | 'AssignToken'
>

export function checkName(w: World, name: string): void {
  if (!/^[\w+=,.@-]{1,64}$/.test(name)) w.refuse('name-invalid', 'change-input', { params: { max: '64' } })
  const all = [...w.devices.values(), w.unassigned].flat()
  if (all.some((d) => d.name.toLowerCase() === name.toLowerCase())) w.refuse('name-taken', 'change-input', { params: { name } })
}

export function deviceCalls(w: World): Part {
  const find = (id: string): { owner: string; device: DeviceDTO } => {
    for (const [owner, list] of w.devices) {
      const device = list.find((d) => d.id === id)
      if (device) return { owner, device }
    }
    return w.refuse('not-found', 'reload', { params: { what: 'device' } })
  }
  const replace = (changed: DeviceDTO): DeviceDTO => {
    const { owner } = find(changed.id)
    w.put(owner, w.of(owner).map((d) => (d.id === changed.id ? changed : d)))
    return changed
  }
  const add = (principalId: string, d: DeviceDTO): DeviceDTO => {
    const fresh = { ...d, addedAt: Date.now(), lastUsedAt: 0, version: d.version + 1 }
    w.put(principalId, [...w.of(principalId), fresh])
    w.limit = w.limit === 'set-up-device' ? '' : w.limit
    w.emit('state', w.state())
    return fresh
  }
  let principal = ''
  return {
    Devices: async (id) => w.of(id),
    UnassignedDevices: async () => w.unassigned,
    Tokens: async () => w.tokens,
    CheckDeviceName: async (r) => checkName(w, r.name),
    RenameDevice: async (r) => {
      checkName(w, r.name)
      const { device } = find(r.id)
      if (device.version !== r.version) w.refuse('concurrent-modification', 'reload')
      return replace({ ...device, name: r.name, version: device.version + 1 })
    },
    RemoveDevice: async (r) => {
      const { owner, device } = find(r.id)
      w.put(owner, w.of(owner).filter((d) => d.id !== r.id))
      const free = { ...device, addedAt: 0, version: device.version + 1 }
      if (device.kind === 'app') w.unassigned = [...w.unassigned, free]
      if (device.kind === 'token') w.tokens = [...w.tokens, { ...free, name: '' }]
    },
    DeleteDevice: async (r) => {
      w.unassigned = w.unassigned.filter((d) => d.id !== r.id)
      w.tokens = w.tokens.filter((d) => d.id !== r.id)
    },
    Drift: async (id) => {
      const device = w.tokens.find((d) => d.id === id) ?? find(id).device
      const slow = (device.code?.drift ?? 0) !== 0
      return {
        samples: Array.from({ length: slow ? 7 : 2 }, (_, i) => ({ at: Date.now() - (6 - i) * 40 * dayLong, seconds: slow ? i * 10 : 0 })),
        perDay: slow ? 0.25 : 0, leavesAt: slow ? Date.now() + 120 * dayLong : 0, window: 90, resyncWindow: device.kind === 'token' ? 3600 : 600,
      }
    },
    Resync: async (r) => {
      w.needVault()
      judgePair(w, r.first, r.second)
      const { device } = find(r.id)
      return replace({ ...device, version: device.version + 1, code: device.code ? { ...device.code, drift: 30 } : null })
    },
    LinkedPhones: async () => w.linked,
    ForgetPhone: async (id) => void (w.linked = w.linked.filter((l) => l.id !== id)),
    CreateApp: async (r) => {
      checkName(w, r.name)
      w.needVault()
      principal = r.principalId
      w.unassigned = []
      const device = codeDevice({ id: `d-${r.name}`, name: r.name, addedAt: 0, lastUsedAt: 0, createdAt: Date.now() })
      w.newApp = { device, label: `Keyferry:${r.name}@${w.alias}`, issuer: 'Keyferry' }
      return w.newApp
    },
    ShowAppCode: async () => (w.newApp ? pretendQR(7, 53) : w.refuse('not-found', 'reload', { params: { what: 'app' } })),
    ShowAppKey: async () => Array.from(new TextEncoder().encode('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP')),
    EnableApp: async (r) => {
      judgePair(w, r.first, r.second)
      if (!w.newApp) return w.refuse('not-found', 'reload', { params: { what: 'app' } })
      const d = add(principal, w.newApp.device)
      w.newApp = null
      return d
    },
    AssignApp: async (r) => {
      judgePair(w, r.first, r.second)
      const d = w.unassigned.find((x) => x.serial === r.serial)
      if (!d) return w.refuse('not-found', 'reload', { params: { what: 'app' } })
      w.unassigned = w.unassigned.filter((x) => x !== d)
      return add(r.principalId, { ...d, name: r.name || d.name })
    },
    CancelApp: async () => void (w.newApp = null),
    AssignToken: async (r) => {
      checkName(w, r.name)
      w.needVault()
      const d = w.tokens.find((x) => x.serial.toLowerCase() === r.serial.toLowerCase())
      if (!d) return w.refuse('not-found', 'change-input', { params: { what: 'token' } })
      judgePair(w, r.first, r.second)
      w.tokens = w.tokens.filter((x) => x !== d)
      return add(r.principalId, { ...d, name: r.name })
    },
  }
}
