import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError, type Position, type Unit } from '@sluice/core'
import { Batch } from './batch.ts'
import { Committer, type Sink } from './append.ts'
import { Incarnation } from './incarnation.ts'
import { memoryKeys } from './keys.ts'
import { countedIds, eventsOf, ManualClock, settled } from './scripted.ts'

const now = { withinMs: 1_000, urgency: 'now' } as const
const soon = { withinMs: 1_000, urgency: 'soon' } as const
const queueBytesMax = 20_000

function report(what: string): void {
  assert.fail(what)
}

/** Answers when the test says so. */
class ScriptedSink implements Sink {
  readonly flushes: { readonly events: number; answer(): void }[] = []
  buffers = 0

  write(batch: Batch): Promise<(event: number) => Position> {
    const { promise, resolve } = Promise.withResolvers<(event: number) => Position>()
    const flush = this.flushes.length
    const answer = (): void => resolve((event) => `${flush}.${event}` as Position)
    this.flushes.push({ events: batch.events, answer })
    return promise
  }

  buffer(bytes: number): Buffer {
    this.buffers += 1
    return Buffer.alloc(bytes)
  }

  recycle(): void {
    this.buffers -= 1
  }
}

suite('the committer', () => {
  const ids = countedIds()
  const make = eventsOf(ids, 'ses_a')
  let clock: ManualClock
  let sink: ScriptedSink
  let committer: Committer
  const unit = (content = 'x'): Unit => ({ stream: 'ses_a', events: [make.abandoned(content)] })
  const flushed = (): readonly number[] => sink.flushes.map(({ events }) => events)

  beforeEach(() => {
    clock = new ManualClock()
    sink = new ScriptedSink()
    const incarnation = new Incarnation({ writer: 'gw_1', epoch: 1 }, memoryKeys(), () => undefined)
    committer = new Committer({ incarnation, sink, clock, report, queueBytesMax })
  })
  afterEach(async () => {
    const closed = committer.close(10)
    clock.advance(10)
    await closed
  })

  test('flushes at once what comes alone, and all that comes meanwhile with the next flush', async () => {
    assert.equal(committer.queuedBytes, 0)
    const first = committer.append(unit(), now)
    await settled()
    assert.deepEqual(flushed(), [1])
    const alone = committer.queuedBytes
    assert.ok(alone > 0)
    const rest = Array.from({ length: 30 }, () => committer.append(unit(), now))
    await settled()
    assert.deepEqual(flushed(), [1], 'one flush at a time')
    assert.ok(committer.queuedBytes > alone, 'what waits counts with what is in flight')
    sink.flushes[0]?.answer()
    assert.equal(await first, '0.0')
    assert.deepEqual(flushed(), [1, 30])
    sink.flushes[1]?.answer()
    assert.deepEqual(
      await Promise.all(rest),
      rest.map((_, index) => `1.${index}`),
    )
    assert.equal(committer.queuedBytes, 0)
  })

  test('takes together what comes in one turn of the event loop', async () => {
    const appended = [1, 2, 3].map(() => committer.append(unit(), now))
    await settled()
    assert.deepEqual(flushed(), [3])
    sink.flushes[0]?.answer()
    await Promise.all(appended)
  })

  test('gives the position of the last event of a unit', async () => {
    const appended = committer.append(
      { stream: 'ses_a', events: [make.abandoned('a'), make.abandoned('b')] },
      now,
    )
    await settled()
    sink.flushes[0]?.answer()
    assert.equal(await appended, '0.1')
  })

  test('lets what nobody waits for ride along, or go alone after a few milliseconds', async () => {
    const riding = [committer.append(unit(), soon), committer.append(unit(), now)]
    await settled()
    assert.deepEqual(flushed(), [2])
    const alone = committer.append(unit(), soon)
    sink.flushes[0]?.answer()
    await Promise.all(riding)
    await settled()
    assert.deepEqual(flushed(), [2])
    clock.advance(5)
    assert.deepEqual(flushed(), [2, 1])
    sink.flushes[1]?.answer()
    await alone
  })

  test('keeps nobody waiting for company that has no room left', async () => {
    const incarnation = new Incarnation({ writer: 'gw_1', epoch: 1 }, memoryKeys(), () => undefined)
    const large = new Committer({ incarnation, sink, clock, report, queueBytesMax: 8_000_000 })
    const appended = [300_000, 300_000].map((size) => large.append(unit('x'.repeat(size)), soon))
    await settled()
    assert.deepEqual(flushed(), [1], 'a full batch has no timer to wait for')
    sink.flushes[0]?.answer()
    await settled()
    assert.deepEqual(flushed(), [1], 'what began the next one has')
    clock.advance(3)
    assert.deepEqual(flushed(), [1, 1])
    sink.flushes[1]?.answer()
    await Promise.all(appended)
    await large.close(10)
  })

  test('does not forget what became due while a flush was under way', async () => {
    const first = committer.append(unit(), now)
    await settled()
    const due = committer.append(unit(), soon)
    clock.advance(5)
    sink.flushes[0]?.answer()
    await first
    await settled()
    assert.deepEqual(flushed(), [1, 1])
    sink.flushes[1]?.answer()
    await due
  })

  test('refuses those whose time is over, and only them', async () => {
    const outcomes: string[] = []
    const note = (name: string, append: Promise<unknown>): void => {
      append.then(
        () => outcomes.push(`${name} durable`),
        (error: unknown) =>
          outcomes.push(`${name} ${error instanceof StoreError ? error.reason : String(error)}`),
      )
    }
    note('patient', committer.append(unit(), { withinMs: 900, urgency: 'now' }))
    await settled()
    note('hurried', committer.append(unit(), { withinMs: 20, urgency: 'now' }))
    note('late', committer.append(unit(), { withinMs: 300, urgency: 'now' }))
    clock.advance(19)
    await settled()
    assert.deepEqual(outcomes, [])
    clock.advance(1)
    await settled()
    assert.deepEqual(outcomes, ['hurried deadline'])
    clock.advance(280)
    await settled()
    assert.deepEqual(outcomes, ['hurried deadline', 'late deadline'])
    sink.flushes[0]?.answer()
    await settled()
    sink.flushes[1]?.answer()
    await settled()
    assert.deepEqual(outcomes, ['hurried deadline', 'late deadline', 'patient durable'])
    assert.deepEqual(flushed(), [1, 2], 'what was refused is written all the same')
  })

  test('refuses at once while a flush takes too long, and serves again after it', async () => {
    const stuck = committer.append(unit(), { withinMs: 60_000, urgency: 'now' })
    await settled()
    clock.advance(1_001)
    assert.ok(!committer.healthy)
    await rejects(committer.append(unit(), now), 'unavailable')
    const done = committer.append(unit(), { withinMs: 600_000, urgency: 'soon' })
    sink.flushes[0]?.answer()
    await stuck
    assert.ok(committer.healthy)
    const served = committer.append(unit(), now)
    await settled()
    sink.flushes[1]?.answer()
    await Promise.all([done, served])
    assert.deepEqual(flushed(), [1, 2], 'what was done is kept')
  })

  test('refuses when too many bytes wait, counts them down, and numbers on without a gap', async () => {
    const waiting = [
      committer.append(unit('x'.repeat(9_000)), now),
      committer.append(unit('x'.repeat(9_000)), now),
    ]
    await rejects(committer.append(unit('x'.repeat(9_000)), now), 'full')
    await rejects(committer.append(unit('x'.repeat(60_000)), now), 'full')
    const small = committer.append(unit('small'), now)
    await settled()
    assert.deepEqual(flushed(), [3])
    sink.flushes[0]?.answer()
    await Promise.all([...waiting, small])
    const again = committer.append(unit('x'.repeat(9_000)), now)
    await settled()
    sink.flushes[1]?.answer()
    await again
  })

  test('makes room for a unit that is larger than a batch, keeps the order, and gives memory back', async () => {
    const incarnation = new Incarnation({ writer: 'gw_1', epoch: 1 }, memoryKeys(), () => undefined)
    const large = new Committer({ incarnation, sink, clock, report, queueBytesMax: 10_000_000 })
    const sizes = [100, 400_000, 3_000_000, 400_000, 100]
    const appended = sizes.map((size) => large.append(unit('x'.repeat(size)), now))
    for (let flush = 0; flush < 4; flush++) {
      await settled()
      sink.flushes[flush]?.answer()
    }
    const positions = await Promise.all(appended)
    assert.deepEqual(positions, positions.toSorted())
    await settled()
    assert.equal(sink.buffers, 2, 'one batch fills in each committer')
    await large.close(0)
  })

  test('gives a unit that is larger than a batch may be a flush of its own', async () => {
    const incarnation = new Incarnation({ writer: 'gw_1', epoch: 1 }, memoryKeys(), () => undefined)
    const roomy: Sink = {
      write: (batch) => sink.write(batch),
      buffer: (bytes) => sink.buffer(2 * bytes),
      recycle: () => sink.recycle(),
    }
    const large = new Committer({ incarnation, sink: roomy, clock, report, queueBytesMax: 10_000_000 })
    const sizes = [100, 600_000, ...Array.from({ length: 7 }, () => 100_000)]
    const appended = sizes.map((size) => large.append(unit('x'.repeat(size)), now))
    for (let flush = 0; flush < 4; flush++) {
      await settled()
      sink.flushes[flush]?.answer()
    }
    await Promise.all(appended)
    assert.deepEqual(flushed(), [1, 1, 5, 2], 'whatever memory there is')
    await large.close(0)
  })

  test('closes when all is durable, and refuses what comes later', async () => {
    const accepted = [committer.append(unit(), soon), committer.append(unit(), now)]
    const closed = committer.close(1_000)
    await rejects(committer.append(unit(), now), 'closed')
    await settled()
    assert.deepEqual(flushed(), [2])
    sink.flushes[0]?.answer()
    await Promise.all(accepted)
    assert.equal(await closed, true)
    assert.ok(!committer.healthy)
  })

  test('closes in time when the disk takes nothing, and says so to who waits', async () => {
    const waiting = [committer.append(unit(), now), committer.append(unit(), soon)]
    const refusals = waiting.map((append) => rejects(append, 'closed'))
    await settled()
    const closed = committer.close(500)
    clock.advance(500)
    assert.equal(await closed, false)
    await Promise.all(refusals)
  })
})

async function rejects(append: Promise<unknown>, reason: StoreError['reason']): Promise<void> {
  await assert.rejects(append, (error) => {
    assert.ok(error instanceof StoreError)
    assert.equal(error.reason, reason)
    return true
  })
}
