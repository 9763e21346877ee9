// Follows `go test -json` on standard input: a line for each package, all that a
// failed test said, and the counts, which it adds to a file for the last lines
// of `make test`. A test that hangs, panics or ends the process has no end of its own:
// it is told by its name when its package has failed. The names of all that failed
// come once more at the end.
//   go test -json ... | node build/go-results.mjs LABEL FILE
import { appendFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

const [label, file] = process.argv.slice(2)
const output = new Map()
const running = new Map() // package: its tests that have begun and not ended, and when
const skipped = []
const failed = []
let passed = 0

// A process that is ended by its time limit writes down all its goroutines.
const longest = 1000
function tell(what, key) {
  const lines = (output.get(key) ?? '').split('\n')
  if (lines.length > longest) lines.splice(longest, Infinity, `... and ${lines.length - longest} lines more`)
  console.log(`${what} ${key}\n${lines.join('\n')}`)
  failed.push(`${what} ${key}`)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const [name, tests] of running) for (const [test, at] of tests) console.log(`RUNNING ${name} ${test} since ${at}`)
    process.exit(1)
  })
}

for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) {
    console.log(line)
    continue
  }
  const e = JSON.parse(line)
  const key = `${e.Package ?? e.ImportPath} ${e.Test ?? ''}`.trim()
  if (e.Output !== undefined) output.set(key, (output.get(key) ?? '') + e.Output)
  const said = output.get(key) ?? ''
  const tests = running.get(e.Package) ?? new Map()
  if (e.Action === 'start') running.set(e.Package, tests)
  if (e.Action === 'run') tests.set(e.Test, e.Time)
  if (['pass', 'fail', 'skip'].includes(e.Action)) tests.delete(e.Test)
  if (e.Action === 'fail' || e.Action === 'build-fail') {
    if (!e.Test) for (const test of tests.keys()) tell('NEVER ENDED', `${e.Package} ${test}`)
    tell('FAILED', key)
  } else if (e.Action === 'pass' && e.Test) passed++
  else if (e.Action === 'pass') console.log(`ok     ${e.Package}${said.includes('(cached)') ? ' (cached)' : ` ${e.Elapsed.toFixed(1)} s`}`)
  else if (e.Action === 'skip' && e.Test) skipped.push(`${key}: ${said.match(/_test\.go:\d+: (.*)/)?.[1] ?? ''}`)
  if (['pass', 'fail', 'skip'].includes(e.Action)) {
    output.delete(key)
    if (!e.Test) running.delete(e.Package)
  }
}
for (const s of skipped) console.log(`skipped ${s}`)
for (const f of failed) console.log(f)
appendFileSync(file, `${label}: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`)
process.exit(failed.length > 0 ? 1 : 0)
