import { test } from 'node:test'
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { Gathered } from './gathered.ts'
import { limits } from './limits.ts'

function gathering() {
  const handed: Buffer[] = []
  let more = true
  const gathered = new Gathered(
    (chunk) => {
      handed.push(chunk)
      return more
    },
    () => handed.length > 0 && !more,
  )
  return { handed, gathered, full: () => (more = false) }
}

test('pieces that come at once are handed on as one, in their order, and nothing of them is lost', async () => {
  const { handed, gathered } = gathering()
  const pieces = [8_000, 10, 9_000, 1].map((bytes, nth) => Buffer.alloc(bytes, nth + 1))
  for (const piece of pieces) assert.equal(gathered.push(piece), true)
  assert.deepEqual(handed, [])
  await turn()
  await turn()
  assert.deepEqual(handed, [Buffer.concat(pieces)])
})

test('a short answer does not wait', () => {
  const { handed, gathered } = gathering()
  gathered.push(Buffer.from('short'))
  assert.deepEqual(handed, [Buffer.from('short')])
})

test('no more is kept than a socket would give, and who reads can say that it is enough', async () => {
  const { handed, gathered, full } = gathering()
  full()
  const piece = Buffer.alloc(16_384)
  const said = Array.from({ length: limits.gatherBytesMax / piece.length }, () => gathered.push(piece))
  assert.deepEqual(said, [true, true, true, false])
  assert.deepEqual(
    handed.map(({ length }) => length),
    [limits.gatherBytesMax],
  )
  await turn()
  assert.equal(handed.length, 1)
})

test('what there is goes before an end, once', async () => {
  const { handed, gathered } = gathering()
  gathered.push(Buffer.alloc(5_000))
  gathered.flush()
  gathered.flush()
  await turn()
  assert.equal(handed.length, 1)
})
