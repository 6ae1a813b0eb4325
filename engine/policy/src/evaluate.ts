import { loadPolicy, type LoadedPolicy } from '@open-policy-agent/opa-wasm'
import { limits } from '@sluice/core/limits'
import { denial, type Verdict } from '@sluice/core/verdict'
import { entrypoint } from './entrypoint.ts'
import { verdictOf } from './verdict.ts'

/** A compiled policy with its data, ready for one input document after another. */
export interface Evaluator {
  /**
   * Pure: equal documents give equal verdicts. `document` is JSON text of an object. Never rejects: what goes wrong
   * is a denial, with `fault` saying why for the operator, never for the caller.
   */
  evaluate(document: string): Promise<Evaluated>
}

export interface Evaluated {
  readonly verdict: Verdict
  readonly fault: string | null
}

/** `data` is JSON text. Rejects when the module or the data cannot be loaded. */
export async function openEvaluator(module: WebAssembly.Module, data: string): Promise<Evaluator> {
  let policy = await load(module, data)
  return {
    async evaluate(document) {
      try {
        const verdict = verdictOf(resultOf(policy.evaluate(bytes(document), entrypoint)))
        return { verdict: bounded(verdict), fault: null }
      } catch (error) {
        // The instance may be in any state now, and a new one costs less than a millisecond.
        policy = await load(module, data)
        return {
          verdict: denial('policy/error', 'The policy failed on this request.', 'Tell the operator.'),
          fault: thrown(error),
        }
      }
    },
  }
}

async function load(module: WebAssembly.Module, data: string): Promise<LoadedPolicy> {
  const pages = { initial: 5, maximum: limits.policyMemoryPagesMax }
  const policy = await loadPolicy(module, pages)
  policy.setData(bytes(data))
  return policy
}

/** The library takes an ArrayBuffer as JSON text; any view on one it would encode as an object. */
function bytes(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).buffer
}

/** The result set has one row; none when the entrypoint is undefined. */
function resultOf(set: unknown): unknown {
  if (!Array.isArray(set) || set.length !== 1) return undefined
  const row: unknown = set[0]
  return typeof row === 'object' && row !== null && 'result' in row ? row.result : undefined
}

/** Who asked must read and keep a verdict, so its size is bounded where it arises. */
function bounded(verdict: Verdict): Verdict {
  return JSON.stringify(verdict).length <= limits.policyVerdictCharsMax
    ? verdict
    : denial('policy/verdict_too_large', 'The policy gave more than Sluice can keep.', 'Tell the operator.')
}

/** Compiled policies throw plain strings and plain objects too. */
function thrown(error: unknown): string {
  if (typeof error === 'string') return error
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}
