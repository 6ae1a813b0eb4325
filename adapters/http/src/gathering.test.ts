import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Gathering } from './gathering.ts'

test('what comes in chunks is whole, and none of them is changed', () => {
  const all = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251))
  for (const size of [1, 7, 999, 1000]) {
    const gathering = new Gathering()
    const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
      Buffer.from(all.subarray(at * size, (at + 1) * size)),
    )
    for (const chunk of chunks) gathering.add(chunk)
    assert.equal(gathering.length, all.length)
    assert.deepEqual(gathering.whole(), all)
    assert.deepEqual(Buffer.concat(chunks), all)
  }
  assert.equal(new Gathering().whole().length, 0)
})
