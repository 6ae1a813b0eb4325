import { test } from 'node:test'
import assert from 'node:assert/strict'
import avro from 'avsc'
import fc from 'fast-check'
import { envelopeSchema } from '@sluice/schemas'
import { encodeEnvelope } from '../codec.ts'
import { decodeRecord, encodeRecord, recordSchemaId } from './wire.ts'

function encoded(seq: number): Buffer {
  const into = Buffer.alloc(4_096)
  const hash = Buffer.alloc(32, seq)
  const end = encodeEnvelope(
    {
      id: `evt_${seq}`,
      stream: 'ses_1',
      seq,
      writer: 'gw_1',
      epoch: 1,
      time: 5,
      trace_id: null,
      run_id: 'run',
      type: 'Anything',
      schema: 1,
      data: Buffer.from('data'),
      sealed: null,
      prev_hash: hash,
      hash,
      sig: null,
    },
    into,
    0,
  )
  return into.subarray(0, end)
}

test('a record is a Confluent header and an Avro array, which the library reads', () => {
  const events = [encoded(1), encoded(2), encoded(300)]
  const record = encodeRecord(events.map((bytes) => ({ bytes, signed: false })))
  assert.deepEqual([record[0], record.readUInt32BE(1)], [0, recordSchemaId])
  const schema = { type: 'array', items: envelopeSchema } as Parameters<typeof avro.Type.forSchema>[0]
  const read = avro.Type.forSchema(schema).fromBuffer(record.subarray(5)) as readonly {
    readonly seq: number
  }[]
  assert.deepEqual(
    read.map(({ seq }) => seq),
    [1, 2, 300],
  )
  assert.deepEqual(
    decodeRecord(record).map(({ bytes }) => Buffer.from(bytes)),
    events,
  )
})

test('whatever is changed or cut is read as the same events, other ones, or refused', () => {
  const record = encodeRecord([1, 2].map((seq) => ({ bytes: encoded(seq), signed: false })))
  fc.assert(
    fc.property(
      fc.nat(record.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(record.length),
      (at, flip, cut) => {
        const changed = Buffer.from(record.subarray(0, cut))
        if (at < cut) changed[at] = (changed[at] ?? 0) ^ flip
        try {
          for (const { bytes } of decodeRecord(changed)) assert.ok(bytes.length > 0)
        } catch (error) {
          assert.ok(error instanceof Error)
        }
      },
    ),
    { numRuns: 2_000 },
  )
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('{}'),
    record.subarray(0, record.length - 1),
    Buffer.concat([record, Buffer.alloc(1)]),
  ])
    assert.throws(() => decodeRecord(bytes))
})
