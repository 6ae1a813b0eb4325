/** Data types of SSH (RFC 4251 §5), as far as keys and certificates need them. */

/** Bytes that are not what they should be. Says nothing of them. */
export class WireError extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'WireError'
  }
}

/** Reads one field after another, and never beyond the end. Throws `WireError`. */
export class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** How much was read so far. */
  get at(): number {
    return this.#at
  }

  take(length: number): Buffer {
    if (length > this.left) throw new WireError('it ends too early')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  uint32(): number {
    return this.take(4).readUInt32BE()
  }

  uint64(): bigint {
    return this.take(8).readBigUInt64BE()
  }

  bytes(): Buffer {
    return this.take(this.uint32())
  }

  text(): string {
    try {
      return utf8.decode(this.bytes())
    } catch (error) {
      throw error instanceof WireError ? error : new WireError('a text in it is not UTF-8')
    }
  }

  /** What follows the last field would have been read by nobody. */
  end(): void {
    if (this.left > 0) throw new WireError('something follows its end')
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** A string: its length, then its bytes. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([uint32(bytes.length), bytes])
}
