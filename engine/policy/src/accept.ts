import type { Clock } from '@sluice/core'
import { openBundle } from './bundle.ts'
import { readCases } from './cases.ts'
import type { TestResult } from './compiler.ts'
import { PolicyError, type Diagnostic } from './diagnostic.ts'
import { openEngine, type Engine } from './engine.ts'
import { digestOf, policyFolder, type FolderFiles } from './folder.ts'
import { keepPassed, passedBefore } from './passed.ts'
import type { SpareThreads } from './spare-threads.ts'
import type { WarmCompiler } from './warm-compiler.ts'

export interface AcceptPorts {
  readonly compiler: WarmCompiler
  /** Another one, for tests: they take as long as compiling, and can run meanwhile. */
  readonly tester: WarmCompiler
  readonly spares: SpareThreads
  readonly cache: string | null
  readonly clock: Clock
  readonly faulted: (what: string) => void
}

/**
 * What files must pass before their policies may be put in force: they are checked, their tests run, they are built
 * once, and the build judges a neutral request and every case of their tables. Throws `PolicyError`.
 */
export async function accept(files: FolderFiles, path: string, ports: AcceptPorts): Promise<Engine> {
  const { compiler, tester, spares, cache, clock, faulted } = ports
  const folder = policyFolder(files, path)
  const cases = Object.entries(folder.cases).flatMap(([file, text]) => readCases(file, text))
  spares.prepare()
  const digest = digestOf(files, 'all')
  const hasTests = Object.keys(folder.files).some((name) => name.endsWith('_test.rego'))
  const toTest = hasTests && !(await passedBefore(cache, digest))
  const bundle = openBundle(folder, cache, { build: (sources) => compiler.build(sources) })
  // What is wrong with it the tests say as well, and more.
  bundle.catch(() => {})
  if (toTest) mustPass(await tester.test(folder))
  const engine = await openEngine(await bundle, clock, faulted, { cases, spares })
  if (toTest) await keepPassed(cache, digest)
  return engine
}

function mustPass(tests: readonly TestResult[]): void {
  const failed = tests
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'errored')
    .map(({ file, row, name, outcome, output }): Diagnostic => {
      const said = output.trim() === '' ? '' : `\n${output.trim()}`
      return { file, row, col: 1, code: 'test', message: `${name} ${outcome}${said}` }
    })
  if (failed.length > 0) throw new PolicyError(failed)
}
