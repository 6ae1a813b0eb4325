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

/** To what a search by whoever calls is narrowed; `null`: nothing that is asked for exists for them. `wanted`: a subject id. */
export function narrowed(
  wanted: string | undefined,
  subject: Subject,
  groups: RoleGroups,
): Partial<Pick<SessionRecord, 'subject' | 'on_behalf_of'>> | null {
  if (seesEverybody(subject, groups)) return {}
  if (wanted !== undefined && wanted !== subject.id) return null
  return { subject: subject.id, on_behalf_of: subject.on_behalf_of }
}

export function recordedOwner({
  subject,
  on_behalf_of,
}: Pick<SessionRecord, 'subject' | 'on_behalf_of'>): Owner {
  return { id: subject, on_behalf_of }
}
