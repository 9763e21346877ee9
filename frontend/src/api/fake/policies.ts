/** Policies, groups, and to whom they are attached. */
import type { BoundAPI, FindingDTO, InlineRequest, PolicyDTO } from '../contract'
import { policy, sampleTemplates, sampleWords } from './documents'
import { statementsOf } from './evaluate'
import type { World } from './world'

type Part = Pick<
  BoundAPI,
  | 'Policies' | 'SavePolicy' | 'DeletePolicy' | 'AttachPolicy' | 'PutInline' | 'RemoveInline' | 'InlinePolicies' | 'Granted' | 'PolicyUsers' | 'Groups' | 'AddGroup'
  | 'RemoveGroup' | 'SetMember' | 'Templates' | 'CheckPolicy' | 'PolicyWords'
>

const place = (text: string, at: number) => {
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

/** Two of the many things that the real one finds. */
export function findingsIn(text: string): FindingDTO[] {
  try {
    statementsOf(text)
  } catch (e) {
    const at = Number(/position (\d+)/.exec(String(e))?.[1] ?? text.length)
    return [{ level: 'error', code: 'malformed', ...place(text, at), length: 1, params: { what: 'syntax', where: '', wanted: '' } }]
  }
  const found: FindingDTO[] = []
  if (!text.includes('"Version"')) found.push({ level: 'warning', code: 'version-missing', line: 1, column: 1, length: 1, params: { dead: '1' } })
  for (const m of text.matchAll(/"(iam:[\w-]+)"\s*:/g)) {
    const key = m[1]!
    if (sampleWords.keys.some((k) => k.toLowerCase() === key.toLowerCase())) continue
    found.push({ level: 'warning', code: 'unknown-key', ...place(text, m.index), length: key.length + 2, params: { key, nearest: 'iam:FIDO-FIPS-140-2-certification' } })
  }
  return found
}

/** A document with “lockout” in it would leave nobody but root. */
export function policyCalls(w: World): Part {
  const check = (document: string, lockOut: boolean) => {
    const fault = findingsIn(document).find((f) => f.level === 'error')
    if (fault) {
      const { line, column } = fault
      w.refuse('policy-malformed', 'change-input', { category: 'input', params: { what: 'syntax', where: '', line: String(line), column: String(column) } })
    }
    if (document.includes('lockout') && !lockOut) w.refuse('policy-lockout', 'change-input', { category: 'conflict' })
  }
  const find = (name: string): PolicyDTO => w.policies.find((p) => p.name === name) ?? w.refuse('not-found', 'reload', { params: { what: 'policy' } })
  const counted = (p: PolicyDTO): PolicyDTO => ({ ...p, attached: w.attached.filter((a) => a.policy === p.name).length })
  const owned = (i: InlineRequest) => (x: { principalId: string; groupId: string }) => x.principalId === i.principalId && x.groupId === i.groupId
  const changed = (p: PolicyDTO, version: number) => {
    if (p.builtIn) w.refuse('policy-built-in', 'none', { category: 'conflict', params: { name: p.name } })
    if (p.version !== version) w.refuse('concurrent-modification', 'reload', { category: 'conflict' })
  }
  return {
    Policies: async () => w.policies.map(counted),
    SavePolicy: async (r) => {
      check(r.document, r.lockOut)
      if (r.version === 0) {
        if (!/^[\w+=,.@-]{1,128}$/.test(r.name)) w.refuse('name-invalid', 'change-input', { params: { max: '128' } })
        if (w.policies.some((p) => p.name.toLowerCase() === r.name.toLowerCase())) w.refuse('name-taken', 'change-input', { params: { name: r.name } })
        const made = policy(r.name, r.document, { path: r.path || '/', createdAt: Date.now(), updatedAt: Date.now() })
        w.policies = [...w.policies, made].sort((a, b) => (a.name < b.name ? -1 : 1))
        return made
      }
      const before = find(r.name)
      changed(before, r.version)
      const after = { ...before, document: r.document, version: before.version + 1, updatedAt: Date.now() }
      w.policies = w.policies.map((p) => (p === before ? after : p))
      return counted(after)
    },
    DeletePolicy: async (r) => {
      const gone = find(r.name)
      changed(gone, r.version)
      if (counted(gone).attached > 0) w.refuse('delete-conflict', 'none', { category: 'conflict', params: { what: 'policy' } })
      w.policies = w.policies.filter((p) => p !== gone)
    },
    AttachPolicy: async (r) => {
      find(r.policy)
      if (r.on && !r.lockOut) check(find(r.policy).document, false)
      if (!r.on && !r.lockOut && r.policy === 'AdministratorAccess') w.refuse('policy-lockout', 'change-input', { category: 'conflict' })
      const others = w.attached.filter((a) => a.policy !== r.policy || !owned({ ...r, name: '', document: '' })(a))
      w.attached = r.on ? [...others, { policy: r.policy, principalId: r.principalId, groupId: r.groupId }] : others
      w.regroup()
    },
    PutInline: async (r) => {
      check(r.document, r.lockOut)
      w.inline = [...w.inline.filter((x) => !(owned(r)(x) && x.name === r.name)), r]
      w.regroup()
    },
    RemoveInline: async (r) => {
      w.inline = w.inline.filter((x) => !(owned(r)(x) && x.name === r.name))
      w.regroup()
    },
    InlinePolicies: async (r) => w.inline.filter(owned({ ...r, name: '', document: '', lockOut: false })).map(({ name, document }) => ({ name, document })),
    Granted: async (id) => w.granted(id),
    PolicyUsers: async (name) => {
      const to = w.attached.filter((a) => a.policy === name)
      return { users: to.map((a) => a.principalId).filter(Boolean), groups: to.map((a) => a.groupId).filter(Boolean) }
    },
    Groups: async () => w.groups,
    AddGroup: async (name) => {
      if (!/^[\w+=,.@-]{1,128}$/.test(name)) w.refuse('name-invalid', 'change-input', { params: { max: '128' } })
      if (w.groups.some((g) => g.name.toLowerCase() === name.toLowerCase())) w.refuse('name-taken', 'change-input', { params: { name } })
      const made = { id: `g-${name}-${w.next()}`, name, version: 1, members: [], policies: [], inline: [] }
      w.groups = [...w.groups, made]
      return made
    },
    RemoveGroup: async (r) => {
      w.groups = w.groups.filter((g) => g.id !== r.id)
      w.attached = w.attached.filter((a) => a.groupId !== r.id)
      w.inline = w.inline.filter((x) => x.groupId !== r.id)
    },
    SetMember: async (r) => {
      w.groups = w.groups.map((g) =>
        g.id !== r.groupId ? g : { ...g, members: [...g.members.filter((m) => m !== r.principalId), ...(r.in ? [r.principalId] : [])] },
      )
    },
    Templates: async () => sampleTemplates,
    CheckPolicy: async (document) => findingsIn(document),
    PolicyWords: async () => sampleWords,
  }
}
