import { createHash, createHmac, hkdfSync, pbkdf2, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { ScramKeys, ScramVerifier } from '@sluice/core'
import { gatewayTokenPrefix } from './gateway-token.ts'

const derive = promisify(pbkdf2)

/** RFC 7677 §4 asks for no fewer; the password has 256 bits, and needs no more. */
const iterations = 4_096
const saltBytes = 16
const hashBytes = 32

/**
 * Passwords, and what a server of SCRAM-SHA-256 must know of them (RFC 5802 §3), from their ids and the key of tokens: every
 * gateway of an installation comes to the same, and none of them keeps anything. An id that nobody got has a password
 * too, which nobody knows: so what a stranger is shown of any id is alike.
 */
export interface DerivedPasswords {
  readonly password: (id: string) => string
  readonly verifier: (id: string) => ScramVerifier
}

export function derivedPasswords(tokenKey: KeyObject): DerivedPasswords {
  const key = Buffer.from(hkdfSync('sha256', tokenKey.export(), '', 'sluice minted password v1', hashBytes))
  const of = (what: string, id: string): Buffer => createHmac('sha256', key).update(`${what} ${id}`).digest()
  // By that masks and the record know it for a secret, as they know tokens.
  const password = (id: string): string => gatewayTokenPrefix + of('password', id).toString('base64url')
  return {
    password,
    verifier(id) {
      const salt = of('salt', id).subarray(0, saltBytes)
      return {
        salt,
        iterations,
        keys: async () => keysOf(await derive(password(id), salt, iterations, hashBytes, 'sha256')),
      }
    },
  }
}

function keysOf(salted: Buffer): ScramKeys {
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return {
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
  }
}
