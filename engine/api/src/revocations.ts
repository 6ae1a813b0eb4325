import type { FastifyPluginAsync } from 'fastify'
import {
  isSameCaller,
  refusal,
  Refused,
  type OpenSessions,
  type Identity,
  type MintedPasswords,
  type Revocation,
  type Revocations,
  type Subject,
} from '@sluice/core'
import { acted, type ActedPorts } from './acted.ts'
import { boundCaller, caller } from './caller.ts'
import { isoTime } from './iso-time.ts'
import { listSchema, revokeSchema } from './revocation-schema.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import { sessionsLastMax, type SessionRecords } from './session-records.ts'
import { recordedOwner, seesEverybody } from './session-sight.ts'

/** A revocation as the API tells of it. */
export interface RevocationLine {
  readonly of: 'token' | 'subject'
  /** The id of the token. */
  readonly token: string | null
  readonly subject: string | null
  readonly revoked_at: string
  /** Of a subject: what was issued later is good. */
  readonly issued_up_to: string | null
  /** Whatever it concerns has expired by then. */
  readonly until: string
  readonly by: string
  readonly reason: string
}

export interface RevocationPorts extends RolePorts, ActedPorts {
  readonly engine: Pick<OpenSessions, 'sessions'>
  /** Of all gateways. */
  readonly records: Pick<SessionRecords, 'list'>
  readonly revocations: Revocations
  readonly passwords: Pick<MintedPasswords, 'of'>
}

/** What is to be revoked: exactly one of these. */
interface Wanted {
  readonly token?: string
  readonly subject?: string
  /** `this`: the token of this very request. `all`: whatever was issued to its subject up to now. */
  readonly mine?: 'this' | 'all'
}

interface RevokeRequest {
  readonly Body: Wanted & { readonly reason: string }
}

/** /v1/revocations: admins revoke any token and the tokens of any subject, everybody their own. */
export function revocations(ports: RevocationPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/revocations', { schema: listSchema }, async (request) => {
      const { subject } = await caller(request, ports.authenticator)
      const everybody = seesEverybody(subject, ports.roles)
      return ports.revocations
        .list()
        .filter((revocation) => everybody || isTheirs(revocation, subject))
        .map(lineOf)
    })

    app.post<RevokeRequest>('/v1/revocations', { schema: revokeSchema }, async (request) => {
      const identity = await boundCaller(request, ports.authenticator)
      const { token, subject } = named(request.body, identity)
      const because = { by: identity.subject.id, reason: request.body.reason.toWellFormed() }
      if (subject !== undefined) {
        mayRevokeSubject(subject, identity, ports)
        return lineOf(await ports.revocations.revokeSubject(subject, because))
      }
      mayRevokeToken(token, identity, ports)
      return lineOf(await ports.revocations.revokeToken(token, because))
    })
  }
}

type Named =
  | { readonly token: string; readonly subject?: undefined }
  | { readonly token?: undefined; readonly subject: string }

function named({ token, subject, mine }: Wanted, { tokenId, subject: own }: Identity): Named {
  if (token !== undefined) return { token: token.toWellFormed() }
  if (subject !== undefined) return { subject: subject.toWellFormed() }
  return mine === 'all' ? { subject: own.id } : { token: tokenId }
}

/** Whoever acts for somebody does not speak for all of what its subject does for others. */
function mayRevokeSubject(wanted: string, identity: Identity, ports: RevocationPorts): void {
  const { subject, confined } = identity
  if (confined !== undefined) throw refused(boundToLess, identity, wanted, ports)
  if (subject.id === wanted && subject.on_behalf_of === null) return
  if (rolesOf(subject, ports.roles).has('admin')) return
  throw refused(
    'Only an admin, or the subject itself, may revoke the tokens of a subject.',
    identity,
    wanted,
    ports,
  )
}

function mayRevokeToken(wanted: string, identity: Identity, ports: RevocationPorts): void {
  const { subject, tokenId, confined } = identity
  if (tokenId === wanted) return
  if (confined !== undefined) throw refused(boundToLess, identity, wanted, ports)
  if (rolesOf(subject, ports.roles).has('admin')) return
  if (isKnownAsTheirs(wanted, subject, ports)) return
  throw refused('Only an admin may revoke a token by which you have no session.', identity, wanted, ports)
}

const boundToLess = 'A bound token revokes itself and nothing else.'

/** Ids of tokens say nothing of whose they are: what lives by them does. */
function isKnownAsTheirs(
  token: string,
  subject: Subject,
  { engine, records, passwords }: RevocationPorts,
): boolean {
  const minted = passwords.of(token)
  if (minted !== undefined && isSameCaller(minted.subject, subject)) return true
  const here = engine.sessions().filter(({ identity }) => identity.tokenId === token)
  if (here.some((session) => isSameCaller(session.subject, subject))) return true
  return records
    .list({ state: 'open', subject: subject.id, last: sessionsLastMax })
    .some((record) => record.token_id === token && isSameCaller(recordedOwner(record), subject))
}

function refused(why: string, identity: Identity, resource: string, ports: RevocationPorts): Refused {
  acted(ports, identity, { action: 'token.revoke', resource, outcome: 'refused', details: { why } })
  return new Refused(refusal('denied', 'api/revocation', why))
}

function isTheirs(revocation: Revocation, { id }: Subject): boolean {
  return revocation.by === id || (revocation.kind === 'subject' && revocation.subject === id)
}

function lineOf(revocation: Revocation): RevocationLine {
  const { kind, at, until, by, reason } = revocation
  const of =
    kind === 'token'
      ? { token: revocation.token, subject: null, issued_up_to: null }
      : { token: null, subject: revocation.subject, issued_up_to: isoTime(revocation.issuedUpTo) }
  return { of: kind, ...of, revoked_at: isoTime(at), until: isoTime(until), by, reason }
}
