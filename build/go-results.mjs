// Follows `go test -json` on standard input: a line for each package, all that a
// failed test said, and the counts, which it adds to a file for the last lines
// of `make test`.
//   go test -json ... | node build/go-results.mjs LABEL FILE
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [label, file] = process.argv.slice(2)
const output = new Map()
const skipped = []
let passed = 0
let failed = 0

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) {
    console.log(line)
    continue
  }
  const e = JSON.parse(line)
  const key = `${e.Package ?? e.ImportPath} ${e.Test ?? ''}`.trim()
  if (e.Output !== undefined) output.set(key, (output.get(key) ?? '') + e.Output)
  const said = output.get(key) ?? ''
  if (e.Action === 'fail' || e.Action === 'build-fail') {
    failed++
    console.log(`FAILED ${key}\n${said}`)
  } else if (e.Action === 'pass' && e.Test) passed++
  else if (e.Action === 'pass') console.log(`ok     ${e.Package}${said.includes('(cached)') ? ' (cached)' : ` ${e.Elapsed.toFixed(1)} s`}`)
  else if (e.Action === 'skip' && e.Test) skipped.push(`${key}: ${said.match(/_test\.go:\d+: (.*)/)?.[1] ?? ''}`)
  if (['pass', 'fail', 'skip'].includes(e.Action)) output.delete(key)
}
for (const s of skipped) console.log(`skipped ${s}`)
appendFileSync(file, `${label}: ${passed} passed, ${failed} failed, ${skipped.length} skipped\n`)
process.exit(failed > 0 ? 1 : 0)
