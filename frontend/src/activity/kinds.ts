/** The kinds of events, as they are grouped for people. Every kind of the Go side is in one group; a test holds both together. */
export const groups = {
  'sign-in': ['signed-in-password', 'signed-in-mfa', 'signed-in-recovery', 'sign-in-refused', 'wrong-codes-forgotten', 'signed-out', 'session-expired'],
  devices: [
    'device-added', 'device-renamed', 'device-removed', 'device-deactivated', 'device-deleted', 'device-resynced', 'resync-failed',
    'device-suspect', 'enrolment-failed', 'virtual-created', 'virtual-swept', 'phone-linked', 'phone-unlinked', 'tokens-imported',
  ],
  people: [
    'user-created', 'user-changed', 'user-removed', 'password-set', 'password-changed', 'policy-attached',
    'policy-detached', 'policy-created', 'policy-changed', 'policy-deleted', 'group-changed',
  ],
  account: [
    'account-created', 'settings-changed', 'vault-changed', 'recovery-codes-made', 'backup-made', 'backup-restored',
    'report-made', 'activity-exported', 'metadata-imported',
  ],
} as const

export type Group = keyof typeof groups

export const groupNames = Object.keys(groups) as Group[]

/** What deserves a second look. */
export const alarming = new Set(['sign-in-refused', 'device-suspect', 'resync-failed', 'enrolment-failed', 'signed-in-recovery'])

export const groupOf = (kind: string): Group | null => groupNames.find((g) => (groups[g] as readonly string[]).includes(kind)) ?? null

/** The kinds behind a choice: "" is all, "group:…" a group, else one kind. */
export function kindsOf(choice: string): string[] {
  if (choice === '') return []
  const group = /^group:(.+)$/.exec(choice)?.[1]
  return group ? [...(groups[group as Group] ?? [])] : [choice]
}
