/** Data types of SSH (RFC 4251 §5), which are also those of SFTP. */

/** A field that is not there, or is none. */
export class BadField extends Error {}

/** Reads one field after another, and never beyond the end. Throws `BadField`. */
export class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** How many bytes were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  u32(): number {
    return this.take(4).readUInt32BE(0)
  }

  u64(): bigint {
    return this.take(8).readBigUInt64BE(0)
  }

  string(): Buffer {
    return this.take(this.u32())
  }

  rest(): Buffer {
    return this.take(this.left)
  }

  end(): void {
    if (this.left > 0) throw new BadField('a packet goes on after its end')
  }

  protected take(count: number): Buffer {
    if (count > this.left) throw new BadField('a packet ends within a field')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

/** A string: its length, then its bytes. */
export function text(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([u32(bytes.length), bytes])
}
