import type { Envelope } from '@sluice/schemas'
import { decodeEnvelopeAt } from '../codec.ts'
import type { EncodedEvent } from '../frame.ts'

/**
 * A record of the audit, control and checkpoints topics is what one flush wrote there: whole units, one behind the
 * other, in Confluent's wire format, so that whoever has the schema reads it with the usual tools:
 *
 *     0  1  zero     1  4  schema id, big endian     5  …  Avro array of envelopes: count, events, zero
 */
export const recordSchemaId = 1
const headerBytes = 5

export function encodeRecord(events: Iterable<EncodedEvent>): Buffer {
  const parts: Buffer[] = Array.from(events, ({ bytes }) => bytes)
  const header = Buffer.alloc(headerBytes)
  header.writeUInt32BE(recordSchemaId, 1)
  return Buffer.concat([header, avroLong(parts.length), ...parts, avroLong(0)])
}

/** An event in the bytes of its record. */
export interface DecodedEvent {
  readonly envelope: Envelope
  /** In place. */
  readonly bytes: Buffer
}

/** Throws when the record is not what a gateway writes. */
export function decodeRecord(record: Buffer): readonly DecodedEvent[] {
  if (record.length < headerBytes || record[0] !== 0) throw new Error('this record has no schema')
  if (record.readUInt32BE(1) !== recordSchemaId)
    throw new Error(`this record has the unknown schema ${record.readUInt32BE(1)}`)
  const events: DecodedEvent[] = []
  let { value: count, end: at } = readAvroLong(record, headerBytes)
  while (count > 0) {
    const { envelope, end } = decodeEnvelopeAt(record, at)
    events.push({ envelope, bytes: record.subarray(at, end) })
    at = end
    count -= 1
  }
  if (at !== record.length - 1 || record[at] !== 0) throw new Error('this record does not end as it should')
  return events
}

/** Zigzag, then seven bits in each byte (Avro 1.11 §Binary Encoding); not negative, below 2^30. */
function avroLong(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = 2 * value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest])
    bytes.push((rest & 0x7f) | 0x80)
  }
}

function readAvroLong(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let zigzag = 0
  for (let at = from, shift = 0; shift < 31; at++, shift += 7) {
    const byte = bytes[at]
    if (byte === undefined) break
    zigzag += (byte & 0x7f) << shift
    if (byte < 0x80) return { value: zigzag >>> 1, end: at + 1 }
  }
  throw new Error('this record has no count of its events')
}
