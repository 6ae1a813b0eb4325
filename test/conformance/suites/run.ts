import { readFile } from 'node:fs/promises'
import { MissingError } from '../corpus.ts'
import { compare, type Comparison, type Reason } from './compare.ts'
import { openSuiteStage } from './stage.ts'
import type { Suite } from './suite.ts'

/** Runs the suites one after another, each on new servers. What cannot be had here is said, and is `null`. */
export async function* runSuites(
  suites: readonly Suite[],
  only?: string,
): AsyncGenerator<{ readonly suite: string; readonly comparison: Comparison | null }> {
  const reasons = await readReasons()
  for (const { name, ready } of suites) {
    const run = await ready().catch((error: unknown) => {
      if (!(error instanceof MissingError)) throw error
      console.log(`${name.padEnd(24)} NOT RUN: ${error.message}`)
      return null
    })
    if (run === null) {
      yield { suite: name, comparison: null }
      continue
    }
    await using stage = await openSuiteStage()
    const direct = await run(stage.direct, only)
    const through = await run(stage.through, only)
    yield { suite: name, comparison: compare(name, direct, through, reasons) }
  }
}

async function readReasons(): Promise<readonly Reason[]> {
  return JSON.parse(await readFile(new URL('reasons.json', import.meta.url), 'utf8')) as readonly Reason[]
}
