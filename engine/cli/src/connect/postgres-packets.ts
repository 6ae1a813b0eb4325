import type { Readable } from 'node:stream'
import { limits } from '@sluice/core'

/** The few messages of PostgreSQL's protocol that stand before the first query (PostgreSQL 15 §55.2.1, §55.7). */

export const sslRequest: Buffer = packet(80877103)
const sslCode = 80877103
const gssCode = 80877104
const cancelCode = 80877102
const headerBytes = 5

export type Opening =
  /** TLS or GSSAPI, of which this machine has no need within itself. */
  | { readonly kind: 'encryption' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'startup'; readonly parameters: readonly (readonly [string, string])[] }

/** Not what the protocol has in this place. */
export class UnreadablePacket extends Error {}

/** Reads a stream by pieces of a known length; what was not asked for stays in the stream. */
export class Pieces {
  readonly #stream: Readable

  constructor(stream: Readable) {
    this.#stream = stream
  }

  /** `undefined`: the stream ended before. Rejects with its error, or `signal`'s. */
  async take(bytes: number, signal: AbortSignal): Promise<Buffer | undefined> {
    for (;;) {
      signal.throwIfAborted()
      // Of a stream that has ended, what is left is given although it is shorter.
      const piece = this.#stream.read(bytes) as Buffer | null
      if (piece !== null) return piece.length === bytes ? piece : undefined
      if (this.#stream.readableEnded || this.#stream.destroyed) return undefined
      await this.#more(signal)
    }
  }

  /** A packet without a type: its length, its code, and the rest. */
  async packet(signal: AbortSignal): Promise<Buffer | undefined> {
    const length = await this.take(4, signal)
    return length === undefined ? undefined : this.#whole(length, length.readInt32BE(0), 8, signal)
  }

  /** A message with its type. */
  async message(signal: AbortSignal): Promise<Buffer | undefined> {
    const head = await this.take(headerBytes, signal)
    return head === undefined ? undefined : this.#whole(head, head.readInt32BE(1) + 1, headerBytes, signal)
  }

  async #whole(
    head: Buffer,
    bytes: number,
    bytesMin: number,
    signal: AbortSignal,
  ): Promise<Buffer | undefined> {
    if (bytes < bytesMin || bytes > limits.helloBytesMax)
      throw new UnreadablePacket('this is not how PostgreSQL clients begin: connect with one')
    if (bytes === head.length) return head
    const rest = await this.take(bytes - head.length, signal)
    return rest === undefined ? undefined : Buffer.concat([head, rest])
  }

  #more(signal: AbortSignal): Promise<void> {
    const stream = this.#stream
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const aborted = (): void => reject(signal.reason)
    for (const event of ['readable', 'end', 'close'] as const) stream.once(event, resolve)
    stream.once('error', reject)
    signal.addEventListener('abort', aborted, { once: true })
    return promise.finally(() => {
      for (const event of ['readable', 'end', 'close'] as const) stream.off(event, resolve)
      stream.off('error', reject)
      signal.removeEventListener('abort', aborted)
    })
  }
}

/** Throws `UnreadablePacket`. */
export function opening(bytes: Buffer): Opening {
  const code = bytes.readInt32BE(4)
  if (code === sslCode || code === gssCode) return { kind: 'encryption' }
  if (code === cancelCode) return { kind: 'cancel' }
  if (code >> 16 !== 3) throw new UnreadablePacket('only version 3 of the protocol is spoken here')
  return { kind: 'startup', parameters: parametersOf(bytes) }
}

/** Latin-1 keeps every byte as it is. */
function parametersOf(bytes: Buffer): readonly (readonly [string, string])[] {
  const texts = bytes.toString('latin1', 8).split('\0')
  // Pairs, the empty name that ends them, and what is behind its terminator: nothing.
  if (texts.length % 2 !== 0 || texts.at(-1) !== '' || texts.at(-2) !== '')
    throw new UnreadablePacket('the parameters of the first packet are not in pairs')
  const pairs: (readonly [string, string])[] = []
  for (let at = 0; at < texts.length - 2; at += 2) pairs.push([texts[at] ?? '', texts[at + 1] ?? ''])
  if (pairs.some(([name]) => name === ''))
    throw new UnreadablePacket('the parameters of the first packet end twice')
  return pairs
}

/** The same first packet for the database of that name. */
export function startupFor(target: string, first: Buffer, opened: Opening & { kind: 'startup' }): Buffer {
  const others = opened.parameters.filter(([name]) => name !== 'database')
  const named: typeof others = [...others, ['database', Buffer.from(target).toString('latin1')]]
  const body = named.map(([name, value]) => `${name}\0${value}\0`).join('')
  return packet(first.readInt32BE(4), Buffer.from(`${body}\0`, 'latin1'))
}

export function passwordMessage(password: string): Buffer {
  return message('p', Buffer.from(`${password}\0`))
}

/** ErrorResponse that ends a connection. */
export function fatal(state: string, text: string): Buffer {
  const fields = { S: 'FATAL', V: 'FATAL', C: state, M: text.replaceAll('\0', ' ') }
  const body = Object.entries(fields).map(([code, value]) => `${code}${value}\0`)
  return message('E', Buffer.from(`${body.join('')}\0`))
}

function packet(code: number, body: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(code, 4)
  return Buffer.concat([head, body])
}

function message(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(headerBytes)
  head.write(type, 'latin1')
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}
