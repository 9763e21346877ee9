// Says which npm packages are in the window's page, as JSON: what the bundler puts into a
// chunk, and what style sheets take from packages (fonts). Most of what package.json names
// builds and tests, and never reaches anybody.
//   node build/package/page.mjs > page.json
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..', '..', 'frontend')
process.chdir(root)
const { build } = await import(pathToFileURL(createRequire(join(root, 'package.json')).resolve('vite')).href)

const files = new Set()
const seen = { name: 'seen', generateBundle() { for (const id of this.getModuleIds()) if (/\.(css|woff2?)\b/.test(id)) files.add(id) } }
const made = await build({ root, logLevel: 'silent', plugins: [seen], build: { write: false } })
for (const chunk of made.output) {
  for (const id of chunk.moduleIds ?? []) files.add(id)
  for (const name of chunk.originalFileNames ?? []) files.add(join(root, name))
}

const inside = `${sep}node_modules${sep}`
const packages = new Map()
for (const file of files) {
  const at = file.lastIndexOf(inside)
  if (at < 0) continue
  const path = file.slice(at + inside.length).split(sep)
  const name = path.slice(0, path[0].startsWith('@') ? 2 : 1)
  const folder = join(file.slice(file.indexOf(`${sep}`), at + inside.length), ...name)
  if (existsSync(join(folder, 'package.json'))) packages.set(name.join('/'), folder)
}
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
const list = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, folder]) => {
  const { version, license, dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const uses = Object.keys(dependencies).filter((d) => packages.has(d)).sort()
  return { name, version, licence: license, folder, integrity: lock[`node_modules/${name}`]?.integrity ?? '', uses }
})
if (list.length === 0) throw new Error('no package was found in the page: the bundler says it in another way now')
process.stdout.write(`${JSON.stringify(list, null, 1)}\n`)
