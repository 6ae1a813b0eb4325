import { parseArgs } from 'node:util'
import { lineOf } from './compare.ts'
import { runSuites } from './run.ts'
import { suites } from './suite.ts'

/** `npm run conformance:drivers`: the drivers' own tests, directly and through the gateway. */
const { positionals, values } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } })
const unknown = positionals.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}: there are ${suites.map(({ name }) => name).join(', ')}`)
  process.exit(2)
}
const chosen = suites.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
let failed = false
for await (const { comparison } of runSuites(chosen, values.only)) {
  if (comparison === null) continue
  console.log(lineOf(comparison))
  for (const { test, how, reason } of comparison.faults)
    if (reason === undefined) console.log(`${test}\n  ${how}`)
  const unused = values.only === undefined ? comparison.unused : []
  for (const name of unused) console.log(`reasons.json names what is no more: ${name}`)
  failed ||= unused.length > 0 || comparison.faults.some(({ reason }) => reason === undefined)
}
process.exitCode = failed ? 1 : 0
