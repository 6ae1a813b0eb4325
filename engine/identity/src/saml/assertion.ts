import { limits, type Json } from '@sluice/core'
import { isName, type AccessClaims } from '../claims.ts'
import { refuse, refuseExpired } from '../refuse.ts'
import type { JsonObject } from '../strict-json.ts'
import { attribute, childrenOf, named, namespaces, one, parseXml, refuseXml, some, textOf } from './xml.ts'

/** What an assertion must say to be for us, now, and the answer to what we asked. */
export interface Expected {
  /** Entity id of the provider. */
  readonly issuer: string
  /** Our entity id. */
  readonly audience: string
  /** Where it was posted. */
  readonly recipient: string
  readonly inResponseTo: string
  /** Attribute that names the subject; `null`: its persistent NameID. */
  readonly subjectClaim: string | null
  /** Attribute whose values are always a list. */
  readonly groupsClaim: string | null
  /** Milliseconds since 1970. */
  readonly now: number
}

export interface SamlClaims extends AccessClaims {
  /** Never seen before, or it is a replay. */
  readonly assertionId: string
  /** After this it would be refused for its age. Milliseconds since 1970. */
  readonly replayableUntil: number
}

const persistent = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'
const bearer = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'

/** Pure. `xml` is what the signature covers and nothing else. Throws `Refused`. */
export function readAssertion(xml: string, expected: Expected): SamlClaims {
  const assertion = parseXml(xml)
  if (!named(assertion, namespaces.assertion, 'Assertion')) refuseXml('what is signed is no Assertion')
  const parts = ['Issuer', 'Subject', 'Conditions', 'AuthnStatement', 'AttributeStatement']
  for (const child of childrenOf(assertion))
    if (
      !parts.some((part) => named(child, namespaces.assertion, part)) &&
      !named(child, namespaces.signature, 'Signature')
    )
      refuseXml('its assertion has parts that are not understood')
  if (attribute(assertion, 'Version') !== '2.0') refuseXml('it is not SAML 2.0')
  if (textOf(one(assertion, 'Issuer')) !== expected.issuer)
    refuse('issuer', 'The assertion is of another provider.')
  const assertionId = attribute(assertion, 'ID')
  if (!isName(assertionId ?? undefined)) refuseXml('its assertion has no usable ID')
  const confirmedUntil = checkConfirmation(one(assertion, 'Subject'), expected)
  const conditionsUntil = checkConditions(one(assertion, 'Conditions'), expected)
  const attributes = attributesOf(assertion, expected.groupsClaim)
  return {
    all: attributes,
    subject: subjectOf(one(assertion, 'Subject'), attributes, expected),
    client: null,
    tokenId: assertionId,
    // Whatever a provider's clock says: nobody vouches in the future, and an age that is not told is the greatest.
    issuedAt: Math.min(expected.now, instant(assertion, 'IssueInstant') ?? 0),
    expiresAt: sessionEnd(assertion, expected.now),
    assertionId: assertionId ?? '',
    replayableUntil: Math.min(confirmedUntil, conditionsUntil),
  }
}

/** A bearer confirmation (Profiles 2.0 §4.1.4.2): posted here, in time, and in answer to our request. */
function checkConfirmation(subject: Element, { recipient, inResponseTo, now }: Expected): number {
  const confirmation = one(subject, 'SubjectConfirmation')
  if (attribute(confirmation, 'Method') !== bearer) refuseXml('its subject is not confirmed as a bearer')
  const data = one(confirmation, 'SubjectConfirmationData')
  if (attribute(data, 'Recipient') !== recipient) refuse('recipient', 'The assertion is for another address.')
  if (attribute(data, 'InResponseTo') !== inResponseTo)
    refuse('in_response_to', 'The assertion does not answer a login that began here.')
  return checkTimes(data, now)
}

function checkConditions(conditions: Element, { audience, now }: Expected): number {
  for (const condition of childrenOf(conditions))
    if (!['AudienceRestriction', 'OneTimeUse'].some((name) => named(condition, namespaces.assertion, name)))
      refuseXml('its assertion has a condition that is not understood')
  const restrictions = some(conditions, 'AudienceRestriction')
  const isOurs = (restriction: Element): boolean =>
    some(restriction, 'Audience').map(textOf).includes(audience)
  if (restrictions.length === 0 || !restrictions.every(isOurs))
    refuse('audience', 'The assertion is for another audience.')
  return checkTimes(conditions, now)
}

/** The end must be there and gets no leeway; the beginning gets the skew of a clock that runs ahead of ours. */
function checkTimes(element: Element, now: number): number {
  const notBefore = instant(element, 'NotBefore')
  const notOnOrAfter = instant(element, 'NotOnOrAfter')
  if (notOnOrAfter === null) refuse('time', 'The assertion does not say when it ends.')
  if (notBefore !== null && notBefore > now + limits.clockSkewMs)
    refuse('time', 'The assertion is not valid yet.')
  if (notOnOrAfter <= now) refuseExpired()
  return notOnOrAfter
}

/** The sessions of the provider, at least one, may say when they end: nothing here lives longer. */
function sessionEnd(assertion: Element, now: number): number {
  const statements = some(assertion, 'AuthnStatement')
  if (statements.length === 0) refuseXml('its assertion does not say that anybody logged in')
  const ends = statements.map((statement) => instant(statement, 'SessionNotOnOrAfter') ?? Infinity)
  const end = Math.min(now + limits.issuerTokenLifeMs, ...ends)
  if (end <= now) refuseExpired()
  return end
}

/** An xs:dateTime in UTC, as SAML asks (Core 2.0 §1.3.3). */
function instant(element: Element, name: string): number | null {
  const text = attribute(element, name)
  if (text === null) return null
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) refuse('time', 'A time of the assertion is not written in UTC.')
  return time
}

/** Names and addresses change hands: only an id that the provider promises to keep names anybody. */
function subjectOf(
  subject: Element,
  attributes: JsonObject,
  { subjectClaim: claim, issuer }: Expected,
): string {
  const nameId = one(subject, 'NameID')
  const nameText = textOf(nameId)
  if (claim === null && attribute(nameId, 'Format') !== persistent)
    refuse(
      'subject',
      'The provider names its subject by something that changes: let it send a persistent NameID, or configure subject_claim.',
    )
  // Ids are unique beside their qualifier (Core 2.0 §8.3.7): a hub that speaks for several directories may have two alike.
  if (claim === null && (attribute(nameId, 'NameQualifier') ?? issuer) !== issuer)
    refuse(
      'subject',
      'The NameID of the assertion is of another directory than its provider: configure subject_claim.',
    )
  const name = claim === null ? nameText : Object.hasOwn(attributes, claim) ? attributes[claim] : undefined
  if (!isName(name)) refuse('subject', 'The assertion does not name its subject in a usable way.')
  return name
}

/** Attributes as claims: one value is a text, several are a list. */
function attributesOf(assertion: Element, groupsClaim: string | null): JsonObject {
  const found = new Map<string, Json>()
  for (const element of some(assertion, 'AttributeStatement').flatMap((statement) =>
    some(statement, 'Attribute'),
  )) {
    const name = attribute(element, 'Name')
    if (name === null || found.has(name)) refuseXml('it has an attribute without a name, or two of one name')
    // Entra's word for more groups than it lists: the rest would have to be asked for.
    if (name.endsWith('/groups.link'))
      refuse(
        'groups',
        'The assertion does not list all groups of its subject: let the provider send fewer groups.',
      )
    const [value, ...more] = some(element, 'AttributeValue').map(textOf)
    const isList = more.length > 0 || name === groupsClaim
    found.set(name, isList ? [...(value === undefined ? [] : [value]), ...more] : (value ?? null))
  }
  return Object.fromEntries(found)
}
