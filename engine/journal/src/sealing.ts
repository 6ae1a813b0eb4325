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
const inEvent = 1
/** The same, but what is sealed says where the content is. Its key seals that content too, and nothing else. */
const elsewhere = 2
const headerBytes = 8
const tagBytes = 16
const algorithm = 'aes-256-gcm'

/** What the content belongs to. */
export type SealedOf = Pick<RecordedEvent, 'id' | 'stream' | 'seq' | 'writer' | 'epoch'>

/** In the pieces that lie one behind the other in the event. */
export function seal({ id, key }: DataKey, of: SealedOf, content: Uint8Array): readonly Uint8Array[] {
  const cipher = createCipheriv(algorithm, key, nonceOf(of.seq)).setAAD(associated(of))
  const ciphertext = cipher.update(content)
  cipher.final()
  return [headerOf(inEvent, id), ciphertext, cipher.getAuthTag()]
}

/** Content that was put elsewhere under a key of its own, in place of that content. */
export class PutElsewhere {
  readonly key: DataKey
  /** Says where. */
  readonly place: Uint8Array

  constructor(key: DataKey, place: Uint8Array) {
    this.key = key
    this.place = place
  }

  seal(of: SealedOf): readonly Uint8Array[] {
    const cipher = createCipheriv(algorithm, this.key.key, placeNonce).setAAD(associated(of))
    const ciphertext = cipher.update(this.place)
    cipher.final()
    return [headerOf(elsewhere, this.key.id), ciphertext, cipher.getAuthTag()]
  }
}

function headerOf(version: number, id: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes)
  header[0] = version
  header[1] = 0
  header.writeUIntLE(id, 2, 6)
  return header
}

export type Unsealed =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  /** The event has none. */
  | { readonly kind: 'none' }
  /** Its data key was erased, or retention has removed it. */
  | { readonly kind: 'erased' }

/** Content by its place; `null` when it was removed. */
export type Elsewhere = (stream: string, place: Uint8Array, key: DataKey['key']) => Promise<Uint8Array | null>

/** Rejects when the content, its event or its key is not the one that was recorded. */
export async function unseal(
  shelf: Pick<KeyShelf, 'get'>,
  keys: Keys,
  event: RecordedEvent,
  fetch: Elsewhere = nowhere,
): Promise<Unsealed> {
  const { sealed } = event
  if (sealed === null) return { kind: 'none' }
  const key = await readDataKey(shelf, keys, dataKeyId(sealed))
  if (key === null) return { kind: 'erased' }
  const ciphertextEnd = sealed.length - tagBytes
  const nonce = sealed[0] === elsewhere ? placeNonce : nonceOf(event.seq)
  const cipher = createDecipheriv(algorithm, key, nonce).setAAD(associated(event))
  cipher.setAuthTag(sealed.subarray(ciphertextEnd))
  const opened = Buffer.concat([cipher.update(sealed.subarray(headerBytes, ciphertextEnd)), cipher.final()])
  const content = sealed[0] === elsewhere ? await fetch(event.stream, opened, key) : opened
  return content === null ? { kind: 'erased' } : { kind: 'content', content }
}

function nowhere(): Promise<never> {
  return Promise.reject(new Error('this log keeps all content in its events'))
}

/** Which data key opens it. Throws when these bytes were not sealed here. */
export function dataKeyId(sealed: Uint8Array): number {
  if (sealed.length < headerBytes + tagBytes || (sealed[0] !== inEvent && sealed[0] !== elsewhere))
    throw new Error('the content is not sealed in a known way')
  return Buffer.from(sealed.subarray(2, headerBytes)).readUIntLE(0, 6)
}

/** No sequence number and no index of a chunk has it. */
const placeNonce = Buffer.alloc(12, 0xff)

function nonceOf(seq: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(seq, 6, 6)
  return nonce
}

function associated({ stream, writer, epoch, seq, id }: SealedOf): Buffer {
  return Buffer.from(JSON.stringify([stream, writer, epoch, seq, id]))
}
