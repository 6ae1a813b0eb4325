import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ScramKeys, ScramVerifier } from '@sluice/core'
import { Cursor, ProtocolViolation } from './wire.ts'

/** Without channel binding: its data would be of this connection, and TLS may end before it. */
export const mechanism = 'SCRAM-SHA-256'

const nonceBytes = 18

/** What a client has said first, and what it was answered. */
export interface Challenge {
  /** server-first-message. */
  readonly text: string
  readonly nonce: string
  readonly clientFirstBare: string
  /** Its GS2 header, which it must repeat (RFC 5802 §6). */
  readonly header: string
}

/**
 * The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677): answers the SASLInitialResponse of PostgreSQL. Throws
 * `ProtocolViolation` for what is none.
 */
export function challenge(body: Cursor, { salt, iterations }: ScramVerifier): Challenge {
  if (body.text() !== mechanism)
    throw new ProtocolViolation('client selected an invalid SASL authentication mechanism')
  const length = body.int32()
  if (length < 0) throw new ProtocolViolation('the SASL authentication has no initial response')
  const first = body.bytes(length).toString('latin1')
  body.finish()
  // No other identity than the user name's, no extension that must be understood, and no channel binding.
  const parsed = /^([ny],,)(n=[^,]*,r=([!-+\--~]{1,256}))$/.exec(first)
  const [, header, clientFirstBare, ownNonce] = parsed ?? []
  if (header === undefined || clientFirstBare === undefined || ownNonce === undefined)
    throw new ProtocolViolation('malformed SCRAM message')
  const nonce = ownNonce + randomBytes(nonceBytes).toString('base64')
  const text = `r=${nonce},s=${Buffer.from(salt).toString('base64')},i=${iterations}`
  return { text, nonce, clientFirstBare, header }
}

/**
 * The answer to the client-final-message, which proves to the client that the gateway knows the password; `null`: the
 * client does not. Throws `ProtocolViolation` for what does not continue the challenge.
 */
export function verified(
  clientFinal: string,
  { text, nonce, clientFirstBare, header }: Challenge,
  keys: ScramKeys,
): string | null {
  const parsed = /^(c=([A-Za-z0-9+/]+={0,2}),r=([!-+\--~]+)),p=([A-Za-z0-9+/]+={0,2})$/.exec(clientFinal)
  const [, withoutProof, binding, repeated, proof = ''] = parsed ?? []
  if (withoutProof === undefined || repeated !== nonce) throw new ProtocolViolation('malformed SCRAM message')
  if (binding !== Buffer.from(header).toString('base64'))
    throw new ProtocolViolation('unexpected SCRAM channel-binding attribute')
  const signed = `${clientFirstBare},${text},${withoutProof}`
  const signature = hmac(keys.storedKey, signed)
  const given = Buffer.from(proof, 'base64')
  const clientKey = signature.map((byte, index) => byte ^ (given[index] ?? 0))
  const isKnown = timingSafeEqual(createHash('sha256').update(clientKey).digest(), keys.storedKey)
  if (!isKnown || given.length !== signature.length) return null
  return `v=${hmac(keys.serverKey, signed).toString('base64')}`
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
