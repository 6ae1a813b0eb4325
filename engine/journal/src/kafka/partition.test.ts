import { test } from 'node:test'
import assert from 'node:assert/strict'
import { keyedPartition, murmur2, partitionOf, partitions } from './partition.ts'

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

test('control has a partition of its own, and every other stream one of twelve', () => {
  assert.equal(partitionOf('control'), 0)
  const seen = new Set<number>()
  for (let session = 0; session < 1_000; session++) seen.add(partitionOf(`ses_${session}`))
  assert.deepEqual(
    [...seen].toSorted((a, b) => a - b),
    Array.from({ length: 12 }, (_, at) => at + 1),
  )
  assert.equal(partitions.length, 13)
  assert.equal(keyedPartition('ses_1', 12), partitionOf('ses_1') - 1)
})
