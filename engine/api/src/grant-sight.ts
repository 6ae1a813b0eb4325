import { isSameCaller, type GrantView, type Subject } from '@sluice/core'
import { rolesOf, type RoleGroups } from './roles.ts'

/** Whether a grant exists for somebody: their own, one that they may decide, or any for admins and auditors. */
export function isVisible(grant: GrantView, subject: Subject, groups: RoleGroups): boolean {
  if (isSameCaller(grant.subject, subject)) return true
  // Who acts for somebody else has no role here, and is not among the approvers either.
  if (subject.on_behalf_of !== null) return false
  if (grant.people.includes(subject.id) || isGiver(grant, subject)) return true
  const roles = rolesOf(subject, groups)
  const isAmong = subject.groups.some((group) => grant.approvers.includes(group))
  return isAmong || roles.has('admin') || roles.has('auditor')
}

/** Who decided it, in their own name. */
export function isGiver(
  { decided }: GrantView,
  { id, on_behalf_of: actsFor }: Pick<Subject, 'id' | 'on_behalf_of'>,
): boolean {
  return decided?.by.id === id && actsFor === null
}
