import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fetchCorpus, MissingError, releases, scheduleOf } from './corpus.ts'
import { expected } from './expected.ts'
import type { Finding } from './finding.ts'
import { lineOf, reportOf, roadmap, told } from './report.ts'
import { runTests } from './run.ts'
import { openStage } from './stage.ts'

/** `npm run conformance`: PostgreSQL's regression tests, directly and through the gateway. */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { release: { type: 'string' }, json: { type: 'string' } },
})
const release = releases.find(({ major }) => major === (values.release ?? releases[0].major))
if (release === undefined) {
  console.error(`no release ${values.release}: there are ${releases.map(({ major }) => major).join(', ')}`)
  process.exit(2)
}

try {
  process.exitCode = (await conforms()) ? 0 : 1
} catch (error) {
  if (!(error instanceof MissingError)) throw error
  console.error(error.message)
  process.exitCode = 3
}

async function conforms(): Promise<boolean> {
  const cache = fileURLToPath(new URL('../../.sluice/conformance', import.meta.url))
  const corpus = await fetchCorpus(release ?? releases[0], cache, console.log)
  const schedule = await scheduleOf(corpus)
  const unknown = positionals.filter((test) => !schedule.includes(test))
  if (unknown.length > 0) throw new MissingError(`no test ${unknown.join(', ')} in the schedule`)
  const whole = positionals.length === 0
  // Every other test needs what the first makes.
  const tests = whole ? schedule : [...new Set(['test_setup', ...positionals])]
  const findings: Finding[] = []
  await using stage = await openStage()
  for await (const { test, findings: found } of runTests(corpus, tests, stage)) {
    findings.push(...found)
    console.log(lineOf(test, reportOf(found, expected)))
  }
  const report = reportOf(findings, expected)
  console.log(`\n${roadmap(report, 40)}\n`)
  const unexpected = report.faults.filter((fault) => fault.expected === undefined)
  for (const fault of unexpected) console.log(told(fault))
  const unused = whole ? report.unused : []
  for (const { test, statement } of unused)
    console.log(`expected.ts names what no longer differs: ${test}: ${statement}`)
  console.log(`\n${lineOf(`PostgreSQL ${corpus.release.version}`, report)}`)
  if (values.json !== undefined)
    await writeFile(values.json, JSON.stringify({ release: corpus.release, report }, null, 2))
  return unexpected.length === 0 && unused.length === 0
}
