import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, type Clock } from '@sluice/core'
import { Courier } from './courier.ts'
import { clock, hurried, ids, parcel, ScriptedDeadLetters, ScriptedSink, until } from './scripted.ts'
import { delivered, failed, refusedBy } from './sink.ts'

interface Scene {
  readonly sink: ScriptedSink
  readonly deadLetters: ScriptedDeadLetters
  readonly reported: string[]
  readonly leaving: AbortController
  readonly abandon: AbortController
  readonly courier: Courier
}

function scene(time: Clock = clock): Scene {
  const [sink, deadLetters, reported] = [new ScriptedSink(), new ScriptedDeadLetters(), [] as string[]]
  const [leaving, abandon] = [new AbortController(), new AbortController()]
  const report = (what: string, error: unknown): void => void reported.push(`${what}: ${String(error)}`)
  const signals = { leaving: leaving.signal, abandon: abandon.signal }
  const courier = new Courier({ name: 'siem', sink, deadLetters, clock: time, ids, report, ...signals })
  return { sink, deadLetters, reported, leaving, abandon, courier }
}

const batch = Array.from({ length: 100 }, (_, number) => parcel({ id: `doc_${number}` }))
const all = batch.map(({ id }) => id)

suite('a document that the receiver refuses', () => {
  test('is found by halves, becomes a dead letter, and the rest arrives in order', async () => {
    const { sink, deadLetters, courier } = scene()
    sink.answer = (part) =>
      part.some(({ id }) => id === 'doc_37') ? refusedBy('it answered 400') : delivered
    assert.equal(await courier.deliver(batch), true)
    assert.deepEqual(deadLetters.letters, [{ id: 'doc_37', reason: 'it answered 400' }])
    assert.deepEqual(
      sink.gotIds,
      all.filter((id) => id !== 'doc_37'),
    )
    assert.ok(
      sink.attempts.length <= 2 * Math.ceil(Math.log2(batch.length)) + 1,
      String(sink.attempts.length),
    )
    assert.equal(courier.deadLetters, 1)
  })

  test('is told by a receiver that answers for each', async () => {
    const { sink, deadLetters, courier } = scene()
    sink.answer = (part) => {
      const at = part.findIndex(({ id }) => id === 'doc_3')
      const refused = at < 0 ? [] : [{ at, reason: 'no\nsuch field' }]
      // The first time half of the others are too many.
      const left = part.length === 100 ? part.map((_, index) => index).filter((index) => index > 50) : []
      return { kind: 'sorted', refused, left, reason: 'it answered 429', afterMs: 0 }
    }
    assert.equal(await courier.deliver(batch), true)
    assert.deepEqual(deadLetters.letters, [{ id: 'doc_3', reason: 'no\\u{a}such field' }])
    assert.equal(sink.attempts.length, 2)
    assert.deepEqual(
      sink.gotIds,
      all.filter((id) => id !== 'doc_3'),
    )
  })

  test('is not passed before it is kept', async () => {
    const { sink, deadLetters, courier, reported } = scene()
    sink.answer = () => refusedBy('no')
    deadLetters.failure = new Error('the disk is full')
    assert.equal(await courier.deliver(batch.slice(0, 1)), true)
    assert.equal(deadLetters.letters.length, 1)
    assert.match(reported.join('\n'), /could not be kept; trying again: Error: the disk is full/)
  })

  test('among others that are all refused makes it slow: then it is the receiver that is wrong', async () => {
    const { sink, deadLetters, courier, leaving } = scene()
    sink.answer = () => refusedBy('unknown index')
    const many = Array.from({ length: limits.exportRefusalsInRowMax + 50 }, () => parcel())
    const delivering = courier.deliver(many)
    await until(() => courier.trouble !== null, 'the trouble')
    assert.equal(deadLetters.letters.length, limits.exportRefusalsInRowMax)
    assert.match(courier.trouble ?? '', /^it refuses everything: unknown index/)
    leaving.abort()
    assert.equal(await delivering, false)
  })
})

suite('a receiver that fails', () => {
  test('is tried again until it works, and both are told once', async () => {
    const { sink, courier, reported } = scene()
    let failures = 4
    sink.answer = () => (failures-- > 0 ? failed('no answer: ECONNREFUSED') : delivered)
    assert.equal(await courier.deliver(batch), true)
    assert.deepEqual(sink.gotIds, all)
    assert.deepEqual(reported, [
      'nothing can be exported to siem now; trying again: no answer: ECONNREFUSED',
      'what is exported to siem arrives again: attempt 5',
    ])
    assert.equal(courier.trouble, null)
    assert.notEqual(courier.lastTrouble, null)
  })

  test('is left alone for as long as it asks', async () => {
    const time = hurried(20)
    const { sink, courier } = scene(time)
    const at: number[] = []
    sink.answer = () => (at.push(time.monotonic()) === 1 ? failed('it answered 503', 8_000) : delivered)
    await courier.deliver(batch)
    assert.equal(at.length, 2)
    assert.ok((at[1] ?? 0) - (at[0] ?? 0) >= 8_000, String(at))
  })

  test('may throw as well', async () => {
    const { sink, courier } = scene()
    let thrown = false
    sink.answer = () => {
      if (thrown) return delivered
      thrown = true
      throw new Error('environment variable TOKEN is empty or not set')
    }
    assert.equal(await courier.deliver(batch), true)
  })
})

suite('a gateway that stops', () => {
  test('tries nothing again', async () => {
    const { sink, courier, leaving } = scene()
    sink.answer = () => failed('it answered 503', 100_000)
    const delivering = courier.deliver(batch)
    await until(() => sink.attempts.length === 1, 'an attempt')
    leaving.abort()
    assert.equal(await delivering, false)
    assert.equal(sink.attempts.length, 1)
  })

  test('waits for no receiver that hangs', async () => {
    const { sink, courier, leaving, abandon } = scene()
    sink.answer = () => new Promise(() => {})
    const delivering = courier.deliver(batch)
    leaving.abort()
    abandon.abort()
    assert.equal(await delivering, false)
  })

  test('knows that what was in flight has arrived', async () => {
    const { sink, courier, leaving } = scene()
    const held = Promise.withResolvers<typeof delivered>()
    sink.answer = () => held.promise
    const delivering = courier.deliver(batch)
    leaving.abort()
    held.resolve(delivered)
    assert.equal(await delivering, true)
  })
})
