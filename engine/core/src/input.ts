import type { Action, Client, Identity, Json, Run, TargetView } from './request.ts'
import type { Moment, PolicyApproval, PolicyGrant, PolicyInput } from './ports.ts'

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const
const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** 1 January 1970 was a Thursday. */
const epochWeekday = 4

/** What a session contributes to every policy input; frozen parts, reused by identity so that they encode once. */
export interface InputContext {
  readonly session: string
  readonly client: Client
  readonly target: TargetView
}

/** The complete input document. Pure: with the recorded events it can be built again, and gives the same verdict. */
export function policyInput(
  context: InputContext,
  identity: Identity,
  run: Run,
  requestId: string,
  action: Action,
  { nowMs, facts: { run: runFacts, subject: subjectFacts, ...facts } }: Moment,
  approvals: readonly PolicyApproval[],
  grants: readonly PolicyGrant[],
): PolicyInput {
  return {
    version: 1,
    request_id: requestId,
    time: timeOf(nowMs),
    subject: subjectFacts === undefined ? identity.subject : { ...identity.subject, facts: subjectFacts },
    client: context.client,
    target: context.target,
    action,
    session: { id: context.session, facts },
    run: {
      id: run.id,
      trace_id: run.trace_id,
      verified: false,
      ...(runFacts === undefined ? {} : { facts: runFacts }),
    },
    approvals,
    grants,
  }
}

/** An action with the values of one execution behind its literals. */
export function withValues(action: Action, values: readonly Json[] | undefined): Action {
  if (values === undefined || values.length === 0) return action
  const literals = action['parameters']
  return {
    ...action,
    parameters: [...(Array.isArray(literals) ? (literals as readonly Json[]) : []), ...values],
  }
}

/** The clock in UTC, as policies see it. */
export function timeOf(nowMs: number): PolicyInput['time'] {
  const day = Math.floor(nowMs / dayMs)
  const weekday = weekdays[(day + epochWeekday) % 7] ?? 'sunday'
  return { now_ms: nowMs, weekday, hour: Math.floor((nowMs % dayMs) / hourMs) }
}
