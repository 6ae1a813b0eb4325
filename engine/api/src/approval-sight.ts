import { isSameCaller, type ApprovalView, type Subject } from '@sluice/core'
import { rolesOf, type RoleGroups } from './roles.ts'

/**
 * How much somebody sees of an approval. `own`: as it was asked. `deciding`: the whole of it, but for values of what
 * the policy masks. `masked`: no values at all.
 */
export type Sight = 'own' | 'deciding' | 'masked'

/** An approval that exists for somebody. */
export interface Seen {
  readonly approval: ApprovalView
  readonly sight: Sight
}

/** `null`: for them it does not exist. */
export function sightOf(approval: ApprovalView, subject: Subject, groups: RoleGroups): Sight | null {
  if (isSameCaller(approval.subject, subject)) return 'own'
  // A service that acts for several people sees what it asked for the one, and not as itself what it asked for them.
  if (
    subject.on_behalf_of === null &&
    subject.id !== approval.subject.id &&
    approval.people.includes(subject.id)
  )
    return 'own'
  const roles = rolesOf(subject, groups)
  const isAmong = subject.groups.some((group) => approval.approvers.includes(group))
  if (roles.has('admin') || (roles.has('approver') && isAmong)) return 'deciding'
  // Who acts for somebody else has no role here, and is not among the approvers either.
  return roles.has('auditor') || (isAmong && subject.on_behalf_of === null) ? 'masked' : null
}

/** Whom an approval must concern to exist for somebody: they are behind it, or among who decides. */
export interface Concerning {
  readonly person: string
  readonly groups: readonly string[]
}

/** `null`: all exist for them. Narrows a search and no more: each approval that it finds is asked about by `sightOf`. */
export function concerning(subject: Subject, groups: RoleGroups): Concerning | null {
  const roles = rolesOf(subject, groups)
  if (roles.has('admin') || roles.has('auditor')) return null
  return { person: subject.id, groups: subject.on_behalf_of === null ? subject.groups : [] }
}
