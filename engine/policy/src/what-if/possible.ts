import {
  placeOf,
  policyInput,
  systemClock,
  touchedBy,
  type Action,
  type Identity,
  type InputContext,
  type MomentFacts,
  type PolicyGrant,
  type Sample,
  type Verdict,
} from '@sluice/core'
import type { Bundle } from '../bundle.ts'
import { EvaluatorPool } from '../pool.ts'
import { projectionOf } from '../projection.ts'
import { answerOf } from './comparison.ts'
import { recordedForm, type RecordedKind } from './recorded-kinds.ts'

/** Who would ask, and for what. */
export interface Possible {
  readonly identity: Identity
  readonly context: InputContext
  readonly grants: readonly PolicyGrant[]
  readonly nowMs: number
  readonly samples: readonly Sample[]
  /** What was asked for, at this target, by whoever it is about. */
  readonly recorded: readonly RecordedKind[]
}

/** What one request would get, once, from somebody who has done nothing yet. */
export interface PossibleLine {
  readonly what: string
  readonly action: string
  /** `sample`: one of its kind, which nobody asked. */
  readonly origin: 'sample' | 'recorded'
  /** How often it was asked, and when last; 0 and `null` of a sample. */
  readonly times: number
  readonly last_ms: number | null
  readonly effect: Verdict['effect']
  readonly rule: string
  readonly message: string
  /** In a touched relation, or wherever it is met. */
  readonly masks: readonly { readonly place: string; readonly method: string; readonly rule: string }[]
  /** Who would be asked, and how many of them. */
  readonly approvers: readonly string[]
  readonly quorum: number
  /** Why the policies failed on it; `null`: they did not. */
  readonly fault: string | null
}

const nothingDone = { requests: 0, denied: 0, rows: 0, bytes: 0, tokens: 0, cost_micros: 0 }
const fresh: MomentFacts = {
  ...nothingDone,
  in_flight: 1,
  run: { ...nothingDone, classes: [], as_of_ms: 0 },
  subject: { ...nothingDone, classes: [], as_of_ms: 0 },
}

/** Judges each as a request by itself. Samples prove nothing of what they are no sample of. */
export async function judgePossible(bundle: Bundle, possible: Possible): Promise<readonly PossibleLine[]> {
  const project = projectionOf(bundle.reads)
  const module = await WebAssembly.compile(bundle.wasm)
  const pool = await EvaluatorPool.open({ module, data: bundle.data }, systemClock)
  const { context, identity, grants, nowMs, samples, recorded } = possible
  const judge = async (actions: readonly Action[]) => {
    const found: { readonly verdict: Verdict; readonly fault: string | null }[] = []
    for (const action of actions) {
      const moment = { nowMs, facts: fresh }
      const run = { id: null, trace_id: null }
      const input = policyInput(context, identity, run, sampleRequest, action, moment, [], grants)
      found.push(await pool.evaluate(project(input)))
    }
    return found
  }
  try {
    const lines: PossibleLine[] = []
    for (const { what, actions, times, lastMs } of recorded)
      lines.push({
        ...lineOf(what, actions, await judge(actions)),
        origin: 'recorded',
        times,
        last_ms: lastMs,
      })
    for (const { what, actions } of samples)
      lines.push({
        ...lineOf(what, actions, await judge(actions)),
        origin: 'sample',
        times: 0,
        last_ms: null,
      })
    return lines
  } finally {
    await pool.close()
  }
}

const sampleRequest = 'req_00000000000000000000000000'

function lineOf(
  what: string,
  actions: readonly Action[],
  judged: readonly { readonly verdict: Verdict; readonly fault: string | null }[],
): Omit<PossibleLine, 'origin' | 'times' | 'last_ms'> {
  const verdicts = judged.map(({ verdict }) => verdict)
  const { effect, rule } = answerOf(verdicts)
  const settling = verdicts.find((verdict) => verdict.effect === effect)
  const approvals = verdicts.flatMap(({ approval }) => approval ?? [])
  return {
    what,
    action: actions.map(({ name }) => name).join(', '),
    effect,
    rule,
    message: settling?.reasons[0]?.message ?? '',
    masks: effect === 'deny' ? [] : masksOn(actions, verdicts),
    approvers: [...new Set(approvals.flatMap(({ approvers }) => approvers))].toSorted(),
    quorum: Math.max(0, ...approvals.map(({ quorum }) => quorum)),
    fault: judged.find(({ fault }) => fault !== null)?.fault ?? null,
  }
}

/** A policy names the masks of all its relations in each verdict: here are those of the touched ones, and those of no relation. */
function masksOn(actions: readonly Action[], verdicts: readonly Verdict[]): PossibleLine['masks'] {
  const touched = new Set(actions.flatMap((action) => touchedBy(recordedForm(action))))
  return verdicts
    .flatMap(({ mask }) => mask)
    .filter((mask) => mask.method !== 'none' && (!('relation' in mask) || touched.has(mask.relation)))
    .map((mask) => ({ place: placeOf(mask), method: mask.method, rule: mask.rule }))
}
