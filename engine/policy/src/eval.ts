import { systemClock, type PolicyInput, type Verdict } from '@sluice/core'
import { openBundle } from './bundle.ts'
import { withCompiler, type Build, type Compiler, type Sources } from './compiler.ts'
import { readFolder } from './folder.ts'
import { EvaluatorPool } from './pool.ts'
import { projectionOf } from './projection.ts'

export interface OneEvaluation {
  readonly verdict: Verdict
  readonly revision: string
  /** Why the policy failed, for its author; null when it did not. */
  readonly fault: string | null
  /** What the policy can read of the input, as JSON text: everything that the verdict depends on. */
  readonly read: string
}

/** Judges one input document with a policy folder, as a gateway would. Throws `PolicyError`. */
export async function evaluatePolicy(
  folder: string,
  input: PolicyInput,
  cache: string | null = null,
  lent?: Compiler,
): Promise<OneEvaluation> {
  const sources = await readFolder(folder)
  const build = (files: Sources): Promise<Build> =>
    withCompiler(lent, cache, (compiler) => compiler.build(files))
  const bundle = await openBundle(sources, cache, { build })
  const module = await WebAssembly.compile(bundle.wasm)
  const pool = await EvaluatorPool.open({ module, data: bundle.data }, systemClock)
  try {
    const read = projectionOf(bundle.reads)(input)
    return { ...(await pool.evaluate(read)), revision: bundle.revision, read }
  } finally {
    await pool.close()
  }
}
