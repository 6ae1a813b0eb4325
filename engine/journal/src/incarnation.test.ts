import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, createSecretKey, randomBytes } from 'node:crypto'
import avro from 'avsc'
import { StoreError, type NewEvent, type Unit } from '@sluice/core'
import { envelopeSchema } from '@sluice/schemas'
import { Batch } from './batch.ts'
import { decodeEnvelope } from './codec.ts'
import { eventsIn } from './frame.ts'
import { Incarnation } from './incarnation.ts'
import { memoryKeys, verifySignature } from './keys.ts'
import { countedIds, eventsOf } from './scripted.ts'
import { dataKeyId } from './sealing.ts'

const keys = memoryKeys()
const ids = countedIds()

function incarnation(
  take = (): { id: number; key: ReturnType<typeof createSecretKey> } | undefined => key,
): Incarnation {
  return new Incarnation({ writer: 'gw_1', epoch: 2 }, keys, take)
}

const key = { id: 300, key: createSecretKey(randomBytes(32)) }

function batch(bytes = 65_536): Batch {
  return new Batch(Buffer.alloc(bytes))
}

function written(of: Batch) {
  const { frame } = of.seal({ kind: 'events', epoch: 2, number: 0, link: Buffer.alloc(32) })
  return [...eventsIn(frame)].map(({ bytes, signed }) => ({ bytes, signed, event: decodeEnvelope(bytes) }))
}

function record(on: Incarnation, into: Batch, unit: Unit): void {
  assert.ok(on.record(unit, into))
  on.keep(unit, into)
}

suite('an incarnation', () => {
  test('hashes exactly the encoded fields before the hash, with the ciphertext in them', () => {
    const into = batch()
    const make = eventsOf(ids, 'control')
    record(incarnation(), into, {
      stream: 'control',
      events: [make.request('content'), make.removed('shop')],
    })
    const before = envelopeSchema.fields.slice(
      0,
      envelopeSchema.fields.findIndex(({ name }) => name === 'hash'),
    )
    const hashed = avro.Type.forSchema({ ...envelopeSchema, fields: before } as never)
    for (const { event } of written(into))
      assert.deepEqual(
        createHash('sha256').update(hashed.toBuffer(event)).digest(),
        Buffer.from(event.hash),
        event.type,
      )
  })

  test('numbers and chains each stream by itself, across batches', () => {
    const on = incarnation()
    const batches = [batch(), batch()]
    for (const into of batches)
      for (const stream of ['ses_a', 'ses_b', 'ses_a'])
        record(on, into, {
          stream,
          events: [eventsOf(ids, stream).abandoned('a'), eventsOf(ids, stream).abandoned('b')],
        })
    const events = batches.flatMap((into) => written(into)).map(({ event }) => event)
    for (const stream of ['ses_a', 'ses_b']) {
      const chain = events.filter((event) => event.stream === stream)
      assert.deepEqual(
        chain.map(({ seq }) => seq),
        chain.map((_, index) => index),
      )
      for (const [index, event] of chain.entries())
        assert.deepEqual(event.prev_hash, chain[index - 1]?.hash ?? Buffer.alloc(32))
    }
  })

  test('signs the control stream, and nothing else', () => {
    const into = batch()
    const on = incarnation()
    for (const stream of ['control', 'ses_a'])
      record(on, into, { stream, events: [eventsOf(ids, stream).removed('shop')] })
    const [control, session] = written(into)
    assert.ok(control?.signed && control.event.sig !== null)
    assert.ok(verifySignature(keys.publicKey, control.event.hash, control.event.sig))
    assert.ok(session && !session.signed && session.event.sig === null)
  })

  test('seals a session under one key, and each event of the control stream under its own', () => {
    let id = 300
    const on = incarnation(() => ({ id: id++, key: key.key }))
    const into = batch()
    for (const stream of ['control', 'ses_a']) {
      const make = eventsOf(ids, stream)
      record(on, into, { stream, events: [make.request('one'), make.request('two')] })
      record(on, into, { stream, events: [make.request('three'), make.abandoned('has none')] })
    }
    const sealedWith = (stream: string): readonly number[] =>
      written(into).flatMap(({ event }) =>
        event.stream === stream && event.sealed !== null ? [dataKeyId(event.sealed)] : [],
      )
    assert.deepEqual(sealedWith('control'), [300, 301, 302])
    assert.deepEqual(sealedWith('ses_a'), [303, 303, 303])
  })

  test('leaves no trace of a unit that does not fit, fails, or is not kept', () => {
    const on = incarnation()
    const make = eventsOf(ids, 'ses_a')
    const into = batch(2_048)
    record(on, into, { stream: 'ses_a', events: [make.abandoned('first')] })
    const { length, events } = into
    const large: Unit = { stream: 'ses_a', events: [make.abandoned('fits'), make.request('x'.repeat(4_096))] }
    assert.equal(on.record(large, into), false)
    assert.deepEqual([into.length, into.events], [length, events])
    const broken = { ...make.abandoned('x'), time: Number.NaN } as NewEvent
    assert.throws(() => on.record({ stream: 'ses_a', events: [make.abandoned('good'), broken] }, into))
    assert.deepEqual([into.length, into.events], [length, events])
    assert.ok(on.record({ stream: 'ses_a', events: [make.abandoned('not kept')] }, into))
    into.cutBack(length, events)
    record(on, into, { stream: 'ses_a', events: [make.abandoned('second')] })
    const [first, second, ...rest] = written(into)
    assert.ok(first && second)
    assert.deepEqual(rest, [])
    assert.equal(second.event.seq, 1)
    assert.deepEqual(second.event.prev_hash, first.event.hash)
  })

  test('goes on with a stream after its closing event', () => {
    const on = incarnation()
    const into = batch()
    const make = eventsOf(ids, 'ses_a')
    record(on, into, { stream: 'ses_a', events: [make.closed()] })
    record(on, into, { stream: 'ses_a', events: [make.abandoned('late')] })
    assert.deepEqual(
      written(into).map(({ event }) => event.seq),
      [0, 1],
    )
  })

  test('refuses content for which there is no key', () => {
    const on = incarnation(() => undefined)
    const make = eventsOf(ids, 'ses_a')
    const into = batch()
    assert.throws(
      () => on.record({ stream: 'ses_a', events: [make.request('content')] }, into),
      (error) => error instanceof StoreError && error.reason === 'unavailable',
    )
    record(on, into, { stream: 'ses_a', events: [make.abandoned('has none')] })
    assert.equal(written(into)[0]?.event.seq, 0)
  })
})
