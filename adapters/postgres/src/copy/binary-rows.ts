import { Undecodable } from '@sluice/masking'
import { int32 } from '../wire.ts'
import type { Fields } from './fields.ts'
import type { CopyRows } from './rows.ts'

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** Signature, flags, and the length of what else belongs to the header. */
const headerBytes = signature.length + 8
const noValue = int32(-1)
const end = -1

/** A header, then each row as a number of fields, each with its length. A field here is one with its length. */
export class BinaryRows implements CopyRows {
  #at: 'header' | 'rows' | 'end' = 'header'

  row(bytes: Buffer, from: number, to: number, fields: Fields): number {
    if (this.#at === 'header') return this.#header(bytes, from, to)
    if (this.#at === 'end') throw new Undecodable('end of COPY')
    if (to - from < 2) return -1
    const count = bytes.readInt16BE(from)
    if (count === end) {
      this.#at = 'end'
      return from + 2
    }
    if (count < 0) throw new Undecodable('row of COPY')
    let at = fields.begun(from + 2)
    for (let left = count - fields.count; left > 0; left--) {
      if (to - at < 4) return fields.stop(at, at)
      const length = bytes.readInt32BE(at)
      if (length < -1) throw new Undecodable('field of COPY')
      const next = at + 4 + Math.max(0, length)
      if (next > to) return fields.stop(at, at)
      fields.add(at, next)
      at = next
    }
    return at
  }

  #header(bytes: Buffer, from: number, to: number): number {
    if (to - from < headerBytes) return -1
    const flags = bytes.readInt32BE(from + signature.length)
    const more = bytes.readInt32BE(from + signature.length + 4)
    if (!bytes.subarray(from, from + signature.length).equals(signature) || flags !== 0 || more !== 0)
      throw new Undecodable('header of COPY')
    this.#at = 'rows'
    return from + headerBytes
  }

  isNull(bytes: Buffer, from: number): boolean {
    return bytes.readInt32BE(from) < 0
  }

  bare(_bytes: Buffer, from: number): number {
    return from + 4
  }

  value(bytes: Buffer, from: number, to: number): Buffer {
    return bytes.subarray(from + 4, to)
  }

  field(value: Buffer | null): Buffer {
    return value === null ? noValue : Buffer.concat([int32(value.length), value])
  }
}
