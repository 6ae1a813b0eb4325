import type { Approval, ApprovalScope, MaskRule, Verdict } from './verdict.ts'
import { approvalScopes, placeOf } from './verdict.ts'

/** What the holding verdicts of one exchange ask for together. */
export interface Requirement {
  readonly approval: Approval
  /** The rules that hold it, sorted and joined by blanks. */
  readonly rule: string
  /** What the first of them says. */
  readonly message: string
  /** What the verdicts mask, as `placeOf` names it: an approver is not shown values of it either. */
  readonly masked: readonly string[]
}

/**
 * Several holds become one approval that satisfies each of them; `undefined` when nothing is held. With no approver
 * in common nobody can give it, which whoever asks for it says.
 */
export function requirementOf(verdicts: readonly Verdict[]): Requirement | undefined {
  const holding = verdicts.filter(({ effect }) => effect === 'hold')
  const approvals = holding.map(({ approval }) => approval ?? nobody)
  const [first, ...rest] = approvals
  if (first === undefined) return undefined
  const reasons = holding.flatMap((verdict) => verdict.reasons)
  return {
    approval: rest.reduce(both, first),
    rule: [...new Set(reasons.map((reason) => reason.rule))].toSorted().join(' ') || 'policy/no_reason',
    message: reasons[0]?.message ?? '',
    masked: [...new Set(verdicts.flatMap(({ mask }) => mask.filter(hides).map(placeOf)))],
  }
}

function hides({ method }: MaskRule): boolean {
  return method !== 'none'
}

const nobody: Approval = { approvers: [], quorum: 1, expires_s: 0, hold_s: 0, scope: 'once' }

function both(one: Approval, other: Approval): Approval {
  return {
    approvers: one.approvers.filter((group) => other.approvers.includes(group)),
    quorum: Math.max(one.quorum, other.quorum),
    expires_s: Math.min(one.expires_s, other.expires_s),
    hold_s: Math.min(one.hold_s, other.hold_s),
    scope: narrower(one.scope, other.scope),
  }
}

function narrower(one: ApprovalScope, other: ApprovalScope): ApprovalScope {
  return approvalScopes.indexOf(one) <= approvalScopes.indexOf(other) ? one : other
}
