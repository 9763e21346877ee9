/** Attaching and detaching, with the question when nobody would be left and the way back afterwards. */
import * as api from '../api'
import type { InlineRequest } from '../api'
import { app } from '../app/app.svelte'
import { t } from '../i18n'
import { lockout } from './lockout.svelte'
import { rulebook } from './rulebook.svelte'

/** A user or a group; exactly one of the two IDs is set. */
export interface Owner { name: string; principalId: string; groupId: string }

export const ofUser = (u: { id: string; name: string }): Owner => ({ name: u.name, principalId: u.id, groupId: '' })
export const ofGroup = (g: { id: string; name: string }): Owner => ({ name: g.name, principalId: '', groupId: g.id })

const ids = ({ principalId, groupId }: Owner) => ({ principalId, groupId })

/** Throws what failed; then is called after each change, the way back included. */
export async function attach(policy: string, owner: Owner, on: boolean, then: () => void): Promise<boolean> {
  if (!(await lockout.run((lockOut) => api.attachPolicy({ policy, ...ids(owner), on, lockOut })))) return false
  const told = t(on ? 'policies.l_attached' : 'policies.l_detached', { policy, name: owner.name })
  app.tell(told, { label: t('do.s_undo'), act: () => back(() => attach(policy, owner, !on, then)) })
  done(then)
  return true
}

export async function removeInline(i: InlineRequest, owner: Owner, then: () => void): Promise<void> {
  if (!(await lockout.run((lockOut) => api.removeInline({ ...i, lockOut })))) return
  const again = () => lockout.run((lockOut) => api.putInline({ ...i, lockOut }))
  app.tell(t('policies.l_inline_removed', { policy: i.name, name: owner.name }), {
    label: t('do.s_undo'),
    act: () =>
      back(async () => {
        await again()
        done(then)
      }),
  })
  done(then)
}

export async function setMember(groupId: string, person: { id: string; name: string }, on: boolean): Promise<void> {
  await api.setMember(groupId, person.id, on)
  const group = rulebook.groups?.find((g) => g.id === groupId)?.name ?? ''
  app.tell(t(on ? 'policies.l_member_in' : 'policies.l_member_out', { name: person.name, group }), {
    label: t('do.s_undo'),
    act: () => back(() => setMember(groupId, person, !on)),
  })
  await rulebook.load()
}

function done(then: () => void): void {
  void rulebook.load()
  then()
}

/** The screen that could show a failure may be gone. */
function back(call: () => Promise<unknown>): void {
  call().catch((e: unknown) => (app.trouble = api.asFailure(e)))
}
