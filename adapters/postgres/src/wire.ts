import { isUtf8 } from 'node:buffer'

/** The bytes break the protocol's grammar (SQLSTATE 08P01): the connection cannot go on. */
export class ProtocolViolation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolViolation'
  }
}

/** Bytes of a message before its body: the type and the length. */
export const headerBytes = 5

/** Bytes by which a server tells names apart: NAMEDATALEN without its end. */
const nameBytesMax = 63

/** One message: type, length of what follows, body. */
export function frame(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const bytes = Buffer.allocUnsafe(headerBytes + length)
  bytes[0] = type
  bytes.writeInt32BE(4 + length, 1)
  let at = headerBytes
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`)
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Reads the fields of one message in order; reading past its end is a violation, never a wrong value. */
export class Cursor {
  #at: number
  readonly #bytes: Buffer
  readonly #end: number

  constructor(bytes: Buffer, from = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#at = from
    this.#end = end
  }

  get at(): number {
    return this.#at
  }

  get left(): number {
    return this.#end - this.#at
  }

  int8(): number {
    return this.#bytes[this.#take(1)] ?? 0
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#take(4))
  }

  bytes(length: number): Buffer {
    const from = this.#take(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** What was read since it stood there. */
  since(at: number): Buffer {
    return this.#bytes.subarray(at, this.#at)
  }

  /** The bytes up to the next NUL, which is consumed. */
  terminated(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0 || end >= this.#end) throw new ProtocolViolation('invalid string in message')
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end + 1
    return bytes
  }

  /** A NUL-terminated UTF-8 string. */
  text(): string {
    return textOf(this.terminated())
  }

  /**
   * What a server knows a statement or portal by: the first bytes of a name, so that longer ones may be one. Throws where
   * they end within a character.
   */
  name(): string {
    const bytes = this.terminated()
    textOf(bytes)
    return textOf(bytes.subarray(0, nameBytesMax))
  }

  finish(): void {
    if (this.#at !== this.#end) throw new ProtocolViolation('invalid message format')
  }

  #take(length: number): number {
    const from = this.#at
    if (length < 0 || from + length > this.#end)
      throw new ProtocolViolation('insufficient data left in message')
    this.#at = from + length
    return from
  }
}

/** Of bytes in UTF-8. Throws `ProtocolViolation` for others. */
export function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new ProtocolViolation('invalid byte sequence for encoding "UTF8" in message')
  return bytes.toString()
}

/** Fields of an ErrorResponse or NoticeResponse by their one-letter code (PostgreSQL 15 §55.8). */
export type ErrorFields = ReadonlyMap<string, string>

export function parseError(message: Buffer): ErrorFields {
  const cursor = new Cursor(message, headerBytes)
  const fields = new Map<string, string>()
  for (;;) {
    const code = cursor.int8()
    if (code === 0) break
    fields.set(String.fromCharCode(code), cursor.terminated().toString())
  }
  cursor.finish()
  return fields
}

export function buildError(type: number, fields: ErrorFields): Buffer {
  const parts = [...fields].map(([code, text]) => cstring(code + text.replaceAll('\0', ' ')))
  return frame(type, ...parts, Buffer.from([0]))
}
