import { denial, GenerationCache, limits, type Clock, type Decision, type PolicyInput } from '@sluice/core'
import type { Bundle } from './bundle.ts'
import { differences, type Case } from './cases.ts'
import { finding, PolicyError, type Diagnostic } from './diagnostic.ts'
import type { Evaluated } from './evaluate.ts'
import { neutralInput } from './neutral-input.ts'
import { EvaluatorPool } from './pool.ts'
import { projectionOf } from './projection.ts'
import type { SpareThreads } from './spare-threads.ts'
import { frozen } from './verdict.ts'

/** One revision in force: its threads, its projection and its decisions. */
export interface Engine {
  readonly bundle: Bundle
  /** Synchronous when the decision is cached. Never throws or rejects. */
  evaluate(input: PolicyInput): Decision | Promise<Decision>
  /** Answers what is under way, then closes, and leaves its threads to others. */
  retire(spares: SpareThreads): Promise<void>
  close(): Promise<void>
}

/** Throws `PolicyError` when the bundle does not even judge a neutral request, or a case not as it says. */
export async function openEngine(
  bundle: Bundle,
  clock: Clock,
  faulted: (what: string) => void,
  { cases = [], spares }: { readonly cases?: readonly Case[]; readonly spares?: SpareThreads } = {},
): Promise<Engine> {
  const module = await WebAssembly.compile(bundle.wasm)
  const pool = await EvaluatorPool.open({ module, data: bundle.data }, clock, spares)
  const project = projectionOf(bundle.reads)
  const problems = [...(await smoke(pool, project)), ...(await misjudged(pool, project, cases))]
  if (problems.length > 0) {
    await pool.close()
    throw new PolicyError(problems)
  }
  return new CachingEngine(bundle, pool, project, faulted)
}

class CachingEngine implements Engine {
  readonly bundle: Bundle
  readonly #pool: EvaluatorPool
  readonly #project: (input: PolicyInput) => string
  readonly #faulted: (what: string) => void
  readonly #decisions = new GenerationCache<Decision>(limits.decisionsMax, limits.decisionsCharsMax)
  /** Requests for the same document that arrive together are one evaluation. */
  readonly #underWay = new Map<string, Promise<Decision>>()

  constructor(
    bundle: Bundle,
    pool: EvaluatorPool,
    project: (input: PolicyInput) => string,
    faulted: (what: string) => void,
  ) {
    this.bundle = bundle
    this.#pool = pool
    this.#project = project
    this.#faulted = faulted
  }

  evaluate(input: PolicyInput): Decision | Promise<Decision> {
    try {
      const document = this.#project(input)
      return this.#decisions.get(document) ?? this.#underWay.get(document) ?? this.#miss(document)
    } catch (error) {
      this.#faulted(String(error))
      return this.#decision('policy/error', 'The request could not be shown to the policy.')
    }
  }

  async retire(spares: SpareThreads): Promise<void> {
    await Promise.all(this.#underWay.values())
    await this.#pool.retire(spares)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }

  #miss(document: string): Decision | Promise<Decision> {
    if (
      document.length * 3 > limits.policyInputBytesMax &&
      Buffer.byteLength(document) > limits.policyInputBytesMax
    )
      return this.#decision('policy/input_too_large', 'The request is too large to be judged.')
    const decided = this.#pool.evaluate(document).then((evaluated) => this.#decided(document, evaluated))
    this.#underWay.set(document, decided)
    return decided
  }

  #decided(document: string, { verdict, fault }: Evaluated): Decision {
    this.#underWay.delete(document)
    if (fault !== null) this.#faulted(fault)
    const decision: Decision = frozen({ verdict, revision: this.bundle.revision })
    if (keeps(decision)) this.#decisions.set(document, decision, JSON.stringify(verdict).length)
    return decision
  }

  #decision(rule: string, message: string): Decision {
    return { verdict: denial(rule, message, 'Tell the operator.'), revision: this.bundle.revision }
  }
}

/** A hold asks a person each time, and what went wrong once may go right the next time. */
function keeps({ verdict }: Decision): boolean {
  return verdict.effect !== 'hold' && !verdict.reasons.some(({ rule }) => rule.startsWith('policy/'))
}

async function smoke(
  pool: EvaluatorPool,
  project: (input: PolicyInput) => string,
): Promise<readonly Diagnostic[]> {
  const { verdict, fault } = await pool.evaluate(project(neutralInput))
  const reason = verdict.reasons.find(({ rule }) => rule.startsWith('policy/'))
  if (reason === undefined) return []
  return [finding('smoke', '', `${reason.message}${fault === null ? '' : ` (${fault})`}`)]
}

async function misjudged(
  pool: EvaluatorPool,
  project: (input: PolicyInput) => string,
  cases: readonly Case[],
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = []
  for (const { file, row, name, input, expect } of cases) {
    const problems = differences(expect, (await pool.evaluate(project(input))).verdict)
    if (problems.length > 0)
      found.push({ file, row, col: 1, code: 'case', message: [`${name} failed`, ...problems].join('\n') })
  }
  return found
}
