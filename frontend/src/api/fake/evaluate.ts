/**
 * Just enough of the policy language for the fake: wildcards, one variable and six
 * operators. What a policy really decides is Go's to say.
 */
import type { DecisionDTO, OutcomeDTO } from '../contract'

export interface Source { name: string; inline: boolean; group: string; document: string }
export interface Ask { action: string; resource: string; keys: Record<string, string[]> }

type Listed = string | number | boolean | (string | number | boolean)[]
interface Statement {
  Sid?: string
  Effect: 'Allow' | 'Deny'
  Action?: Listed
  NotAction?: Listed
  Resource?: Listed
  NotResource?: Listed
  Condition?: Record<string, Record<string, Listed>>
}
type Miss = Pick<OutcomeDTO, 'part' | 'operator' | 'key' | 'want' | 'got' | 'absent'>

const listed = (v: Listed | undefined): string[] => (v === undefined ? [] : [v].flat().map(String))
const escaped = (s: string) => s.replace(/[.+^${}()|[\]\\]/g, '\\$&')

function like(pattern: string, text: string, flags = ''): boolean {
  return new RegExp(`^${escaped(pattern).replace(/\*/g, '.*').replace(/\?/g, '.')}$`, flags).test(text)
}

export function statementsOf(document: string): Statement[] {
  const read = JSON.parse(document) as { Statement?: Statement | Statement[] }
  return [read.Statement ?? []].flat()
}

function condition(operator: string, key: string, want: string[], ask: Ask): Miss | null {
  const [, base = '', lenient] = /^(\w+?)(IfExists)?$/.exec(operator) ?? []
  const got = Object.entries(ask.keys).find(([k]) => k.toLowerCase() === key.toLowerCase())?.[1]
  const miss: Miss = { part: 'condition', operator, key, want, got: got ?? [], absent: got === undefined }
  if (base === 'Null') return (got === undefined) === (want[0] === 'true') ? null : miss
  const negated = base.includes('Not')
  if (got === undefined) return lenient || negated ? null : miss
  const one = (w: string, g: string) => (base.endsWith('Like') ? like(w, g) : base === 'Bool' ? w.toLowerCase() === g.toLowerCase() : w === g)
  const some = want.some((w) => got.some((g) => one(w, g)))
  return some !== negated ? null : miss
}

function missOf(s: Statement, ask: Ask): Miss | null {
  const action = listed(s.Action ?? s.NotAction)
  const miss = (part: OutcomeDTO['part'], want: string[], got: string): Miss => ({ part, operator: '', key: '', want, got: [got], absent: false })
  if (action.some((a) => like(a, ask.action, 'i')) === (s.Action === undefined)) return miss('action', action, ask.action)
  const name = ask.keys['aws:username']?.[0]
  const resource = listed(s.Resource ?? s.NotResource)
  const filled = resource.filter((r) => name || !r.includes('${')).map((r) => r.replace(/\$\{aws:username\}/gi, name ?? ''))
  if (filled.some((r) => like(r, ask.resource)) === (s.Resource === undefined)) return miss('resource', resource, ask.resource)
  for (const [operator, keys] of Object.entries(s.Condition ?? {})) {
    for (const [key, want] of Object.entries(keys)) {
      const found = condition(operator, key, listed(want), ask)
      if (found) return found
    }
  }
  return null
}

const none: Miss = { part: '', operator: '', key: '', want: [], got: [], absent: false }

/** The line of each statement: where its Effect stands, less the lines since its brace. */
function linesOf(document: string): number[] {
  const lines: number[] = []
  for (const m of document.matchAll(/\{(?=[^{}]*"Effect")/g)) lines.push(document.slice(0, m.index).split('\n').length)
  return lines
}

export function evaluate(sources: Source[], ask: Ask): DecisionDTO {
  const outcomes = sources.flatMap((p): OutcomeDTO[] => {
    const lines = linesOf(p.document)
    return statementsOf(p.document).map((s, i) => {
      const miss = missOf(s, ask)
      return {
        policy: p.name, inline: p.inline, group: p.group, statement: i + 1, sid: s.Sid ?? '', effect: s.Effect, line: lines[i] ?? 1,
        matched: miss === null, ...(miss ?? none),
      }
    })
  })
  const by = (effect: string) => outcomes.findIndex((o) => o.matched && o.effect === effect)
  const [deny, allow] = [by('Deny'), by('Allow')]
  if (deny >= 0) return { effect: 'explicitDeny', decided: deny, outcomes }
  return { effect: allow >= 0 ? 'allow' : 'implicitDeny', decided: allow, outcomes }
}
