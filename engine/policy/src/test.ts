import { isDeepStrictEqual } from 'node:util'
import { denial, systemClock, type Verdict } from '@sluice/core'
import { openBundle, type Bundle } from './bundle.ts'
import { differences, readCases, type Case } from './cases.ts'
import {
  withCompiler,
  type Compiler,
  type Evaluation,
  type FileCoverage,
  type TestResult,
} from './compiler.ts'
import { readFolder, type FolderFiles } from './folder.ts'
import { EvaluatorPool } from './pool.ts'
import { projectionOf } from './projection.ts'
import { verdictOf } from './verdict.ts'

export interface CaseResult {
  readonly file: string
  readonly row: number
  readonly name: string
  /** What differs from what was expected, or between the two engines; empty when the case passed. */
  readonly problems: readonly string[]
}

export interface TestReport {
  readonly passed: boolean
  readonly revision: string
  readonly tests: readonly TestResult[]
  readonly cases: readonly CaseResult[]
  /** Of the folder's own files. */
  readonly coverage: readonly FileCoverage[]
}

export interface TestOptions {
  readonly cache?: string | null
  /** Regular expression over `package.name` of Rego tests. */
  readonly filter?: string
}

/**
 * Runs the Rego tests of a folder, and each case of its tables twice: through OPA's own interpreter with the whole
 * input, and through the compiled module with what it can read of it, as in production. The verdicts must be what
 * the case expects, and equal. Throws `PolicyError`.
 */
export async function testPolicies(
  folder: string | FolderFiles,
  options: TestOptions = {},
  lent?: Compiler,
): Promise<TestReport> {
  const { cache = null, filter = '' } = options
  const sources = await readFolder(folder)
  const cases = Object.entries(sources.cases).flatMap(([file, text]) => readCases(file, text))
  const inputs = cases.map(({ input }) => input)
  const { bundle, tests, coverage, reference } = await withCompiler(lent, cache, async (compiler) => ({
    bundle: await openBundle(sources, cache, { build: (files) => compiler.build(files) }),
    ...(await compiler.test(sources, { filter, coverage: true })),
    reference: await compiler.evaluate(sources, inputs),
  }))
  const compiled = await verdicts(bundle, cases)
  const results = cases.map((each, index): CaseResult => {
    const { file, row, name } = each
    return { file, row, name, problems: problemsOf(each, reference[index], compiled[index]) }
  })
  return {
    passed:
      tests.every(({ outcome }) => outcome === 'passed' || outcome === 'skipped') &&
      results.every(({ problems }) => problems.length === 0),
    revision: bundle.revision,
    tests,
    cases: results,
    coverage: coverage.filter(({ file }) => file in sources.files).map(byRow),
  }
}

/** Several parts of one row are one finding. */
function byRow({ covered, missed, ...rest }: FileCoverage): FileCoverage {
  return { ...rest, covered: rowsOnce(covered), missed: rowsOnce(missed) }
}

function rowsOnce(ranges: FileCoverage['missed']): FileCoverage['missed'] {
  return [...new Map(ranges.map((range) => [range.join(), range])).values()]
}

async function verdicts(bundle: Bundle, cases: readonly Case[]): Promise<readonly Verdict[]> {
  const project = projectionOf(bundle.reads)
  const module = await WebAssembly.compile(bundle.wasm)
  const pool = await EvaluatorPool.open({ module, data: bundle.data }, systemClock)
  try {
    const found: Verdict[] = []
    for (const { input } of cases) found.push((await pool.evaluate(project(input))).verdict)
    return found
  } finally {
    await pool.close()
  }
}

function problemsOf(
  { expect }: Case,
  reference: Evaluation | undefined,
  compiled: Verdict | undefined,
): readonly string[] {
  if (reference === undefined || compiled === undefined) return ['the case was not evaluated']
  const interpreted =
    reference.error === undefined
      ? verdictOf(reference.value)
      : denial('policy/error', 'The policy failed on this request.', 'Tell the operator.')
  const same = isDeepStrictEqual(interpreted, compiled)
  const parity = same
    ? []
    : [`the engines differ: OPA ${JSON.stringify(interpreted)}, compiled ${JSON.stringify(compiled)}`]
  return [...differences(expect, compiled), ...parity]
}
