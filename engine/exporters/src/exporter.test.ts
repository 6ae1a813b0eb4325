import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { limits, type Clock, type RecordedEvent } from '@sluice/core'
import { Exporter, type ExporterOptions, type ExporterPorts } from './exporter.ts'
import {
  conversation,
  exchange,
  hurried,
  plain,
  ports,
  scratchFolder,
  ScriptedLog,
  ScriptedSink,
  until,
} from './scripted.ts'
import { delivered, failed, refusedBy } from './sink.ts'

function exporting(sink: ScriptedSink, of: ExporterPorts, change: Partial<ExporterOptions> = {}): Exporter {
  const exporter = new Exporter({ name: 'siem', mapper: plain, sink, sinceMs: 0, ...change }, of)
  void exporter.run()
  return exporter
}

function idsOf(log: ScriptedLog): readonly string[] {
  return log.events.map(({ id }) => id)
}

suite('what is in the log arrives', () => {
  test('from its start, in order, and what comes later', async () => {
    const log = new ScriptedLog()
    const sink = new ScriptedSink()
    conversation(log, 'a', 2)
    const exporter = exporting(sink, ports(log))
    await until(() => sink.got.length === log.events.length, 'what was there')
    conversation(log, 'b')
    await until(() => sink.got.length === log.events.length, 'what came')
    assert.deepEqual(sink.gotIds, idsOf(log))
    await until(() => exporter.events === log.events.length, 'its place')
    await exporter.close()
    assert.equal(sink.closed, true)
  })

  test('while the log grows and the receiver is down for a while', async () => {
    const log = new ScriptedLog()
    const sink = new ScriptedSink()
    let down = true
    sink.answer = () => (down ? failed('no answer: ECONNREFUSED') : delivered)
    const exporter = exporting(sink, ports(log))
    for (let number = 0; number < 400; number++) {
      conversation(log, `s${number}`)
      if (number % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(() => exporter.trouble !== null, 'the trouble')
    assert.ok(sink.attempts.every(({ length }) => length <= limits.exportBatchDocumentsMax))
    down = false
    await until(() => sink.got.length === log.events.length, 'everything')
    assert.deepEqual(sink.gotIds, idsOf(log))
    await exporter.close()
  })

  test('joined, whatever restarts fall in between', async () => {
    using folder = scratchFolder()
    const log = new ScriptedLog()
    conversation(log, 'long', 1, false)
    const whole = new ScriptedSink()
    const parts = new ScriptedSink()
    for (let number = 0; number < 5; number++) {
      exchange(log, 'ses_long', `exc_${number}`)
      const exporter = exporting(parts, ports(log, join(folder.path, 'siem.db')))
      await until(() => exporter.events === log.events.length, 'this part')
      await exporter.close()
    }
    const exporter = exporting(whole, ports(log))
    await until(() => exporter.events === log.events.length, 'the whole')
    await exporter.close()
    assert.deepEqual(
      parts.got.map(({ text }) => text),
      whole.got.map(({ text }) => text),
    )
  })

  test('again, with the same ids, when the process ends between the delivery and its place', async () => {
    using folder = scratchFolder()
    const log = new ScriptedLog()
    conversation(log, 'a', 2)
    const first = new ScriptedSink()
    const of = ports(log, join(folder.path, 'siem.db'))
    of.offsets.commit = () => {
      throw new Error('the disk is full')
    }
    const crashed = exporting(first, of)
    await until(() => of.reported.some((line) => line.includes('could not be kept')), 'the failure')
    await crashed.close()
    const second = new ScriptedSink()
    const exporter = exporting(second, ports(log, join(folder.path, 'siem.db')))
    await until(() => exporter.events === log.events.length, 'the rest')
    await exporter.close()
    assert.deepEqual(first.gotIds, idsOf(log))
    assert.deepEqual(second.gotIds, idsOf(log))
    assert.deepEqual(
      second.got.map(({ text }) => text),
      first.got.map(({ text }) => text),
    )
  })

  test('but for one that is refused, which is a dead letter and counted over restarts', async () => {
    using folder = scratchFolder()
    const log = new ScriptedLog()
    conversation(log, 'a', 3)
    const sink = new ScriptedSink()
    const poisoned = log.events[4]?.id
    sink.answer = (batch) => (batch.some(({ id }) => id === poisoned) ? refusedBy('no') : delivered)
    const file = join(folder.path, 'siem.db')
    const of = ports(log, file)
    const exporter = exporting(sink, of)
    await until(() => exporter.events === log.events.length, 'the rest')
    assert.equal(exporter.documents, log.events.length - 1)
    await exporter.close()
    assert.deepEqual(of.deadLetters.letters, [{ id: poisoned, reason: 'no' }])
    const again = exporting(sink, ports(log, file))
    assert.equal(again.deadLetters, 1)
    await again.close()
  })

  test('an event that cannot be mapped arrives as what is known of it', async () => {
    const log = new ScriptedLog()
    conversation(log, 'a')
    const sink = new ScriptedSink()
    const of = ports(log)
    const map: typeof plain.map = (event) => {
      if (event.event.type === 'DecisionMade') throw new Error('no verdicts')
      return plain.map(event)
    }
    const exporter = exporting(sink, of, { mapper: { ...plain, map } })
    await until(() => sink.got.length === log.events.length, 'everything')
    await exporter.close()
    const odd = sink.got.map(({ text }) => JSON.parse(text) as object).find((each) => 'unmapped' in each)
    assert.deepEqual(odd, {
      id: 'evt_000002',
      type: 'DecisionMade',
      stream: 'ses_a',
      seq: 2,
      time: 1_800_000_002_000,
      unmapped: true,
    })
    assert.match(of.reported.join('\n'), /could not be written as json for siem \(evt_000002\): no verdicts/)
  })
})

suite('the log', () => {
  test('that cannot be read for a while is read on', async () => {
    const log = new ScriptedLog()
    const sink = new ScriptedSink()
    conversation(log, 'a')
    const of = ports(log)
    const exporter = exporting(sink, of)
    await until(() => sink.got.length === log.events.length, 'the first')
    log.failure = new Error('no leader')
    conversation(log, 'b')
    await until(() => sink.got.length === log.events.length, 'the rest')
    await exporter.close()
    assert.deepEqual(sink.gotIds, idsOf(log))
    assert.equal(log.readings, 2)
  })

  test('that no longer has what follows is exported from an hour before', async () => {
    using folder = scratchFolder()
    const file = join(folder.path, 'siem.db')
    const old = new ScriptedLog()
    for (let number = 0; number < 10; number++) conversation(old, `old${number}`)
    const before = exporting(new ScriptedSink(), ports(old, file))
    await until(() => before.events === old.events.length, 'the old log')
    const { doneMs } = before
    await before.close()

    const other = new ScriptedLog()
    const data = { session: 'ses_x', by: 'x', reason: '' }
    for (const hours of [-5, -0.5, 1])
      other.write({ stream: 'control', time: doneMs + hours * 3_600_000 }, 'SessionKilled', data)
    const sink = new ScriptedSink()
    const of = ports(other, file)
    const exporter = exporting(sink, of)
    await until(() => exporter.events === 3, 'the other log')
    await exporter.close()
    assert.deepEqual(sink.gotIds, idsOf(other).slice(1))
    assert.match(of.reported.join('\n'), /could not be read for an export/)
    const third = exporting(new ScriptedSink(), ports(other, file))
    assert.equal(third.events, 3, 'it goes on there')
    await third.close()
  })

  test('is not read faster than the receiver takes it', async () => {
    const log = new ScriptedLog()
    let pulled = 0
    const sink = new ScriptedSink()
    const held = Promise.withResolvers<typeof delivered>()
    sink.answer = () => held.promise
    for (let number = 0; number < 2_000; number++) conversation(log, `s${number}`)
    const of = ports(log)
    const counted = async function* (
      ...args: Parameters<ExporterPorts['read']>
    ): AsyncGenerator<RecordedEvent> {
      for await (const event of of.read(...args)) {
        pulled += 1
        yield event
      }
    }
    const exporter = exporting(sink, { ...of, read: counted })
    await until(() => sink.attempts.length === 1, 'an attempt')
    const first = pulled
    assert.ok(first > 0 && first <= limits.exportBatchDocumentsMax, `${first} were read`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(pulled, first, 'nothing more is read meanwhile')
    held.resolve(delivered)
    await until(() => sink.got.length === log.events.length, 'the rest')
    await exporter.close()
  })
})

suite('since and until', () => {
  const minute = 60_000
  function timed(): ScriptedLog {
    const log = new ScriptedLog()
    for (let number = 0; number < 10; number++)
      log.write({ stream: 'control', time: number * minute }, 'SessionKilled', {
        session: `ses_${number}`,
        by: 'x',
        reason: '',
      })
    return log
  }

  test('choose by time, and the context is from before', async () => {
    const log = new ScriptedLog()
    conversation(log, 'a', 2)
    const sink = new ScriptedSink()
    const sinceMs = log.events[3]?.time ?? 0
    const exporter = exporting(sink, ports(log), { sinceMs, untilMs: log.events[5]?.time ?? 0 })
    await until(() => exporter.events === log.events.length, 'the end')
    await exporter.close()
    assert.deepEqual(sink.gotIds, idsOf(log).slice(3, 6))
    assert.match(sink.got[0]?.text ?? '', /"target":"shop".*"rule":"starter\/read"/)
  })

  test('another since begins again, the same one does not', async () => {
    using folder = scratchFolder()
    const log = timed()
    const file = join(folder.path, 'siem.db')
    const got: number[] = []
    for (const sinceMs of [5 * minute, 5 * minute, 2 * minute]) {
      const sink = new ScriptedSink()
      const exporter = exporting(sink, ports(log, file), { sinceMs })
      await until(() => exporter.events === log.events.length, 'the end')
      await exporter.close()
      got.push(sink.got.length)
    }
    assert.deepEqual(got, [5, 0, 8])
  })

  test('a reading that ends ends the export', async () => {
    const log = timed()
    const sink = new ScriptedSink()
    const exporter = exporting(sink, { ...ports(log), read: (after) => log.read(after) })
    await exporter.run()
    assert.equal(sink.got.length, 10)
    await exporter.close()
  })
})

suite('a gateway that stops', () => {
  async function closing(
    time: Clock,
    answer: ScriptedSink['answer'],
  ): Promise<{ readonly ms: number; readonly again: number }> {
    using folder = scratchFolder()
    const log = new ScriptedLog()
    conversation(log, 'a')
    const file = join(folder.path, 'siem.db')
    const sink = new ScriptedSink()
    sink.answer = answer
    const exporter = exporting(sink, { ...ports(log, file), clock: time })
    await until(() => sink.attempts.length > 0, 'an attempt')
    const started = time.monotonic()
    await exporter.close()
    const ms = time.monotonic() - started
    const next = new ScriptedSink()
    const after = exporting(next, ports(log, file))
    await until(() => after.events === log.events.length, 'the rest')
    await after.close()
    return { ms, again: next.got.length }
  }

  test('lets a batch in flight finish, which is not delivered again', async () => {
    const time = hurried(20)
    const slowly = async (): Promise<typeof delivered> => {
      await new Promise<void>((resolve) => time.after(1_500, resolve))
      return delivered
    }
    const { ms, again } = await closing(time, slowly)
    assert.equal(again, 0)
    assert.ok(ms < limits.exportStopMs, String(ms))
  })

  test('gives up one that hangs, which is delivered again', async () => {
    const time = hurried(20)
    const { ms, again } = await closing(time, () => new Promise(() => {}))
    assert.equal(again, 5)
    assert.ok(ms < limits.exportStopMs + 2_000, String(ms))
  })
})
