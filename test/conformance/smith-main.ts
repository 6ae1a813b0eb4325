import { parseArgs } from 'node:util'
import { cache, setUp } from './chosen.ts'
import { fetchCorpus, MissingError, releases } from './corpus.ts'
import type { Finding } from './finding.ts'
import { lineOf, reportOf, told } from './report.ts'
import { runTests } from './run.ts'
import { forge } from './smith.ts'
import { openStage } from './stage.ts'

/** `npm run conformance:sqlsmith`: so many queries by chance, over the tables of the regression tests. */
const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '3000' } },
})
try {
  const corpus = await fetchCorpus(releases[0], cache, console.log)
  await using stage = await openStage()
  for await (const { test } of runTests(corpus, [setUp], stage)) console.log(`${test} made the tables`)
  await stage.refresh()
  const findings: Finding[] = []
  const smithing = { seed: Number(values.seed), count: Number(values.count) }
  for await (const finding of forge(stage, smithing)) findings.push(finding)
  const report = reportOf(findings, [])
  for (const fault of report.faults) console.log(told(fault))
  console.log(lineOf(`sqlsmith, seed ${smithing.seed}`, report))
  process.exitCode = report.faults.length === 0 && report.planned > 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof MissingError)) throw error
  console.log(`sqlsmith                 NOT RUN: ${error.message}`)
  process.exitCode = 3
}
