import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { RecordedEvent } from '@sluice/core'
import { readDataKey, type DataKey } from './data-keys.ts'
import type { KeyShelf } from './key-shelf.ts'
import type { Keys } from './keys.ts'

/**
 * Content in the log: AES-256-GCM under the data key of its stream.
 *
 *     0  1  version     1  1  zero     2  6  id of the data key     8  …  ciphertext     16 bytes of tag
 *
 * The nonce is the event's sequence number, which no other event of that stream and incarnation, and so of that
 * key, has. The associated data ties the content to its event: moved to another one it does not open.
 */
const version = 1
const headerBytes = 8
const tagBytes = 16
const algorithm = 'aes-256-gcm'

/** What the content belongs to. */
export type SealedOf = Pick<RecordedEvent, 'id' | 'stream' | 'seq' | 'writer' | 'epoch'>

/** In the pieces that lie one behind the other in the event. */
export function seal({ id, key }: DataKey, of: SealedOf, content: Uint8Array): readonly Uint8Array[] {
  const header = Buffer.allocUnsafe(headerBytes)
  header[0] = version
  header[1] = 0
  header.writeUIntLE(id, 2, 6)
  const cipher = createCipheriv(algorithm, key, nonceOf(of.seq)).setAAD(associated(of))
  const ciphertext = cipher.update(content)
  cipher.final()
  return [header, ciphertext, cipher.getAuthTag()]
}

export type Unsealed =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  /** The event has none. */
  | { readonly kind: 'none' }
  /** Its data key was erased. */
  | { readonly kind: 'erased' }

/** Rejects when the content, its event or its key is not the one that was recorded. */
export async function unseal(
  shelf: Pick<KeyShelf, 'get'>,
  keys: Keys,
  event: RecordedEvent,
): Promise<Unsealed> {
  const { sealed } = event
  if (sealed === null) return { kind: 'none' }
  const key = await readDataKey(shelf, keys, dataKeyId(sealed))
  if (key === null) return { kind: 'erased' }
  const ciphertextEnd = sealed.length - tagBytes
  const cipher = createDecipheriv(algorithm, key, nonceOf(event.seq)).setAAD(associated(event))
  cipher.setAuthTag(sealed.subarray(ciphertextEnd))
  const content = Buffer.concat([cipher.update(sealed.subarray(headerBytes, ciphertextEnd)), cipher.final()])
  return { kind: 'content', content }
}

/** Which data key opens it. Throws when these bytes were not sealed here. */
export function dataKeyId(sealed: Uint8Array): number {
  if (sealed.length < headerBytes + tagBytes || sealed[0] !== version)
    throw new Error('the content is not sealed in a known way')
  return Buffer.from(sealed.subarray(2, headerBytes)).readUIntLE(0, 6)
}

function nonceOf(seq: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(seq, 6, 6)
  return nonce
}

function associated({ stream, writer, epoch, seq, id }: SealedOf): Buffer {
  return Buffer.from(JSON.stringify([stream, writer, epoch, seq, id]))
}
