import type { Exchange } from './adapter.ts'
import { refusal, type Refusal } from './errors.ts'
import { limits } from './limits.ts'
import type { Decision, PolicyDecisionPoint, PolicyInput } from './ports.ts'
import type { Action } from './request.ts'
import { requirementOf, type Requirement } from './requirement.ts'
import { denial, type Verdict, type VerdictLimits } from './verdict.ts'

/** What becomes of one exchange: everything that must be recorded before anything is done. */
export type Ruling<Plan> = {
  readonly verdicts: readonly Verdict[]
  readonly revision: string
  /** The rule that settled it, for the record and the caller. */
  readonly rule: string
} & (
  | {
      readonly kind: 'allowed'
      readonly plan: Plan
      readonly limits: VerdictLimits
      /** How many of the subject's budget for conditions on masked values it spends. */
      readonly conditions: number
    }
  | { readonly kind: 'held'; readonly requirement: Requirement }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
)

/**
 * Judges every action of an exchange: all pass or none does. Synchronous when every decision was cached, so that
 * the hot path does not yield. Nothing that goes wrong in here lets a request pass.
 */
export function judge<Up, Down, Plan>(
  exchange: Exchange<Up, Down, Plan>,
  pdp: PolicyDecisionPoint,
  inputOf: (action: Action) => PolicyInput,
): Ruling<Plan> | Promise<Ruling<Plan>> {
  try {
    if (exchange.objection !== undefined) return objected(exchange.objection, pdp.revision)
    if (exchange.content.length > limits.requestBytesMax) return objected(tooLarge, pdp.revision)
    const first = pdp.evaluate(inputOf(exchange.actions[0]))
    if (exchange.actions.length === 1 && !(first instanceof Promise)) return rule(exchange, [first])
    return judgeAll(exchange, pdp, inputOf, first).catch((error: unknown) => broken(error, pdp.revision))
  } catch (error) {
    return broken(error, pdp.revision)
  }
}

const tooLarge = refusal('too_large', 'sluice/limits', 'The request is larger than this gateway takes.')

async function judgeAll<Up, Down, Plan>(
  exchange: Exchange<Up, Down, Plan>,
  pdp: PolicyDecisionPoint,
  inputOf: (action: Action) => PolicyInput,
  first: Decision | Promise<Decision>,
): Promise<Ruling<Plan>> {
  const decisions = [await first]
  for (const action of exchange.actions.slice(1)) decisions.push(await pdp.evaluate(inputOf(action)))
  // Other policies came into force meanwhile: parts of two policies are nobody's policy, so these judge all of it.
  if (decisions.some(({ revision }) => revision !== decisions[0]?.revision))
    return judgeAll(exchange, pdp, inputOf, pdp.evaluate(inputOf(exchange.actions[0])))
  return rule(exchange, decisions)
}

/** Deny overrides hold overrides allow, over all actions; then the adapter must be able to do what is asked. */
function rule<Up, Down, Plan>(
  exchange: Exchange<Up, Down, Plan>,
  decisions: readonly Decision[],
): Ruling<Plan> {
  const revision = decisions[decisions.length - 1]?.revision ?? ''
  const verdicts = decisions.map((decision) => decision.verdict)
  const first = verdicts[0]
  if (first === undefined) return broken(new Error('an exchange without a verdict'), revision)
  const denying = verdicts.find((verdict) => verdict.effect === 'deny')
  if (denying !== undefined) return denied(denying, verdicts, revision)
  const obliged = exchange.oblige(verdicts)
  if (obliged.kind === 'refused') return unfulfilled(obliged.refusal, verdicts, revision)
  const requirement = requirementOf(verdicts)
  if (requirement !== undefined)
    return { kind: 'held', verdicts, revision, rule: requirement.rule, requirement }
  return {
    kind: 'allowed',
    verdicts,
    revision,
    rule: ruleOf(first),
    plan: obliged.plan,
    conditions: exchange.conditions?.(obliged.plan) ?? 0,
    limits: strictest(verdicts),
  }
}

function denied(denying: Verdict, verdicts: readonly Verdict[], revision: string): Ruling<never> {
  const reason = denying.reasons[0]
  const text = [reason?.message, reason?.remedy].filter((part) => part !== undefined && part !== '').join(' ')
  const rule = ruleOf(denying)
  return {
    kind: 'refused',
    verdicts,
    revision,
    rule,
    refusal: refusal(rule.startsWith('policy/') ? 'policy_error' : 'denied', rule, text),
  }
}

function ruleOf(verdict: Verdict): string {
  return verdict.reasons[0]?.rule ?? 'policy/no_reason'
}

function unfulfilled(reason: Refusal, verdicts: readonly Verdict[], revision: string): Ruling<never> {
  return {
    kind: 'refused',
    verdicts: [...verdicts, denial(reason.rule, reason.message)],
    revision,
    rule: reason.rule,
    refusal: reason,
  }
}

/** A refusal that no rule gave. */
export function objected(objection: Refusal, revision: string): Ruling<never> {
  return {
    kind: 'refused',
    verdicts: [denial(objection.rule, recordable(objection))],
    revision,
    rule: objection.rule,
    refusal: objection,
  }
}

/** A protocol's own words may quote the request, and verdicts are not sealed in the log. */
function recordable({ message, native }: Refusal): string {
  return native === undefined ? message : `The request is not valid (${native}).`
}

function broken(error: unknown, revision: string): Ruling<never> {
  const why = error instanceof Error ? error.message : String(error)
  return {
    kind: 'refused',
    verdicts: [denial('sluice/internal', why)],
    revision,
    rule: 'sluice/internal',
    refusal: refusal(
      'internal',
      'sluice/internal',
      'Sluice could not judge this request. Nothing was executed.',
    ),
  }
}

function strictest(verdicts: readonly Verdict[]): VerdictLimits {
  const only = verdicts[0]
  if (verdicts.length === 1 && only !== undefined) return only.limits
  return {
    rows: least(verdicts.map((verdict) => verdict.limits.rows)),
    bytes: least(verdicts.map((verdict) => verdict.limits.bytes)),
    timeout_ms: least(verdicts.map((verdict) => verdict.limits.timeout_ms)),
  }
}

function least(values: readonly (number | null)[]): number | null {
  const set = values.filter((value) => value !== null)
  return set.length === 0 ? null : Math.min(...set)
}
