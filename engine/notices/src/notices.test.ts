import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { limits } from '@sluice/core'
import type { Destination } from './courier.ts'
import type { Checkpoint } from './checkpoint.ts'
import { delivered, failed, refusedBy, type Delivery } from './delivery.ts'
import { noticeTypes, type Message, type NoticeType } from './notice.ts'
import { openNotices, type Notices } from './notices.ts'
import { ScriptedControl, SteppedClock, alarm, approvalId, asked, voteOf, wanted } from './scripted.ts'

/** A destination that answers as it is told, and what it got. */
class Place {
  readonly got: Message[] = []
  /** Of the next attempts; delivered when there is none. */
  answer: () => Delivery | Promise<Delivery> = () => delivered
  attempts = 0

  destination(name: string, change: Partial<Destination> = {}): Destination {
    const deliver = async (message: Message): Promise<Delivery> => {
      this.attempts += 1
      const delivery = await this.answer()
      if (delivery.kind === 'delivered') this.got.push(message)
      return delivery
    }
    return { name, events: noticeTypes, approvers: null, medium: { deliver }, ...change }
  }

  types(): readonly (NoticeType | 'digest')[] {
    return this.got.map((message) => (message.kind === 'notice' ? message.notice.type : 'digest'))
  }
}

class World implements AsyncDisposable {
  readonly clock = new SteppedClock()
  readonly control = new ScriptedControl(this.clock)
  readonly folder = mkdtempSync(join(tmpdir(), 'sluice-notices-'))
  readonly reports: string[] = []
  #running: Notices | undefined

  async start(...destinations: readonly Destination[]): Promise<void> {
    this.#running = await openNotices({
      destinations,
      folder: this.folder,
      store: this.control,
      clock: this.clock,
      ids: { random32: () => 2 ** 31 - 1 },
      report: (what, why) => void this.reports.push(`${what}: ${String(why)}`),
    })
    this.#running.start()
  }

  async stop(): Promise<void> {
    await this.#running?.close()
    this.#running = undefined
  }

  checkpoint(name: string): Checkpoint {
    return JSON.parse(readFileSync(join(this.folder, `${name}.json`), 'utf8')) as Checkpoint
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

suite('what people are told', () => {
  test('everything in its order, and only what they want to hear', async () => {
    await using world = new World()
    const [all, some] = [new Place(), new Place()]
    await world.start(all.destination('all'), some.destination('some', { events: ['alarm.raised'] }))
    world.control.record('ApprovalRequested', asked(1))
    world.control.record('AlarmRaised', alarm)
    world.control.record('ApprovalGranted', voteOf(1, 'bob'))
    world.control.record('GrantRequested', wanted)
    await world.clock.until(() => all.got.length === 4 && some.got.length === 1, 'the notices')
    assert.deepEqual(all.types(), [
      'approval.requested',
      'alarm.raised',
      'approval.approved',
      'access.requested',
    ])
    assert.deepEqual(some.types(), ['alarm.raised'])
  })

  test('only what their groups decide, and every alarm', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('leads', { approvers: ['leads'] }))
    world.control.record('ApprovalRequested', asked(1))
    world.control.record('ApprovalRequested', asked(2, { approvers: ['leads', 'dba'] }))
    world.control.record('GrantRequested', wanted)
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.got.length === 2, 'the notices')
    assert.deepEqual(place.types(), ['approval.requested', 'alarm.raised'])
  })

  test('nothing of the time before somebody wanted to hear of it', async () => {
    await using world = new World()
    world.control.record('ApprovalRequested', asked(1))
    world.clock.advance(1_000)
    const place = new Place()
    await world.start(place.destination('new'))
    world.control.record('ApprovalExpired', { approval: approvalId(1), reason: 'gateway' })
    await world.clock.until(() => place.got.length === 1, 'the notice')
    assert.deepEqual(place.types(), ['approval.expired'])
  })
})

suite('a destination that fails', () => {
  test('is tried again after ever longer waits, in order, and blocks nobody else', async () => {
    await using world = new World()
    const [down, up] = [new Place(), new Place()]
    const at: number[] = []
    down.answer = () => {
      at.push(world.clock.now())
      return failed('it answered 500')
    }
    await world.start(down.destination('down'), up.destination('up'))
    world.control.record('ApprovalRequested', asked(1))
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => down.attempts === 5 && up.got.length === 2, 'five attempts', 500)
    const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0))
    for (const [index, wait] of waits.entries()) {
      const most = limits.noticeRetryMs * 2 ** index
      // How much longer is the disk's to say: the clock goes on while a checkpoint is written.
      assert.ok(wait >= most * 0.9, `wait ${index} took ${wait} ms`)
    }
    assert.deepEqual(down.got, [])
    assert.equal(world.checkpoint('down').trouble?.reason, 'it answered 500')
    assert.equal(world.reports.length, 1, 'reported once')
    down.answer = () => delivered
    await world.clock.until(() => down.got.length === 2, 'the recovery', 5_000)
    assert.deepEqual(down.types(), ['approval.requested', 'alarm.raised'])
    assert.equal(world.checkpoint('down').trouble, null)
  })

  test('is not called earlier than it asks to be', async () => {
    await using world = new World()
    const place = new Place()
    place.answer = () => failed('it answered 429', 600_000)
    await world.start(place.destination('busy'))
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.attempts === 1, 'the first attempt')
    const from = world.clock.now()
    place.answer = () => delivered
    await world.clock.until(() => place.got.length === 1, 'the second attempt', 10_000)
    assert.ok(world.clock.now() - from >= 590_000)
  })

  test('is told after a restart what it was not told, once, and nothing twice', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('oncall'))
    world.control.record('ApprovalRequested', asked(1))
    await world.clock.until(() => place.got.length === 1, 'the first notice')
    place.answer = () => failed('it answered 503')
    world.control.record('ApprovalRequested', asked(2))
    await world.clock.until(() => place.attempts === 2, 'the failure')
    await world.stop()
    // It happens while nobody tells anybody, and is about a request from before.
    world.control.record('ApprovalRejected', voteOf(1, 'bob'))
    place.answer = () => delivered
    await world.start(place.destination('oncall'))
    await world.clock.until(() => place.got.length === 3, 'the rest')
    world.clock.advance(10_000)
    assert.deepEqual(
      place.got.map(({ id }) => id),
      world.control.events.map(({ id }) => id),
    )
    assert.deepEqual(place.types(), ['approval.requested', 'approval.requested', 'approval.rejected'])
  })

  test('hears the end of what was asked for several restarts ago', async () => {
    await using world = new World()
    const place = new Place()
    world.clock.advance(1)
    world.control.record('PolicyRejected', { errors: 'of no concern', by: 'file' })
    for (let start = 1; start <= 3; start++) {
      await world.start(place.destination('oncall'))
      if (start === 1) world.control.record('ApprovalRequested', asked(1))
      world.control.record('AlarmRaised', alarm)
      await world.clock.until(() => place.got.length === start + 1, `alarm ${start}`)
      await world.stop()
    }
    world.control.record('ApprovalExpired', { approval: approvalId(1), reason: 'gateway' })
    await world.start(place.destination('oncall'))
    await world.clock.until(() => place.got.length === 5, 'the end')
    assert.deepEqual(place.types().at(-1), 'approval.expired')
  })

  test('gets one more, at most, when the gateway ends before it is written down', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('oncall'))
    const before = world.checkpoint('oncall')
    world.control.record('ApprovalRequested', asked(1))
    await world.clock.until(() => place.got.length === 1, 'the notice')
    await world.stop()
    writeFileSync(join(world.folder, 'oncall.json'), JSON.stringify(before))
    await world.start(place.destination('oncall'))
    await world.clock.until(() => place.got.length === 2, 'the repetition')
    assert.equal(place.got[0]?.id, place.got[1]?.id, 'by its id it is known')
  })

  test('that refuses loses that notice with a report, and gets the next', async () => {
    await using world = new World()
    const place = new Place()
    place.answer = () => refusedBy('it answered 410')
    await world.start(place.destination('gone'))
    const { id } = world.control.record('ApprovalRequested', asked(1))
    await world.clock.until(() => world.checkpoint('gone').trouble !== null, 'the refusal')
    assert.deepEqual(world.reports, [`a notice to gone was given up (${id}): it answered 410`])
    assert.equal(world.checkpoint('gone').trouble?.reason, 'it answered 410')
    place.answer = () => delivered
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.got.length === 1, 'the next notice')
    assert.deepEqual(place.types(), ['alarm.raised'])
    assert.equal(place.attempts, 2)
  })

  test('for longer than a notice is of use is spared it', async () => {
    await using world = new World()
    const place = new Place()
    place.answer = () => failed('it answered 500')
    await world.start(place.destination('oncall'))
    world.control.record('ApprovalRequested', asked(1))
    await world.clock.until(() => place.attempts === 1, 'the first attempt')
    world.clock.advance(limits.noticeLifeMs)
    await world.clock.until(() => world.reports.length === 2, 'giving up', 1_000)
    assert.match(world.reports[1] ?? '', /given up .* too old/)
  })

  test('by throwing is no worse than any other', async () => {
    await using world = new World()
    const place = new Place()
    place.answer = () => Promise.reject(new Error('environment variable URL is empty or not set'))
    await world.start(place.destination('oncall'))
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.attempts === 2, 'two attempts')
    assert.equal(world.checkpoint('oncall').trouble?.reason, 'environment variable URL is empty or not set')
    place.answer = () => delivered
    await world.clock.until(() => place.got.length === 1, 'the recovery')
  })
})

suite('a flood', () => {
  test('becomes one digest, which counts all of it, with the alarm first', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('oncall'))
    for (let number = 1; number <= 300; number++) world.control.record('ApprovalRequested', asked(number))
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.got.length > 0, 'the digest')
    const [message] = place.got
    assert.ok(message?.kind === 'digest')
    assert.equal(message.count, 301)
    assert.equal(message.notices[0]?.type, 'alarm.raised')
    assert.ok(message.notices.length <= limits.noticeDigestMax)
  })

  test('that goes on is told in few messages, and all of it is counted', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('oncall'))
    const told = (): number => place.got.reduce((sum, m) => sum + (m.kind === 'notice' ? 1 : m.count), 0)
    let number = 0
    // 600 requests in two minutes.
    await world.clock.until(
      () => {
        for (let each = 0; each < 5 && number < 600; each++)
          world.control.record('ApprovalRequested', asked(++number))
        return number === 600 && told() === 600
      },
      'all of them',
      1_000,
    )
    assert.ok(place.got.length <= 3 * limits.noticesPerWindowMax, `${place.got.length} messages`)
  })

  test('does not keep an alarm waiting that comes in the midst of it', async () => {
    await using world = new World()
    const place = new Place()
    await world.start(place.destination('oncall'))
    for (let number = 1; number <= 50; number++) world.control.record('ApprovalRequested', asked(number))
    await world.clock.until(() => place.got.length === 1, 'the first digest')
    for (let number = 51; number <= 100; number++) world.control.record('ApprovalRequested', asked(number))
    await world.clock.until(() => world.clock.now() >= 1_700_000_010_000, 'some time')
    assert.equal(place.got.length, 1, 'the second digest waits for its window')
    const raised = world.clock.now()
    world.control.record('AlarmRaised', alarm)
    await world.clock.until(() => place.got.length === 2, 'the alarm')
    assert.ok(world.clock.now() - raised <= 2 * limits.noticeAlarmWaitMs)
    const [, message] = place.got
    assert.equal(message?.kind === 'digest' && message.notices[0]?.type, 'alarm.raised')
  })

  test('behind an outage is one digest when the destination is back', async () => {
    await using world = new World()
    const place = new Place()
    place.answer = () => failed('it answered 502')
    await world.start(place.destination('oncall'))
    for (let number = 1; number <= 3; number++) world.control.record('ApprovalRequested', asked(number))
    await world.clock.until(() => place.attempts === 2, 'two attempts')
    for (let number = 4; number <= 60; number++) world.control.record('ApprovalRequested', asked(number))
    place.answer = () => delivered
    await world.clock.until(() => place.got.length === 2, 'the rest', 1_000)
    assert.deepEqual(
      place.got.map((message) => (message.kind === 'digest' ? message.count : 1)),
      [1, 59],
    )
  })
})

test('a log that cannot be read now is read again, from where it was', async () => {
  await using world = new World()
  const place = new Place()
  world.control.failure = new Error('the disk is slow')
  await world.start(place.destination('oncall'))
  world.control.record('AlarmRaised', alarm)
  await world.clock.until(() => place.got.length === 1, 'the notice')
  assert.match(world.reports[0] ?? '', /could not be read for notices/)
})

test('where it cannot be told how far it was, the last ones are repeated and none is lost', async () => {
  await using world = new World()
  const place = new Place()
  world.control.record('ApprovalRequested', asked(1))
  writeFileSync(join(world.folder, 'oncall.json'), '{')
  await world.start(place.destination('oncall'))
  await world.clock.until(() => place.got.length === 1, 'the notice')
  assert.match(world.reports[0] ?? '', /cannot be read: the last ones are repeated/)
})
