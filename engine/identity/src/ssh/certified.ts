import { createPublicKey, type KeyObject } from 'node:crypto'
import { limits, type Confinement, type Identity, type Json } from '@sluice/core'
import { isName } from '../claims.ts'
import { refuse, refuseExpired } from '../refuse.ts'
import { isObject, parseObject, type JsonObject } from '../strict-json.ts'
import { subjectIn } from '../subject-payload.ts'
import { identityExtension } from './authority.ts'
import { certificateOf, isSignedBy, optionText, type SignedCertificate } from './certificate.ts'
import { ed25519Blob } from './public-key.ts'
import { checkSource } from './source-address.ts'
import { WireError } from './wire.ts'

export interface CertificateTerms {
  /** The authority's. */
  readonly key: KeyObject
  /** Names of the configured issuers: certificates for subjects of one that was removed are refused. */
  readonly issuers: ReadonlySet<string>
}

/**
 * Who a user certificate of OpenSSH speaks for, and what it is good for. That the caller holds its key is for whoever
 * speaks the protocol to see; which target is asked for is compared with `confined.targets` by the gate.
 *
 * It speaks for `limits.tokenLifeMs` at most, however long it is valid: who signs for longer with the authority's key
 * does not take from the gateway that a withdrawn certificate ends soon.
 *
 * @throws Refused `token_refused` or `token_expired`
 */
export function certifiedIdentity(
  blob: Uint8Array,
  ip: string,
  terms: CertificateTerms,
  now: number,
): Identity {
  try {
    return verified(certificateOf(blob), ip, terms, now)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    refuse('certificate', `The certificate cannot be read: ${error.message}.`, error)
  }
}

function verified(
  certificate: SignedCertificate,
  ip: string,
  terms: CertificateTerms,
  now: number,
): Identity {
  // Exactly our key and no other form of it, so that neither a certificate nor another key can stand between.
  if (!certificate.signer.equals(ed25519Blob(terms.key)))
    refuse('certificate_authority', 'The certificate is not signed by the authority of this gateway.')
  if (!isSignedBy(certificate, createPublicKey(terms.key)))
    refuse('signature', 'The signature of the certificate is not valid.')
  if (certificate.kind !== 'user')
    refuse('certificate_kind', 'This is the certificate of a host, not of a user.')
  checkTimes(certificate, now)
  const who = whoIn(certificate.extensions.get(identityExtension), terms.issuers)
  const expiresAt = Math.min(Number(certificate.validBefore) * 1000, now + limits.tokenLifeMs)
  return { ...who, expiresAt, confined: confinement(certificate, ip) }
}

function checkTimes({ validAfter, validBefore }: SignedCertificate, now: number): void {
  const second = BigInt(Math.floor(now / 1000))
  if (second < validAfter) refuse('time', 'The certificate is not valid yet.')
  if (second >= validBefore) refuseExpired()
}

function confinement(
  { principals, criticalOptions, extensions }: SignedCertificate,
  ip: string,
): Confinement {
  // OpenSSH takes an empty list for everything.
  if (principals.length === 0) refuse('principal', 'The certificate names no target.')
  let command: string | null = null
  for (const [name, data] of criticalOptions) {
    if (name === 'source-address') checkSource(optionText(data), ip)
    else if (name === 'force-command') command = optionText(data)
    else refuse('critical_option', 'The certificate demands an option that is not understood.')
  }
  if (command === '' || command?.includes('\0') === true)
    refuse('critical_option', 'The certificate permits no command that could be run.')
  return {
    targets: principals,
    command,
    permits: [...extensions.keys()].filter((name) => name.startsWith('permit-')),
  }
}

/** What another program signed with the authority's key may hold anything. */
function whoIn(
  extension: Buffer | undefined,
  issuers: ReadonlySet<string>,
): Pick<Identity, 'tokenId' | 'subject' | 'issuedAt' | 'madeFrom'> {
  if (extension === undefined)
    refuse('subject', 'The certificate does not say who it is for: get one from the gateway.')
  const { id, sub, typ, iss, grp = [], clm = {}, obo, iat = 0, src } = objectIn(optionText(extension))
  if (!isName(id) || !isName(sub) || !isName(iss) || !sub.startsWith(`${iss}#`)) unusable()
  if (typ !== 'human' && typ !== 'service') unusable()
  if (!isNames(grp) || grp.length > limits.groupsMax || !isObject(clm)) unusable()
  if (obo !== undefined && !isName(obo)) unusable()
  if (typeof iat !== 'number' || (src !== undefined && !isNames(src))) unusable()
  if (!issuers.has(iss))
    refuse('unknown_issuer', 'The certificate is not of an issuer that is configured here.')
  return {
    subject: subjectIn({ sub, typ, iss, grp, clm, ...(obo === undefined ? {} : { obo }) }),
    tokenId: id,
    issuedAt: iat * 1000,
    ...(src === undefined ? {} : { madeFrom: src }),
  }
}

function objectIn(text: string): JsonObject {
  try {
    return parseObject(Buffer.from(text))
  } catch {
    unusable()
  }
}

function isNames(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => isName(name as Json))
}

function unusable(): never {
  refuse('subject', 'The certificate does not say in a usable way who it is for: get one from the gateway.')
}
