// Holds the bill of materials and the licences to what packages promise, by other readers
// than those that wrote them: CycloneDX's own schema, its parsers of package URLs and
// licences, `go version -m` of each program as it was packed, and the page's own imports.
//   node build/package/bill/check.mjs BILL LICENCES PROGRAM...
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { PackageURL } from 'packageurl-js'
import parseLicence from 'spdx-expression-parse'

const [billFile, licenceFile, ...programs] = process.argv.slice(2)
const text = readFileSync(billFile, 'utf8')
const bill = JSON.parse(text)
const licences = readFileSync(licenceFile, 'utf8')
let faults = 0
const fault = (words) => { faults++; console.error(words) }

const error = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)
if (error !== null) fault(`not CycloneDX 1.6: ${JSON.stringify(error)}`)
if (bill.specVersion !== '1.6') fault(`it says that it is CycloneDX ${bill.specVersion}`)

const parts = new Map()
for (const part of bill.components) {
  const { name, version, purl, properties = [] } = part
  parts.set(`${name} ${version}`, new Set(properties.map((p) => p.value)))
  const url = PackageURL.fromString(purl)
  if ([url.namespace, url.name].filter(Boolean).join('/') !== name || url.version !== version) fault(`${name} ${version} has the address ${purl}`)
  // A Go library of its own has no sum that is published; all others have.
  if (!part.hashes?.length && name !== 'stdlib') fault(`${name} has no hash`)
  if (!part.licenses?.length) fault(`${name} has no licence`)
  for (const { license, expression } of part.licenses ?? []) parseLicence(license?.id ?? expression)
  if (!licences.includes(`\n  ${name} ${version}: `) || !licences.includes(`\n${name} ${version} (`)) fault(`the text of ${name}'s licence is missing`)
}

for (const program of programs) {
  const lines = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' }).split('\n').map((l) => l.trim().split('\t'))
  const setting = (key) => lines.find(([kind, s]) => kind === 'build' && s.startsWith(`${key}=`))[1].slice(key.length + 1)
  const label = `${lines.find(([kind]) => kind === 'path')[1].split('/').pop()} ${setting('GOOS')}/${setting('GOARCH')}`
  const modules = lines.filter(([kind], i) => kind === '=>' || (kind === 'dep' && lines[i + 1][0] !== '=>'))
  const inside = modules.map(([, name, version]) => `${name} ${version}`)
  inside.push(`stdlib ${lines[0][0].match(/: go(\S+)$/)[1]}`)
  for (const part of inside) if (!parts.get(part)?.has(label)) fault(`${part} is in ${label}, and the bill does not say so`)
  for (const [part, where] of parts) if (where.has(label) && !inside.includes(part)) fault(`${part} is not in ${label}, and the bill says so`)
  console.log(`${label}: ${inside.length} as in the bill`)
}

// What the page's own sources import; what those import again the bundler alone knows.
const root = join(import.meta.dirname, '..', '..', '..', 'frontend', 'src')
const imported = new Set()
const tests = /^(vitest|jsdom|axe-core|@testing-library\/.*)$/
for (const file of readdirSync(root, { recursive: true })) {
  if (!/\.(ts|svelte)$/.test(file)) continue
  const names = readFileSync(join(root, file), 'utf8').matchAll(/^\s*(?:import|(?:import|export) (?!type\b)[^'"\n]*\bfrom|\} from) *['"]((?:@[\w-]+\/)?[\w-]+)/gm)
  const own = [...names].map(([, name]) => name)
  if (!own.some((name) => tests.test(name))) for (const name of own) imported.add(name)
}
const npm = new Set(bill.components.filter((c) => c.purl.startsWith('pkg:npm/')).map((c) => c.name))
for (const name of imported) if (!npm.has(name) && !name.startsWith('node')) fault(`the page imports ${name}, and the bill does not have it`)
if (imported.size === 0) fault('no import was found in the page: they are written in another way now')
console.log(`the page imports ${imported.size} packages and has ${npm.size}`)
process.exit(faults === 0 ? 0 : 1)
