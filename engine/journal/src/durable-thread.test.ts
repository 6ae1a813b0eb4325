import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DurableThread } from './durable-thread.ts'

/** The descriptors of `scripted-thread.ts`. */
const dies = 100_000
const failsWithENOSPC = 200_000 + 28
const bytes = new Uint8Array(new SharedArrayBuffer(100))

suite('the thread that writes', () => {
  let thread: DurableThread
  beforeEach(async () => {
    thread = new DurableThread(new URL('scripted-thread.ts', import.meta.url))
    await thread.write(0, 0, bytes)
  })
  afterEach(() => thread.close())

  test('holds the event loop for a moment only, however long the disk takes', async () => {
    const started = performance.now()
    let turns = 0
    const turning = setInterval(() => (turns += 1), 10)
    const writing = thread.write(400, 0, bytes)
    const held = performance.now() - started
    await writing
    const took = performance.now() - started
    clearInterval(turning)
    assert.ok(took >= 400, `the disk took ${took} ms`)
    assert.ok(held < 200, `the caller was held for ${held} ms`)
    assert.ok(turns > 3, `the event loop turned ${turns} times`)
  })

  test('does not hold it again for the writes after that', async () => {
    await thread.write(30, 0, bytes)
    const calls: number[] = []
    for (let write = 0; write < 20; write++) {
      const started = performance.now()
      const writing = thread.write(3, 0, bytes)
      calls.push(performance.now() - started)
      await writing
    }
    const [median = Infinity] = calls.toSorted((a, b) => a - b).slice(10)
    assert.ok(median < 0.9, `the caller was held for ${median} ms each time`)
  })

  test('says what the system said', async () => {
    await assert.rejects(thread.write(failsWithENOSPC, 0, bytes), { code: 'ENOSPC', errno: -28 })
    await thread.write(0, 0, bytes)
  })

  test('rejects what it was doing when it dies, and everything after', async () => {
    await assert.rejects(thread.write(dies, 0, bytes))
    await assert.rejects(thread.write(0, 0, bytes), /has ended/)
  })
})
