import { systemClock, type RecordedEvent, type Verdict } from '@sluice/core'
import type { Bundle } from '../bundle.ts'
import { EvaluatorPool } from '../pool.ts'
import { projectionOf } from '../projection.ts'
import { RecordedDecisions, type RecordedDecision } from './recorded-decisions.ts'

/** One recorded decision, judged once more. */
export interface JudgedAgain {
  readonly decision: string
  /** By which it was made. */
  readonly revision: string
  readonly actions: readonly {
    readonly action: string
    readonly recorded: Verdict
    readonly now: Verdict
    /** Why the policies failed on it; `null`: they did not. */
    readonly fault: string | null
    /** What these policies can read of the request, as JSON text: all that the verdict depends on. */
    readonly read: string
  }[]
}

/**
 * The last decision on an exchange that policies made, by another bundle. `events`: of its session from the beginning.
 * `null`: they have none, or only what the gateway itself refused.
 */
export async function judgeAgain(
  events: AsyncIterable<RecordedEvent>,
  exchange: string,
  bundle: Bundle,
): Promise<JudgedAgain | null> {
  const decision = await lastDecision(events, exchange)
  if (decision === null) return null
  const project = projectionOf(bundle.reads)
  const module = await WebAssembly.compile(bundle.wasm)
  const pool = await EvaluatorPool.open({ module, data: bundle.data }, systemClock)
  try {
    const actions: JudgedAgain['actions'][number][] = []
    for (const [at, input] of decision.inputs.entries()) {
      const read = project(input)
      const { verdict: now, fault } = await pool.evaluate(read)
      const recorded = decision.verdicts[at] ?? now
      actions.push({ action: input.action.name, recorded, now, fault, read })
    }
    return { decision: decision.decision, revision: decision.revision, actions }
  } finally {
    await pool.close()
  }
}

/** `null`: policies made none on it. */
export async function lastDecision(
  events: AsyncIterable<RecordedEvent>,
  exchange: string,
): Promise<RecordedDecision | null> {
  const recorded = new RecordedDecisions()
  let last: RecordedDecision | null = null
  for await (const event of events) {
    const decision = recorded.take(event)
    if (typeof decision === 'object' && decision.exchange === exchange) last = decision
  }
  return last
}
