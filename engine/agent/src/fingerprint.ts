import { createHash, type KeyObject } from 'node:crypto'

/** SHA-256, hexadecimal. */
export function fingerprintOf(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function keyFingerprint(publicKey: KeyObject): string {
  return fingerprintOf(publicKey.export({ type: 'spki', format: 'der' }))
}
