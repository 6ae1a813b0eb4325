import { isSameCaller, type Subject } from '@sluice/core'
import { rolesOf, type RoleGroups } from './roles.ts'
import type { SessionRecord } from './session-line.ts'

/** Whose a session is: a service that acts for two people is not one owner. */
export type Owner = Pick<Subject, 'id' | 'on_behalf_of'>

/** Whether sessions of that owner exist for whoever calls. */
export function maySee(owner: Owner, subject: Subject, groups: RoleGroups): boolean {
  return isSameCaller(owner, subject) || seesEverybody(subject, groups)
}

export function seesEverybody(subject: Subject, groups: RoleGroups): boolean {
  const roles = rolesOf(subject, groups)
  return roles.has('admin') || roles.has('auditor')
}

export function recordedOwner({
  subject,
  on_behalf_of,
}: Pick<SessionRecord, 'subject' | 'on_behalf_of'>): Owner {
  return { id: subject, on_behalf_of }
}
