import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Outbox } from './outbox.ts'

const stallMs = 100
const large = Buffer.alloc(1_000_000)

/** Takes nothing but when it is told to. */
class Reader extends Duplex {
  #take: (() => void) | undefined

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, taken: () => void): void {
    this.#take = taken
  }

  takeAll(): void {
    this.#take?.()
  }
}

function stalled(): { readonly reader: Reader; readonly drained: Promise<void> } {
  const reader = new Reader()
  const outbox = new Outbox(reader, stallMs)
  outbox.push(large)
  const drained = outbox.full()
  assert.ok(drained !== undefined)
  return { reader, drained }
}

/** As a machine that sleeps does. */
function holdUp(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

suite('who takes nothing', () => {
  test('is made to go, and whoever waits goes on', async () => {
    const { reader, drained } = stalled()
    await drained
    assert.ok(reader.destroyed)
  })

  test('because the process was held up has its time again', async () => {
    const { reader, drained } = stalled()
    holdUp(2 * stallMs)
    await sleep(stallMs / 2)
    reader.takeAll()
    await drained
    await sleep(2 * stallMs)
    assert.ok(!reader.destroyed)
    reader.destroy()
  })
})
