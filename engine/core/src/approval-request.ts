import type { ApprovalView } from './approval-view.ts'
import type { Asked } from './approvals.ts'
import { refusal, type Refusal } from './errors.ts'
import type { EventData } from './events.ts'
import { limits } from './limits.ts'
import { openFields } from './record.ts'
import { subjectRecord } from './people.ts'
import type { Action, Json } from './request.ts'
import { withoutSecrets, withoutTokens } from './secrets.ts'

/** What there is already when somebody asks. */
export interface Asking {
  readonly live: readonly ApprovalView[]
  /** Requests under way that are not folded yet, all of them and those of this subject on this target. */
  readonly underWay: number
  readonly underWayAlike: number
  readonly parked: number
}

/** Why nobody is asked; `undefined` when there is room, and when an approver can see and decide the whole of it. */
export function unaskable(
  { subject, target, shown, requirement }: Asked,
  { live, underWay, underWayAlike, parked }: Asking,
): Refusal | undefined {
  if (shown.length > limits.approvalShownBytesMax) return tooLarge
  if (requirement.approvers.length === 0) return nobody
  const pending = live.filter(
    (view) => view.state === 'pending' && view.subject.id === subject.id && view.target === target,
  )
  const bytes = live.reduce((sum, { shownBytes }) => sum + shownBytes, shown.length)
  const full =
    pending.length + underWayAlike >= limits.approvalsPendingMax ||
    live.length + underWay >= limits.approvalsLiveMax ||
    bytes > limits.approvalsShownBytesMax ||
    parked >= limits.approvalsParkedMax
  return full ? tooMany : undefined
}

const tooLarge = refusal(
  'too_large',
  'sluice/approval',
  'This request needs an approval and is too large to be shown to an approver. Make it smaller.',
)
const nobody = refusal('denied', 'sluice/approval', 'This request needs an approval and nobody may give it.')
const tooMany = refusal(
  'too_many',
  'sluice/approval',
  'This request needs an approval and too many are waiting for one already. Try again later.',
)

/** What is recorded of a request. Values are only in its sealed content. */
export function approvalRecord(
  id: string,
  asked: Asked,
  binding: string,
  people: readonly string[],
  now: number,
): EventData['ApprovalRequested'] {
  const { session, exchange, target, subject, run, rule, message, requirement, summary, shown } = asked
  const { approvers, quorum, expires_s: seconds, scope } = requirement
  return {
    approval: id,
    session,
    exchange,
    target,
    subject: subjectRecord(subject),
    people,
    run: run.id,
    binding,
    rule: rule.toWellFormed(),
    message: reasonText(message),
    summary: withoutTokens(JSON.stringify(summary)),
    shown_bytes: shown.length,
    approvers,
    quorum,
    // What names no run cannot come again in the same one.
    scope: scope === 'run' && run.id === null ? 'once' : scope,
    expires_ms: now + Math.min(seconds * 1_000, limits.approvalLifeMs),
  }
}

/** The actions without values, each with the columns that the policy masks for this request. */
export function summaryOf(
  {
    actions,
    sealed,
  }: { readonly actions: readonly Action[]; readonly sealed?: readonly string[] | undefined },
  masked: readonly string[],
): Json {
  return actions.map((action) => ({ ...(openFields(action, sealed) as { [field: string]: Json }), masked }))
}

/** As much of somebody's words as is recorded. */
export function reasonText(text: string): string {
  return withoutSecrets(text).slice(0, limits.approvalReasonCharsMax).toWellFormed()
}
