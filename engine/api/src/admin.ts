import type { FastifyRequest } from 'fastify'
import { refusal, Refused, type Identity } from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { caller } from './caller.ts'
import { rolesOf, type RolePorts } from './roles.ts'

/** What only admins may do, and how others are told so. */
export interface AdminAct {
  readonly action: string
  readonly resource: string
  readonly rule: string
  readonly why: string
}

/** An admin who calls. What others try is recorded, and refused. */
export async function adminFor(
  request: FastifyRequest,
  { action, resource, rule, why }: AdminAct,
  ports: RolePorts & ActedPorts,
): Promise<Identity> {
  const identity = await caller(request, ports.authenticator)
  if (rolesOf(identity.subject, ports.roles).has('admin')) return identity
  acted(ports, identity, { action, resource, outcome: 'refused', details: { why } })
  throw new Refused(refusal('denied', rule, why))
}
