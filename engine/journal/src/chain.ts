import { hash } from 'node:crypto'

/**
 * An encoded event ends with its hash and its signature, and the hash covers everything before:
 *
 *     id … prev_hash │ hash: 32 bytes │ sig: 1 byte (none), or 1 + 2 bytes of length + 64 bytes
 *
 * So the chain is checked on the bytes as they are, also of events whose type is not known.
 */
export const hashBytes = 32
export const zeroHash: Buffer = Buffer.alloc(hashBytes)

const signedTailBytes = 1 + 2 + 64
const unsignedTailBytes = 1

/** Where the hash of an encoded event begins. */
export function hashAt(bytes: number, signed: boolean): number {
  return bytes - (signed ? signedTailBytes : unsignedTailBytes) - hashBytes
}

/** The hash that an encoded event carries. */
export function hashIn(event: Buffer, signed: boolean): Buffer {
  const at = hashAt(event.length, signed)
  if (at < 0) throw new Error('an event is shorter than its hash')
  return event.subarray(at, at + hashBytes)
}

/** Where the signature of a signed event begins. */
export function signatureAt(bytes: number): number {
  return bytes - 64
}

/** Written as Latin-1, since that is twice as fast as asking for a buffer. */
export function writeHash(of: Uint8Array, into: Buffer, at: number): void {
  into.write(hash('sha256', of, 'binary'), at, 'latin1')
}

export function hashOf(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}
