import { u32 } from './packet.ts'

/** A field that is not there, or is none: the packet is answered with BAD_MESSAGE. */
export class BadField extends Error {}

const pathBytesMax = 4096
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the fields of one packet, in order. */
export class Fields {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  u32(): number {
    return this.#take(4).readUInt32BE(0)
  }

  u64(): bigint {
    return this.#take(8).readBigUInt64BE(0)
  }

  string(): Buffer {
    return this.#take(this.u32())
  }

  /** UTF-8 without NUL: what cannot be judged by its text is not asked of the target. */
  path(): string {
    const bytes = this.string()
    if (bytes.length > pathBytesMax) throw new BadField('a path is too long')
    if (bytes.includes(0)) throw new BadField('a path with NUL')
    try {
      return utf8.decode(bytes)
    } catch {
      throw new BadField('a path is not UTF-8')
    }
  }

  /** ATTRS as they came, and what is in them. */
  attributes(): Attributes {
    const start = this.#at
    const flags = this.u32()
    if ((flags & ~0xf) !== 0) throw new BadField('attributes that are not known')
    const changed: AttributeName[] = []
    for (const [bit, bytes, name] of layout)
      if ((flags & bit) !== 0) {
        this.#take(bytes)
        changed.push(name)
      }
    return { bytes: this.#bytes.subarray(start, this.#at), changed }
  }

  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at)
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new BadField('a packet goes on after its end')
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new BadField('a packet ends within a field')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}

export type AttributeName = 'size' | 'owner' | 'permissions' | 'times'

export interface Attributes {
  readonly bytes: Buffer
  readonly changed: readonly AttributeName[]
}

const layout = [
  [1, 8, 'size'],
  [2, 8, 'owner'],
  [4, 4, 'permissions'],
  [8, 8, 'times'],
] as const

/** ATTRS with another size, as `stat` tells of a file that is shown masked. */
export function resized(attributes: Buffer, size: number): Buffer {
  const flags = attributes.readUInt32BE(0)
  const written = Buffer.allocUnsafe(8)
  written.writeBigUInt64BE(BigInt(size))
  return Buffer.concat([u32(flags | 1), written, attributes.subarray((flags & 1) === 0 ? 4 : 12)])
}
