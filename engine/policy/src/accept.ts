import type { Clock } from '@sluice/core'
import { openBundle } from './bundle.ts'
import { readCases, type Case } from './cases.ts'
import type { TestResult } from './compiler.ts'
import { PolicyError, type Diagnostic } from './diagnostic.ts'
import { openEngine, type Engine } from './engine.ts'
import { digestOf, policyFolder, type FolderFiles, type PolicyFolder } from './folder.ts'
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
  const digest = digestOf(files, 'all')
  const hasTests = Object.keys(folder.files).some((name) => name.endsWith('_test.rego'))
  const toTest = hasTests && !(await passedBefore(cache, digest))
  const tested = toTest ? tester.test(folder) : Promise.resolve([])
  const built = openBundle(folder, cache, { build: (sources) => compiler.build(sources) })
  spares.prepare()
  const opened = built.then((bundle) =>
    openEngine(bundle, clock, faulted, { cases: casesOf(folder), spares }),
  )
  // They are waited for one after the other, and either may fail while the other is.
  for (const work of [tested, opened]) work.catch(() => {})
  try {
    mustPass(await tested)
  } catch (error) {
    await opened.then(
      (engine) => engine.close(),
      () => {},
    )
    throw error
  }
  const engine = await opened
  if (toTest) await keepPassed(cache, digest)
  return engine
}

function casesOf({ cases }: PolicyFolder): readonly Case[] {
  return Object.entries(cases).flatMap(([file, text]) => readCases(file, text))
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
