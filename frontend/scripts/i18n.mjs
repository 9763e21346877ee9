/**
 * Holds the words against the rules: s_ labels, l_ lines and p_ paragraphs keep
 * their lengths, no key or text stands twice, none is missing or unused, every
 * {name} is given, and every failure code of the Go registry has its words. A key
 * with _one is the form for one of the key without it, and used where that is.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const limits = { s: 24, l: 90, p: 320 }

/** Keys that are put together from a prefix and an id at run time. */
const families = ['failure.', 'need.l_', 'tokens.s_format_', 'event.', 'behaviour.', 'broken.p_', 'create.s_strength_', 'home.s_meter_', 'home.l_meter_', 'setting.s_', 'finding.', 'policies.s_key_', 'policies.s_template_', 'policies.l_template_', 'policies.s_op_', 'odd.l_', 'drifted.l_', 'status.l_', 'transport.s_', 'protocol.s_', 'fact.', 'place.l_', 'signed.l_', 'trust.l_why_', 'trust.l_left_', 'trust.l_hello_', 'simkey.s_model_', 'ready.s_', 'ready.l_', 'ready.p_', 'machine.s_']

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Complaints about the files themselves; each is the text of one. JSON.parse would
 * silently keep the last of two equal keys, and so would the merge of two files.
 */
export function checkWords(...files) {
  const wrong = []
  const seen = new Set()
  const texts = new Map()
  for (const [, key] of files.flatMap((json) => [...json.matchAll(/^\s*"([^"]+)":/gm)])) {
    if (seen.has(key)) wrong.push(`${key}: stands twice`)
    seen.add(key)
  }
  for (const [key, text] of files.flatMap((json) => Object.entries(JSON.parse(json)))) {
    const kind = /(?:^|\.)([slp])_[^.]+$/.exec(key)?.[1]
    if (!kind) wrong.push(`${key}: the last part must start with s_, l_ or p_`)
    else if (text.length > limits[kind]) wrong.push(`${key}: ${text.length} characters, ${limits[kind]} at most`)
    if (text.trim() === '' || text !== text.trim()) wrong.push(`${key}: empty or with spaces at its ends`)
    if (texts.has(text)) wrong.push(`${key}: the same text as ${texts.get(text)}`)
    texts.set(text, key)
  }
  return wrong
}

/** Every code needs a title and one sentence or paragraph; a code that is gone needs none. */
export function checkFailures(words, go) {
  const codes = [...go.matchAll(/^\s*Code\w+\s+(?:Code\s+)?=\s*"([^"]+)"/gm)].map((m) => m[1])
  const wrong = codes.length === 0 ? ['no failure codes found in codes.go'] : []
  for (const code of codes) {
    if (!words[`failure.${code}.s_title`]) wrong.push(`failure.${code}: no s_title`)
    if (!words[`failure.${code}.l_what`] === !words[`failure.${code}.p_what`]) wrong.push(`failure.${code}: needs either l_what or p_what`)
  }
  for (const key of Object.keys(words)) {
    const code = /^failure\.([^.]+)\./.exec(key)?.[1]
    if (code && !codes.includes(code)) wrong.push(`${key}: codes.go has no such code`)
  }
  return wrong
}

/** sources are the texts of the window's own files. */
export function checkUse(words, sources) {
  const wrong = []
  const all = sources.join('\n')
  for (const key of Object.keys(words)) {
    if (key.endsWith('_one')) {
      if (!(key.slice(0, -4) in words)) wrong.push(`${key}: there is no form for other numbers`)
      continue
    }
    if (/\{(n|count|left)\} [a-z]+s\b/.test(words[key]) && !(`${key}_one` in words)) wrong.push(`${key}: there is no form for one`)
    if (!families.some((f) => key.startsWith(f)) && !all.includes(`'${key}'`)) wrong.push(`${key}: not used`)
  }
  for (const [, key, end] of all.matchAll(/\b(?:t|around)\('([^']+)'\s*([,)])/g)) {
    if (!(key in words)) wrong.push(`${key}: used but missing`)
    else if (end === ')' && /\{\w+\}/.test(words[key])) wrong.push(`${key}: used without what goes into it`)
  }
  return wrong
}

export function sourcesUnder(dir) {
  return readdirSync(dir, { recursive: true })
    .filter((f) => /\.(ts|svelte)$/.test(f) && !/\.test\.ts$|fake/.test(f))
    .map((f) => readFileSync(join(dir, f), 'utf8'))
}

/**
 * Before somebody comes in only the words of src/i18n/door.ts are there: what start.ts
 * imports, but not what it fetches later, may use no others. What src/i18n/index.ts says
 * is about failures, and their words come before them.
 */
export function checkDoor(inside, sources) {
  const all = sources.join('\n')
  return Object.keys(inside).filter((key) => all.includes(`'${key}'`)).map((key) => `${key}: used at the door, but not in its files`)
}

/** The texts of a file of the window and of all that it imports, which is there before it runs. */
export function sourcesFrom(file, seen = new Map()) {
  if (seen.has(file)) return seen
  const text = readFileSync(file, 'utf8')
  seen.set(file, text)
  for (const [, path] of text.matchAll(/^\s*(?:im|ex)port\s+(?!type\s)(?:[^;'"]*?\sfrom\s+)?'(\.[^']+)'/gm)) {
    const found = ['', '.ts', '/index.ts'].map((end) => join(dirname(file), path) + end).find((f) => /\.(ts|svelte)$/.test(f) && existsSync(f))
    if (found) sourcesFrom(found, seen)
  }
  return seen
}

export function checkAll() {
  const dir = join(root, 'src/i18n/en')
  const files = readdirSync(dir).map((f) => readFileSync(join(dir, f), 'utf8'))
  const words = Object.assign({}, ...files.map((json) => JSON.parse(json)))
  const go = readFileSync(join(root, '../backend/mfa/codes.go'), 'utf8')
  const door = readFileSync(join(root, 'src/i18n/door.ts'), 'utf8')
  const first = sourcesFrom(join(root, 'src/start.ts'))
  first.delete(join(root, 'src/i18n/index.ts'))
  const inside = readdirSync(dir).filter((f) => !door.includes(`from './en/${f}'`))
  return [
    ...checkWords(...files), ...checkFailures(words, go), ...checkUse(words, sourcesUnder(join(root, 'src'))),
    ...checkDoor(Object.assign({}, ...inside.map((f) => JSON.parse(readFileSync(join(dir, f), 'utf8')))), [...first.values()]),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wrong = checkAll()
  for (const line of wrong) console.error(line)
  console.log(wrong.length === 0 ? 'i18n: all words are in order' : `i18n: ${wrong.length} to mend`)
  process.exitCode = wrong.length === 0 ? 0 : 1
}
