import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { onStall } from './stall.ts'

const stallMs = 100

/** Its timers fire when the test says so, however late that is. */
class ScriptedClock {
  nowMs = 0
  #fire: (() => void) | undefined

  monotonic(): number {
    return this.nowMs
  }

  after(_ms: number, callback: () => void): Disposable {
    this.#fire = callback
    return { [Symbol.dispose]: () => (this.#fire = undefined) }
  }

  fireAt(ms: number): void {
    this.nowMs = ms
    this.#fire?.()
  }
}

suite('who takes nothing of what is ready', () => {
  function watched(): {
    readonly clock: ScriptedClock
    readonly cuts: () => number
    readonly watch: Disposable
  } {
    const clock = new ScriptedClock()
    let cuts = 0
    const watch = onStall(stallMs, () => void cuts++, clock)
    return { clock, cuts: () => cuts, watch }
  }

  test('is cut off after its time', () => {
    const { clock, cuts } = watched()
    clock.fireAt(stallMs + 10)
    assert.equal(cuts(), 1)
  })

  test('has its time again where the process was held up, and then is cut off', () => {
    const { clock, cuts } = watched()
    clock.fireAt(10 * stallMs)
    assert.equal(cuts(), 0)
    clock.fireAt(11 * stallMs)
    assert.equal(cuts(), 1)
  })

  test('is left alone once it took something, also the second time', () => {
    const { clock, cuts, watch } = watched()
    clock.fireAt(10 * stallMs)
    watch[Symbol.dispose]()
    clock.fireAt(11 * stallMs)
    assert.equal(cuts(), 0)
  })
})
