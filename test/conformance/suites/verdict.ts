import { readFile } from 'node:fs/promises'

export type Outcome = 'passed' | 'failed' | 'skipped'

/** What came of one test of a driver's own suite. */
export interface Verdict {
  readonly outcome: Outcome
  /** Of a failure, in the suite's words. */
  readonly why: string
}

/** By the test's own name. */
export type Verdicts = ReadonlyMap<string, Verdict>

/** A test that is told of more than once has failed when it did once. */
export async function readVerdicts(file: string): Promise<Verdicts> {
  const found = new Map<string, Verdict>()
  for (const line of (await readFile(file, 'utf8')).split('\n')) {
    if (line === '') continue
    const { test, outcome, why } = JSON.parse(line) as Verdict & { readonly test: string }
    if (found.get(test)?.outcome !== 'failed') found.set(test, { outcome, why })
  }
  return found
}
