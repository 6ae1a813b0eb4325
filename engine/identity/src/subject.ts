import { limits, type Json, type Subject } from '@sluice/core'
import { isName, type AccessClaims } from './claims.ts'
import type { Issuer, SubjectTerms } from './issuer.ts'
import { claimAt, mappedGroups } from './mapping.ts'
import { refuse } from './refuse.ts'
import { isObject, type JsonObject } from './strict-json.ts'

/** What turns claims into a subject, of issuers of any kind. */
export type SubjectIssuer = Pick<Issuer, 'name' | 'url'> & SubjectTerms

/**
 * Who a verified token speaks for. Pure. The id is issuer name + `sub`: e-mail addresses and user names change
 * hands, so they identify nobody.
 *
 * With `act` (RFC 8693 §4.1) the caller is the acting service and `on_behalf_of` the person; the groups are those
 * that the issuer put into this delegated token. Where `act` says groups of the actor, policies see them as the claim
 * `actor_groups`, and may let count only what both have.
 */
export function subjectOf(claims: AccessClaims, issuer: SubjectIssuer): Subject {
  const actor = actorOf(claims.all['act'], issuer)
  const named = `${issuer.name}#${claims.subject}`
  return {
    id: actor === null ? named : `${issuer.name}#${actor}`,
    type: actor === null ? typeOf(claims.all, issuer) : 'service',
    issuer: issuer.name,
    groups: groupsOf(claims.all, issuer),
    claims: { ...carriedClaims(claims, issuer), ...actorGroups(claims.all['act'], issuer) },
    on_behalf_of: actor === null ? null : named,
  }
}

/** No claim says that it is a person: then it is a service, who can approve nothing. */
function typeOf(claims: JsonObject, { typeClaim }: SubjectIssuer): Subject['type'] {
  const type = typeClaim === null ? undefined : claims[typeClaim]
  if (type === undefined) return 'service'
  if (type !== 'human' && type !== 'service')
    refuse('subject_type', 'The token names a type of subject that is neither human nor service.')
  return type
}

/**
 * No groups claim means no groups. A claim that says "there are more, ask elsewhere" (Entra's overage) means that
 * the groups are not known, and rules that restrict a group would not apply.
 */
function groupsOf(claims: JsonObject, { groupsClaim, mappings }: SubjectIssuer): readonly string[] {
  const elsewhere = claims['_claim_names']
  if (claims['hasgroups'] !== undefined || (elsewhere !== undefined && !namesOthers(elsewhere, groupsClaim)))
    refuse('groups', 'The token does not list all groups of its subject: let the issuer send fewer groups.')
  const listed = groupsClaim === null ? [] : listedGroups(claims, groupsClaim)
  const mapped = mappings === null ? [] : mappedGroups(claims, mappings)
  // Whom no rule fits is a stranger of an issuer that may speak for many.
  if (mappings !== null && mapped.length === 0)
    refuse('mapping', 'No mapping of its issuer fits this token: let one ask for what its claims say.')
  const groups = [...new Set([...listed, ...mapped])]
  if (groups.length > limits.groupsMax)
    refuse('groups', `The token names more than ${limits.groupsMax} groups: let the issuer send fewer.`)
  return groups
}

function listedGroups(claims: JsonObject, groupsClaim: string): readonly string[] {
  const claim = claimAt(claims, groupsClaim)
  return claim === undefined ? [] : groupNames(claim)
}

function groupNames(groups: Json): readonly string[] {
  if (!Array.isArray(groups) || !groups.every((group) => isName(group)))
    refuse('groups', 'The groups of the token are not a list of usable names.')
  return groups
}

function namesOthers(elsewhere: Json, groupsClaim: string | null): boolean {
  const names = ['groups', groupsClaim ?? 'groups']
  return isObject(elsewhere) && !names.some((name) => Object.hasOwn(elsewhere, name))
}

function actorOf(act: Json | undefined, issuer: SubjectIssuer): string | null {
  if (act === undefined) return null
  const actor = isObject(act) ? act['sub'] : undefined
  const of = isObject(act) ? (act['iss'] ?? issuer.url) : undefined
  if (!isName(actor) || of !== issuer.url)
    refuse('actor', 'The token does not name who acts for its subject in a usable way.')
  return actor
}

function actorGroups(act: Json | undefined, { groupsClaim }: SubjectIssuer): Subject['claims'] {
  const groups = isObject(act) && groupsClaim !== null ? claimAt(act, groupsClaim) : undefined
  return groups === undefined ? {} : { [actorGroupsClaim]: groupNames(groups) }
}

/** What a token says under these names is not carried: they are said here. */
const actorGroupsClaim = 'actor_groups'
const ownClaims: readonly string[] = [actorGroupsClaim, 'client_id']

/** Scalars only, and only those that the configuration names: each is recorded and shown to policies. */
function carriedClaims(claims: AccessClaims, issuer: SubjectIssuer): Subject['claims'] {
  const names = issuer.claims.filter((name) => !ownClaims.includes(name))
  const carried = names.flatMap((name) => {
    const value = claimAt(claims.all, name)
    if (value === undefined) return []
    if (!isName(value) && typeof value !== 'boolean' && !Number.isSafeInteger(value))
      refuse('claims', `The claim ${name} of the token is not a short text, a whole number or a truth value.`)
    return [[name, value] as const]
  })
  return Object.fromEntries(claims.client === null ? carried : [...carried, ['client_id', claims.client]])
}
