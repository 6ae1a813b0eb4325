import { writeFile } from 'node:fs/promises'
import { chosen, setUp } from './chosen.ts'
import { expected } from './expected.ts'
import type { Finding } from './finding.ts'
import { lineOf, reportOf, roadmap, told } from './report.ts'
import { runTests } from './run.ts'
import { openStage } from './stage.ts'

/** `npm run conformance`: PostgreSQL's regression tests, directly and through the gateway. */
const { corpus, tests, whole, protocol, json } = await chosen()
const findings: Finding[] = []
{
  await using stage = await openStage()
  for await (const { test, findings: found } of runTests(corpus, [setUp, ...tests], stage, protocol)) {
    findings.push(...found)
    const report = reportOf(found, expected)
    console.log(lineOf(test, report))
    for (const fault of report.faults) if (fault.expected === undefined) console.log(told(fault))
  }
}
const report = reportOf(findings, expected)
console.log(`\n${roadmap(report, 40)}\n`)
const unexpected = report.faults.filter((fault) => fault.expected === undefined)
const unused = whole ? report.unused : []
for (const { test, statement } of unused)
  console.log(`expected.ts names what is no more: ${test}: ${statement}`)
console.log(`\n${lineOf(`PostgreSQL ${corpus.release.version}`, report)}`)
if (json !== undefined)
  await writeFile(json, JSON.stringify({ release: corpus.release, report, findings }, null, 2))
process.exitCode = unexpected.length === 0 && unused.length === 0 ? 0 : 1
