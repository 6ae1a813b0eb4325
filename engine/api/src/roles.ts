import type { FastifyRequest } from 'fastify'
import { refusal, Refused, type Authenticator, type Identity, type Subject } from '@sluice/core'
import { caller } from './caller.ts'

/**
 * What a caller may do at the API. An admin changes what is in force, an approver votes on what is held (each hold
 * names its own approvers besides), an auditor reads the record of everybody, a user what is their own.
 */
export type Role = 'admin' | 'approver' | 'auditor' | 'user'

/** Groups that hold each role (`api.roles`). A role that no group holds is nobody's; everybody is a user. */
export type RoleGroups = { readonly [R in Exclude<Role, 'user'>]: readonly string[] }

/** What a handler needs to know who may call it. */
export interface RolePorts {
  readonly authenticator: Authenticator
  readonly roles: RoleGroups
}

/**
 * The roles that a subject's groups give it. What acts on somebody's behalf is a user and no more, whatever its
 * groups are, and only a person approves: a program must not release what another program asked for.
 */
export function rolesOf(subject: Subject, { admin, approver, auditor }: RoleGroups): ReadonlySet<Role> {
  const roles = new Set<Role>(['user'])
  if (subject.on_behalf_of !== null) return roles
  const isIn = (groups: readonly string[]): boolean => subject.groups.some((group) => groups.includes(group))
  if (isIn(admin)) roles.add('admin')
  if (isIn(approver) && subject.type === 'human') roles.add('approver')
  if (isIn(auditor)) roles.add('auditor')
  return roles
}

/**
 * Who calls, when they hold one of these roles: the first line of a handler that not everybody may call, e.g.
 * `const { subject } = await callerAs(request, ports, 'admin')`. Throws `Refused`: 401 without a usable token, 403
 * without the role.
 */
export async function callerAs(
  request: FastifyRequest,
  { authenticator, roles }: RolePorts,
  ...anyOf: readonly [Role, ...Role[]]
): Promise<Identity> {
  const identity = await caller(request, authenticator)
  const held = rolesOf(identity.subject, roles)
  if (!anyOf.some((role) => held.has(role)))
    throw new Refused(refusal('denied', 'api/role', `This needs the role ${anyOf.join(' or ')}.`))
  return identity
}
