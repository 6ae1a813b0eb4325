import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import avro from 'avsc'
import fc from 'fast-check'
import type { EventType, NewEvent, Position } from '@sluice/core'
import { envelopeSchema, eventSchemas, olderSchemas, type AvroType } from '@sluice/schemas'
import type { UnsealedEnvelope } from './envelope-writer.ts'
import { decodeEvent, encodeData, encodeEnvelope, EventError, isKnown } from './codec.ts'

const here = '1:192:0' as Position
const types = Object.keys(eventSchemas) as EventType[]

/** Values of a schema, whatever it is. */
function valuesOf(type: AvroType): fc.Arbitrary<unknown> {
  if (type === 'string') return fc.string({ unit: 'binary' })
  if (type === 'boolean') return fc.boolean()
  if (type === 'int') return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
  if (type === 'long') return fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 })
  if (type === 'null') return fc.constant(null)
  if (typeof type === 'string') throw new Error(`no values of ${type}`)
  if (!('type' in type)) return fc.oneof(...type.map(valuesOf))
  switch (type.type) {
    case 'array':
      return fc.array(valuesOf(type.items))
    case 'enum':
      return fc.constantFrom(...type.symbols)
    case 'record':
      return fc.record(Object.fromEntries(type.fields.map((field) => [field.name, valuesOf(field.type)])), {
        noNullPrototype: true,
      })
    case 'fixed':
      throw new Error('no event holds fixed bytes')
  }
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 70 }),
)
const long = fc.oneof(fc.integer(), fc.integer({ min: 1 - 2 ** 52, max: 2 ** 52 - 1 }))
const some = fc.uint8Array({ maxLength: 300 })
const envelopeFields = {
  id: text,
  stream: text,
  seq: long,
  writer: text,
  epoch: long,
  time: long,
  trace_id: fc.option(text),
  run_id: fc.option(text),
  schema: fc.integer(),
  data: some.map((bytes) => Buffer.from(bytes)),
  sealed: fc.option(fc.array(some, { maxLength: 3 })),
  sig: fc.option(some.map((bytes) => Buffer.from(bytes))),
}
const envelopeType = avro.Type.forSchema(envelopeSchema as Parameters<typeof avro.Type.forSchema>[0])

function envelopeOf(event: NewEvent, over: Partial<UnsealedEnvelope> = {}): UnsealedEnvelope {
  const { schema, bytes } = encodeData(event)
  return {
    id: event.id,
    stream: 'ses_1',
    seq: 3,
    writer: 'gw_1',
    epoch: 2,
    time: event.time,
    trace_id: event.trace_id ?? null,
    run_id: event.run_id ?? null,
    type: event.type,
    schema,
    data: bytes,
    sealed: null,
    prev_hash: Buffer.alloc(32, 1),
    hash: Buffer.alloc(32, 2),
    sig: null,
    ...over,
  }
}

function encoded(envelope: UnsealedEnvelope): Buffer {
  const bytes = Buffer.alloc(1_000_000)
  return bytes.subarray(0, encodeEnvelope(envelope, bytes, 0))
}

const removed: NewEvent = { id: 'evt_1', time: 5, type: 'TargetRemoved', data: { name: 'shop', by: 'file' } }

suite('the codec', () => {
  for (const type of types)
    test(`gives back any ${type}`, () => {
      fc.assert(
        fc.property(valuesOf(eventSchemas[type]), (data) => {
          const event = { id: 'evt_1', time: 5, type, data } as NewEvent
          const read = decodeEvent(encoded(envelopeOf(event)), here)
          assert.deepEqual([read.type, read.data, read.position], [type, data, here])
        }),
        { numRuns: 60 },
      )
    })

  test('takes data that is larger than its buffer', () => {
    const event: NewEvent = { ...removed, data: { name: 'x'.repeat(200_000), by: 'file' } }
    assert.deepEqual(decodeEvent(encoded(envelopeOf(event)), here).data, event.data)
  })

  test('says when there is no room, and writes nothing behind it', () => {
    const envelope = envelopeOf(removed)
    const { length } = encoded(envelope)
    for (let room = 0; room < length; room++) {
      const tight = Buffer.alloc(length)
      assert.ok(encodeEnvelope(envelope, tight.subarray(0, room), 0) < 0)
      assert.ok(tight.every((byte) => byte === 0))
    }
  })

  test('writes the envelope as the Avro library does, whatever is in it', () => {
    fc.assert(
      fc.property(fc.record(envelopeFields), (fields) => {
        const envelope = { ...envelopeOf(removed), ...fields }
        const whole = envelope.sealed === null ? null : Buffer.concat(envelope.sealed)
        assert.deepEqual(encoded(envelope), envelopeType.toBuffer({ ...envelope, sealed: whole }))
      }),
    )
  })

  test('names the field that does not fit, never its value', () => {
    const bad = { ...removed, data: { name: 'shop', by: 4711 } } as unknown as NewEvent
    assert.throws(
      () => encodeData(bad),
      (error) => {
        assert.ok(error instanceof EventError)
        assert.equal(error.message, 'TargetRemoved is not what its schema says at by')
        return true
      },
    )
  })

  test('refuses what it would lose', () => {
    for (const fields of [
      { by: 'short \udc00' },
      { by: `${'long '.repeat(50)}\ud800` },
      { more: 1 },
      { by: null },
    ])
      assert.throws(() => encodeData(removedWith(fields)), EventError)
    const opened = { writer: 'gw_1', resumes: 0 }
    for (const epoch of [Number.NaN, 1.5, 2 ** 52, -(2 ** 52), 2 ** 53, Infinity, '1'])
      assert.throws(
        () => encodeData({ ...removed, type: 'GatewayLost', data: { ...opened, epoch } } as NewEvent),
        EventError,
      )
    for (const over of [{ time: Number.NaN }, { time: 0.5 }, { run_id: '\ud800' }, { id: '\ud800' }])
      assert.throws(() => encoded(envelopeOf(removed, over)), EventError)
  })

  test('keeps text that only looks lossy', () => {
    const event: NewEvent = { ...removed, data: { name: '한국어 \ufffd 😀', by: '힣'.repeat(40) } }
    assert.deepEqual(decodeEvent(encoded(envelopeOf(event)), here).data, event.data)
  })

  test('keeps an event that a newer version wrote', () => {
    for (const over of [{ type: 'TargetPaused' }, { schema: 2 }]) {
      const envelope = envelopeOf(removed, over)
      assert.ok(!isKnown(envelope))
      const read = decodeEvent(encoded(envelope), here)
      assert.ok(read.type === 'Unknown')
      assert.equal(read.unknown, envelope.type)
      assert.deepEqual(Buffer.from(read.data), encodeData(removed).bytes)
    }
  })

  test('reads an answer that was recorded before tokens were counted', () => {
    const answer = { session: 'ses_1', exchange: 'exc_1', outcome: 'completed', status: null } as const
    const counts = { rows: 1, bytes: 2, masked: [], chunks: 0, micros: 3 }
    const before: unknown = olderSchemas.find(
      ({ name, version }) => name === 'ResponseCompleted' && version === 1,
    )
    const type = avro.Type.forSchema(before as Parameters<typeof avro.Type.forSchema>[0])
    const bytes = type.toBuffer({ ...answer, ...counts })
    const written = envelopeOf(removed, { type: 'ResponseCompleted', schema: 1, data: bytes })
    assert.deepEqual(decodeEvent(encoded(written), here).data, { ...answer, ...counts, usage: null })
  })

  test('refuses bytes that are not one event', () => {
    const bytes = encoded(envelopeOf(removed))
    assert.throws(() => decodeEvent(bytes.subarray(0, bytes.length - 1), here))
    assert.throws(() => decodeEvent(Buffer.concat([bytes, Buffer.alloc(1)]), here))
    const other = envelopeOf(removed, { type: 'ResponseCompleted' })
    assert.throws(() => decodeEvent(encoded(other), here))
  })
})

function removedWith(fields: object): NewEvent {
  const data: object = { name: 'shop', by: 'file', ...fields }
  return { ...removed, data } as NewEvent
}
