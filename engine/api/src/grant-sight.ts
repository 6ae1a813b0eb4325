import type { GrantView, Subject } from '@sluice/core'
import { rolesOf, type RoleGroups } from './roles.ts'

/** Whether a grant exists for somebody: their own, one that they may decide, or any for admins and auditors. */
export function isVisible(grant: GrantView, subject: Subject, groups: RoleGroups): boolean {
  if (isRequester(grant, subject)) return true
  // Who acts for somebody else has no role here, and is not among the approvers either.
  if (subject.on_behalf_of !== null) return false
  if (grant.people.includes(subject.id) || isGiver(grant, subject)) return true
  const roles = rolesOf(subject, groups)
  const isAmong = subject.groups.some((group) => grant.approvers.includes(group))
  return isAmong || roles.has('admin') || roles.has('auditor')
}

/** The very caller that asked: a service that acts for two people is not one requester. */
export function isRequester(
  { subject: asked }: GrantView,
  { id, on_behalf_of: actsFor }: Pick<Subject, 'id' | 'on_behalf_of'>,
): boolean {
  return asked.id === id && asked.on_behalf_of === actsFor
}

/** Who decided it, in their own name. */
export function isGiver(
  { decided }: GrantView,
  { id, on_behalf_of: actsFor }: Pick<Subject, 'id' | 'on_behalf_of'>,
): boolean {
  return decided?.by.id === id && actsFor === null
}
