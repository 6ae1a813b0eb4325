import type { Exchange } from './adapter.ts'
import type { EventData } from './events.ts'
import type { Ruling } from './judge.ts'
import type { Moment, PolicyApproval } from './ports.ts'
import type { Action } from './request.ts'
import { digest } from './permit.ts'
import { withoutTokens } from './secrets.ts'
import type { Verdict } from './verdict.ts'

/**
 * RequestReceived: what was asked. Values are only in the sealed content, never in these fields, and secrets in
 * neither: by the digest or the length of what was sent a password could be guessed.
 */
export function requestRecord<Up, Down, Plan>(
  session: string,
  exchange: string,
  { actions, sealed, content, recordable }: Exchange<Up, Down, Plan>,
  contentDigest: string,
): EventData['RequestReceived'] {
  return {
    session,
    exchange,
    actions: actionsText(actions, sealed),
    digest: recordable === undefined ? contentDigest : digest(recordable),
    bytes: (recordable ?? content).length,
  }
}

/** As JSON, without the fields that hold values; a name can be a secret too. */
export function actionsText(actions: readonly Action[], sealed: readonly string[] = parameters): string {
  return `[${actions.map((action) => withoutValues(action, sealed)).join(',')}]`
}

const parameters = ['parameters'] as const

/** The action as whoever may not see values is told of it. */
export function openFields(action: Action, sealed: readonly string[] = parameters): Partial<Action> {
  return Object.fromEntries(Object.entries(action).filter(([name]) => !sealed.includes(name)))
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

/**
 * Cached decisions hand out the same frozen verdict again and again: it is written out once. What a rule says may quote
 * the request.
 */
const verdictTexts = new WeakMap<Verdict, string>()

function verdictText(verdict: Verdict): string {
  const known = verdictTexts.get(verdict)
  if (known !== undefined) return known
  const text = withoutTokens(JSON.stringify(verdict))
  verdictTexts.set(verdict, text)
  return text
}

const actionTexts = new WeakMap<Action, string>()

function withoutValues(action: Action, sealed: readonly string[]): string {
  const known = actionTexts.get(action)
  if (known !== undefined) return known
  // What is undefined has no place in JSON, and a copy of the same form costs a third of one made field by field.
  const open: { [field: string]: unknown } = { ...action }
  for (const name of sealed) open[name] = undefined
  const text = withoutTokens(JSON.stringify(open))
  actionTexts.set(action, text)
  return text
}
