import { test } from 'node:test'
import assert from 'node:assert/strict'
import {
  controlPartition,
  homeOf,
  keyedPartition,
  keyOf,
  murmur2,
  partitions,
  partitionsOf,
} from './partition.ts'

/** From Apache Kafka's own tests (UtilsTest.testMurmur2). */
const known: Readonly<Record<string, number>> = {
  '21': -973_932_308,
  foobar: -790_332_482,
  'a-little-bit-long-string': -985_981_536,
  'a-little-bit-longer-string': -1_486_304_829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58_897_971,
  abc: 479_470_107,
}

test('a key goes where Kafka’s own clients put it', () => {
  for (const [key, hash] of Object.entries(known)) assert.equal(murmur2(Buffer.from(key)), hash, key)
})

test('an incarnation writes all of its sessions to one of twelve partitions, by its own key', () => {
  const seen = new Set<number>()
  for (let epoch = 1; epoch <= 100; epoch++) {
    const incarnation = { writer: 'gw_1', epoch }
    seen.add(homeOf(incarnation))
    assert.equal(partitions[homeOf(incarnation)]?.partition, keyedPartition(keyOf(incarnation), 12))
  }
  assert.deepEqual(
    [...seen].toSorted((a, b) => a - b),
    Array.from({ length: 12 }, (_, at) => at + 1),
  )
  assert.equal(partitions.length, 13)
})

test('control is in a partition of its own, and a session may be in any other', () => {
  assert.deepEqual(partitionsOf('control'), [controlPartition])
  assert.deepEqual(
    partitionsOf('ses_1'),
    Array.from({ length: 12 }, (_, at) => at + 1),
  )
  assert.equal(partitionsOf(undefined).length, 13)
})
