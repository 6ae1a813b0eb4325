import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import {
  gatewayTokenKind,
  limits,
  tokenFingerprint,
  type Clock,
  type Identity,
  type Ids,
  type Subject,
} from '@sluice/core'
import { refuse, refuseExpired } from './refuse.ts'
import { subjectIn, subjectPayload, type SubjectPayload } from './subject-payload.ts'

/**
 * ```
 * slu_ base64url( tag[32] ‖ JSON payload )        tag = HMAC-SHA-256(key, payload)
 * ```
 * One algorithm, one key, no header that could choose another: only gateways make and check these.
 */
export const gatewayTokenPrefix = 'slu_'

const tagBytes = 32

interface Payload extends SubjectPayload {
  readonly id: string
  readonly aud: string
  /** Seconds since 1970. One of an earlier version does not say `iat`, and is older than any revocation. */
  readonly iat?: number
  readonly exp: number
  /** Of the token that it was made from. */
  readonly src?: string
  readonly tgt?: readonly string[]
  readonly net?: readonly string[]
}

/** By what somebody is known, of which a token is made. Times in milliseconds since 1970. */
export interface Vouched {
  readonly subject: Subject
  readonly issuedAt: number
  readonly expiresAt: number
  /** Of the issuer's token, where there is one. */
  readonly tokenId?: string
}

/** What a token is to be good for alone. */
export interface Binding {
  /** Names of targets. */
  readonly targets?: readonly string[]
  /** Addresses and networks of callers, as `10.0.0.0/8`. */
  readonly networks?: readonly string[]
}

export interface MintedToken {
  readonly token: string
  readonly identity: Identity
}

export interface GatewayTokens {
  /**
   * Lives for `limits.tokenLifeMs`, or until what it is made from expires. It is as old as that: what revokes the one revokes
   * the other. Throws `Refused`.
   */
  mint(from: Vouched, binding?: Binding): MintedToken
  /** Synchronous and a few microseconds: it may be asked for each request. Throws `Refused`. */
  verify(token: string): Identity
}

export interface GatewayTokenOptions {
  readonly key: KeyObject
  /** The installation that the tokens are for. */
  readonly audience: string
  /** Names of the configured issuers: the tokens of one that was removed die with it. */
  readonly issuers: ReadonlySet<string>
  readonly clock: Clock
  readonly ids: Ids
}

export function gatewayTokens({ key, audience, issuers, clock, ids }: GatewayTokenOptions): GatewayTokens {
  const tag = (payload: Uint8Array): Buffer => createHmac('sha256', key).update(payload).digest()

  return {
    mint(from, binding = {}) {
      const exp = Math.floor(Math.min(from.expiresAt, clock.now() + limits.tokenLifeMs) / 1000)
      if (exp * 1000 <= clock.now()) refuseExpired()
      const id = ids.next(gatewayTokenKind)
      const payload = { ...payloadOf(from, id, audience, exp), ...boundTo(binding) }
      const bytes = Buffer.from(JSON.stringify(payload))
      const token = gatewayTokenPrefix + Buffer.concat([tag(bytes), bytes]).toString('base64url')
      if (token.length > limits.gatewayTokenBytesMax)
        refuse(
          'groups_too_long',
          `The ${from.subject.groups.length} groups and claims, and what it is bound to, do not fit in a gateway token: let the issuer send fewer.`,
        )
      return { token, identity: identityOf(payload) }
    },

    verify(token) {
      if (token.length > limits.gatewayTokenBytesMax || !token.startsWith(gatewayTokenPrefix)) refuseForged()
      const text = token.slice(gatewayTokenPrefix.length)
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length <= tagBytes || bytes.toString('base64url') !== text) refuseForged()
      const signed = bytes.subarray(tagBytes)
      if (!timingSafeEqual(bytes.subarray(0, tagBytes), tag(signed))) refuseForged()
      // Only a holder of the key wrote this, so its shape is ours.
      const payload = JSON.parse(signed.toString('utf8')) as Payload
      if (payload.aud !== audience) refuse('audience', 'The gateway token is for another installation.')
      if (!issuers.has(payload.iss))
        refuse('unknown_issuer', 'The token is not of an issuer that is configured here.')
      if (payload.exp * 1000 <= clock.now()) refuseExpired()
      return identityOf(payload)
    },
  }
}

function refuseForged(): never {
  refuse('signature', 'The gateway token is not valid here. Get a new one.')
}

function payloadOf({ subject, issuedAt, tokenId }: Vouched, id: string, aud: string, exp: number): Payload {
  return {
    id,
    aud,
    iat: Math.floor(issuedAt / 1000),
    exp,
    ...(tokenId !== undefined && { src: tokenFingerprint(tokenId) }),
    ...subjectPayload(subject),
  }
}

function boundTo({ targets, networks }: Binding): Pick<Payload, 'tgt' | 'net'> {
  return { ...(targets !== undefined && { tgt: targets }), ...(networks !== undefined && { net: networks }) }
}

function confinedBy({ tgt, net }: Pick<Payload, 'tgt' | 'net'>): Pick<Identity, 'confined'> {
  if (tgt === undefined && net === undefined) return {}
  return {
    confined: {
      targets: tgt ?? null,
      ...(net !== undefined && { networks: net }),
      command: null,
      permits: null,
    },
  }
}

function identityOf({ id, iat = 0, exp, src, ...payload }: Payload): Identity {
  return {
    subject: subjectIn(payload),
    tokenId: id,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    ...(src !== undefined && { madeFrom: [src] }),
    ...confinedBy(payload),
  }
}
