import { BadField, Fields, u32 } from '../wire.ts'

const pathBytesMax = 4096
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads the fields of one request: what cannot be read in one way only is answered with BAD_MESSAGE. */
export class RequestFields extends Fields {
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
    const flags = this.u32()
    if ((flags & ~0xf) !== 0) throw new BadField('attributes that are not known')
    const present = layout.filter(([bit]) => (flags & bit) !== 0)
    const values = present.map(([, bytes]) => this.take(bytes))
    return { bytes: Buffer.concat([u32(flags), ...values]), changed: present.map(([, , name]) => name) }
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
