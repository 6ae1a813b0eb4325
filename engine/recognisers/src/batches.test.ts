import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchesOf, batchLimits } from './batches.ts'

test('each text that is something is in one batch, whole, and knows its place', () => {
  const text = fc.oneof(
    fc.string(),
    fc.integer({ min: 0, max: 3 * batchLimits.chars }).map((n) => 'x'.repeat(n)),
  )
  fc.assert(
    fc.property(fc.array(text, { maxLength: 3 * batchLimits.texts }), (texts) => {
      const batches = [...batchesOf(texts)]
      const placed = batches.flatMap((batch) =>
        batch.places.map((place, at) => [place, batch.texts[at]] as const),
      )
      assert.deepEqual(
        placed,
        [...texts.entries()].filter(([, each]) => each !== ''),
      )
      for (const batch of batches) {
        assert.ok(batch.texts.length <= batchLimits.texts)
        assert.ok(batch.texts.length === 1 || batch.texts.join('').length <= batchLimits.chars)
      }
    }),
  )
})
