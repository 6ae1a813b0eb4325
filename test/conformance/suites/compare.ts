import type { Verdicts } from './verdict.ts'

/** A reason why tests that pass directly do not pass through, and which they are. */
export interface Reason {
  readonly reason: string
  /** What the failures say; any of several reasons may lie behind a skip. */
  readonly says: string
  /** Names, up to their parameters, by suite. */
  readonly tests: Readonly<Record<string, readonly string[]>>
  /** It depends on chance or on load: no entry that nothing needs when it does not happen. */
  readonly sometimes?: true
}

export interface Fault {
  readonly test: string
  /** What came of it through the gateway. */
  readonly how: string
  readonly reason: Reason | undefined
}

export interface Comparison {
  readonly suite: string
  readonly tests: number
  readonly direct: number
  /** Of these. */
  readonly through: number
  readonly faults: readonly Fault[]
  /** Names that nothing needs any more. */
  readonly unused: readonly string[]
}

export function compare(
  suite: string,
  direct: Verdicts,
  through: Verdicts,
  reasons: readonly Reason[],
): Comparison {
  const passing = [...direct].filter(([, { outcome }]) => outcome === 'passed').map(([test]) => test)
  const faults = passing
    .filter((test) => through.get(test)?.outcome !== 'passed')
    .map((test) => faultOf(suite, test, through, reasons))
  const listed = reasons
    .filter(({ sometimes }) => sometimes !== true)
    .flatMap(({ tests }) => tests[suite] ?? [])
  return {
    suite,
    tests: direct.size,
    direct: passing.length,
    through: passing.length - faults.length,
    faults,
    unused: listed.filter((name) => !faults.some(({ test }) => isNamed(test, name))),
  }
}

function faultOf(suite: string, test: string, through: Verdicts, reasons: readonly Reason[]): Fault {
  const verdict = through.get(test)
  const how = verdict === undefined ? 'not run' : `${verdict.outcome}: ${verdict.why}`
  const reason = reasons.find(
    ({ tests, says }) =>
      new RegExp(says).test(how) && (tests[suite] ?? []).some((name) => isNamed(test, name)),
  )
  return { test, how, reason }
}

/** A test with parameters is named without them. */
function isNamed(test: string, name: string): boolean {
  return test === name || test.startsWith(`${name}[`)
}

export function lineOf({ suite, tests, direct, through, faults }: Comparison): string {
  const unexpected = faults.filter(({ reason }) => reason === undefined).length
  const figures = [
    `${tests} tests`,
    `${direct} pass directly`,
    `${through} of these through`,
    `${faults.length - unexpected} listed with a reason`,
    ...(unexpected > 0 ? [`${unexpected} FAILING`] : []),
  ]
  return `${suite.padEnd(24)} ${figures.join(', ')}`
}
