import type { GrantView } from '@sluice/core'

/** A grant as the API shows it. */
export interface GrantLine {
  readonly id: string
  readonly state: GrantView['state']
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly role: string
  readonly life_ms: number
  readonly reason: string
  readonly requested_at: string
  /** Groups one of whose members may give it. */
  readonly approvers: readonly string[]
  readonly decided_by: string | null
  readonly decision_reason: string | null
  readonly revoked_by: string | null
  /** Once it is given: until when it is valid. Before: until when it may be given. */
  readonly expires_at: string
}

export function grantLine(grant: GrantView): GrantLine {
  const { id, state, subject, target, role, lifeMs, reason: why, approvers, decided, revoked } = grant
  return {
    id,
    state,
    subject: subject.id,
    on_behalf_of: subject.on_behalf_of,
    target,
    role,
    life_ms: lifeMs,
    reason: why,
    requested_at: new Date(grant.requestedAt).toISOString(),
    approvers,
    decided_by: decided?.by.id ?? null,
    decision_reason: decided?.reason ?? null,
    revoked_by: revoked?.by ?? null,
    expires_at: new Date(grant.endsAt).toISOString(),
  }
}
