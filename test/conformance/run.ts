import { psqlInstalled } from '../acceptance/clients/psql.ts'
import type { Corpus } from './corpus.ts'
import type { Finding } from './finding.ts'
import { openFront, type Protocol } from './front.ts'
import { openFiles, runTest } from './psql.ts'
import type { OpenStage } from './stage.ts'

/** Runs tests of the corpus one after another, each in a psql of its own, as the regression driver does. */
export async function* runTests(
  corpus: Corpus,
  tests: readonly string[],
  stage: OpenStage,
  protocol: Protocol = 'simple',
): AsyncGenerator<{ readonly test: string; readonly findings: readonly Finding[] }> {
  await psqlInstalled()
  await using files = await openFiles(corpus)
  let test = ''
  let findings: Finding[] = []
  const front = await openFront(stage, protocol, (statement, result) =>
    findings.push({ test, statement, ...result }),
  )
  await using parts = new AsyncDisposableStack()
  parts.defer(() => front.close())
  const { host, port } = front
  for (test of tests) {
    findings = []
    await stage.align()
    await runTest(corpus, test, { ...stage.direct, host, port }, files)
    yield { test, findings }
  }
}
