import type { RecordedEvent, Verdict } from '@sluice/core'
import type { Bundle } from '../bundle.ts'
import type { Compiler, Evaluation, RuleTrace, Sources } from '../compiler.ts'
import { verdictOf } from '../verdict.ts'
import { lastDecision } from './judge-again.ts'
import { withheldFrom } from './recorded-decisions.ts'

/** One recorded decision, and how its policies came to it. */
export interface Explained {
  readonly decision: string
  /** By which it was made. */
  readonly revision: string
  readonly actions: readonly ExplainedAction[]
}

export interface ExplainedAction {
  readonly action: string
  readonly recorded: Verdict
  readonly explained: Verdict
  /** Fields of the action that the log keeps sealed: rules that look at them saw others than were judged. */
  readonly withheld: readonly string[]
  /** Those that were asked, in the order of their files. */
  readonly rules: readonly RuleTrace[]
}

/** Folds the rules of authors into one verdict: what it does with them is the same for everybody. */
const foldFile = 'sluice/decision.rego'

/**
 * Why the last decision on an exchange was made. `events`: of its session from the beginning; `sourcesOf`: those of a
 * revision. `null`: policies made none on it, or their sources are not there.
 */
export async function explainDecision(
  events: AsyncIterable<RecordedEvent>,
  exchange: string,
  sourcesOf: (revision: Bundle['revision']) => Promise<Sources | null>,
  compiler: Pick<Compiler, 'explain'>,
): Promise<Explained | null> {
  const decision = await lastDecision(events, exchange)
  const sources = decision === null ? null : await sourcesOf(decision.revision)
  if (decision === null || sources === null) return null
  const explanations = await compiler.explain(sources, decision.inputs)
  return {
    decision: decision.decision,
    revision: decision.revision,
    actions: decision.inputs.flatMap(({ action }, at) => {
      const [found, recorded] = [explanations[at], decision.verdicts[at]]
      if (found === undefined || recorded === undefined) return []
      return {
        action: action.name,
        recorded,
        explained: interpreted(found),
        withheld: withheldFrom(action),
        rules: found.rules.filter(({ tried, file }) => tried > 0 && file !== foldFile),
      }
    }),
  }
}

/** Without an answer there is a denial, as in production. */
function interpreted({ value, error }: Evaluation): Verdict {
  return verdictOf(error === undefined ? value : undefined)
}
