import type { Exchange } from './adapter.ts'
import type { EventData } from './events.ts'
import type { Ruling } from './judge.ts'
import type { Moment, PolicyApproval } from './ports.ts'
import type { Action } from './request.ts'
import type { Verdict } from './verdict.ts'

/** RequestReceived: what was asked. Values are only in the sealed content, never in these fields. */
export function requestRecord<Up, Down, Plan>(
  session: string,
  exchange: string,
  of: Exchange<Up, Down, Plan>,
  contentDigest: string,
): EventData['RequestReceived'] {
  return {
    session,
    exchange,
    actions: actionsText(of.actions),
    digest: contentDigest,
    bytes: of.content.length,
  }
}

/** As JSON, without literals and parameters. */
export function actionsText(actions: readonly Action[]): string {
  return `[${actions.map(withoutValues).join(',')}]`
}

/** DecisionMade: the verdict, and the part of the policy input that no other event holds. */
export function decisionRecord<Plan>(
  of: Pick<EventData['DecisionMade'], 'session' | 'exchange'>,
  decision: string,
  ruling: Ruling<Plan>,
  { nowMs, facts }: Moment,
  approvals: readonly PolicyApproval[],
): EventData['DecisionMade'] {
  return {
    session: of.session,
    exchange: of.exchange,
    decision,
    effect: effects[ruling.kind],
    verdicts: `[${ruling.verdicts.map(verdictText).join(',')}]`,
    rule: ruling.rule,
    revision: ruling.revision,
    now_ms: nowMs,
    facts: JSON.stringify(facts),
    approvals: approvals.length === 0 ? '[]' : JSON.stringify(approvals),
    // Filled in where somebody has some (`Granted`).
    grants: '[]',
  }
}

const effects = { allowed: 'allow', held: 'hold', refused: 'deny' } as const

/** Cached decisions hand out the same frozen verdict again and again: it is written out once. */
const verdictTexts = new WeakMap<Verdict, string>()

function verdictText(verdict: Verdict): string {
  const known = verdictTexts.get(verdict)
  if (known !== undefined) return known
  const text = JSON.stringify(verdict)
  verdictTexts.set(verdict, text)
  return text
}

const actionTexts = new WeakMap<Action, string>()

function withoutValues(action: Action): string {
  const known = actionTexts.get(action)
  if (known !== undefined) return known
  const text = JSON.stringify({ ...action, parameters: undefined })
  actionTexts.set(action, text)
  return text
}
