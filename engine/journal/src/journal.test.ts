import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { StoreError, type RecordedEvent, type Unit } from '@sluice/core'
import { Journal } from './journal.ts'
import { KeyError, memoryKeys, type GatewayKeys } from './keys.ts'
import { LogDamagedError } from './recovery.ts'
import { countedIds, eventsOf, FailingDisk, ManualClock, settled } from './scripted.ts'
import { framesOf, withFrames } from './scripted-forger.ts'
import { verify } from './verify.ts'

const now = { withinMs: 60_000, urgency: 'now' } as const
const first = '0000000001.segment'

interface Opened {
  readonly journal: Journal
  readonly disk: FailingDisk
  readonly clock: ManualClock
  readonly reports: string[]
}

async function open(disk = new FailingDisk(), keys: GatewayKeys = memoryKeys()): Promise<Opened> {
  const clock = new ManualClock()
  const reports: string[] = []
  const ports = { disk, keys, clock, ids: countedIds(), report: (what: string) => reports.push(what) }
  return { journal: await Journal.open(ports, { segmentBytes: 8_192 }), disk, clock, reports }
}

const ids = countedIds()

function unit(content: string, stream = 'ses_a'): Unit {
  return { stream, events: [eventsOf(ids, stream).request(content)] }
}

async function all(journal: Journal): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of journal.read()) events.push(event)
  return events
}

/** A log of three units that was closed. */
async function filled(): Promise<{ readonly disk: FailingDisk; readonly keys: GatewayKeys }> {
  const keys = memoryKeys()
  const { journal, disk } = await open(new FailingDisk(), keys)
  for (const content of ['a', 'b', 'c']) await journal.append(unit(content), now)
  await journal.close()
  return { disk, keys }
}

/** Lets retries happen whose time has come. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let step = 0; step < 10; step++) {
    clock.advance(ms / 10)
    await settled()
  }
}

suite('a journal whose disk fails', () => {
  for (const code of ['ENOSPC', 'EIO'])
    test(`with ${code} writes the same bytes when it is back, and refuses meanwhile`, async () => {
      const { journal, disk, clock, reports } = await open()
      await journal.append(unit('before'), now)
      disk.failing = code
      const waiting = journal.append(unit('waiting'), now)
      const hurried = assert.rejects(
        journal.append(unit('hurried'), { withinMs: 200, urgency: 'now' }),
        (error) => error instanceof StoreError && error.reason === 'deadline',
      )
      await pass(clock, 3_000)
      await hurried
      assert.ok(!journal.healthy)
      assert.ok(reports.some((what) => /could not be written; trying again/.test(what)))
      await assert.rejects(
        journal.append(unit('refused'), now),
        (error) => error instanceof StoreError && error.reason === 'unavailable',
      )
      disk.failing = undefined
      await pass(clock, 1_500)
      await waiting
      assert.ok(journal.healthy)
      await journal.append(unit('after'), now)
      const contents: string[] = []
      for (const event of await all(journal)) {
        const unsealed = await journal.unseal(event)
        contents.push(unsealed.kind === 'content' ? Buffer.from(unsealed.content).toString() : unsealed.kind)
      }
      assert.deepEqual(contents, ['before', 'waiting', 'hurried', 'after'])
      await journal.close()
      assert.deepEqual((await verify(disk)).findings, [])
    })

  test('and left a write in part writes over it', async () => {
    const { journal, disk, clock } = await open()
    await journal.append(unit('before'), now)
    const write = disk.write.bind(disk)
    let failures = 3
    disk.write = async (name, at, bytes) => {
      if (name !== first || failures === 0) return write(name, at, bytes)
      failures -= 1
      await write(name, at, Buffer.alloc(bytes.length / 2, failures))
      throw new Error('EIO')
    }
    const appended = journal.append(unit('in the end'), now)
    await pass(clock, 500)
    await appended
    assert.equal(failures, 0)
    await journal.close()
    assert.deepEqual((await verify(disk)).findings, [])
  })

  test('where the next segment should lie goes on once there is room', async () => {
    const { journal, disk, clock } = await open()
    await settled()
    await journal.append(unit('x'.repeat(5_000)), now)
    const allocate = disk.allocate.bind(disk)
    let full = true
    disk.allocate = async (name, bytes) => {
      if (full) throw new Error('ENOSPC')
      await allocate(name, bytes)
    }
    await journal.append(unit('x'.repeat(5_000)), now)
    const third = journal.append(unit('x'.repeat(5_000)), now)
    await pass(clock, 500)
    assert.equal((await all(journal)).length, 2)
    full = false
    await pass(clock, 1_500)
    await third
    assert.equal((await all(journal)).length, 3)
    await journal.close()
    assert.deepEqual((await verify(disk)).findings, [])
  })

  test('closes in time without saying that it closed, and the next incarnation says that it was lost', async () => {
    const keys = memoryKeys()
    const { journal, disk, clock, reports } = await open(new FailingDisk(), keys)
    await journal.append(unit('before'), now)
    disk.failing = 'EIO'
    const refused = assert.rejects(
      journal.append(unit('never'), now),
      (error) => error instanceof StoreError && error.reason === 'closed',
    )
    const ended = journal.end()
    await pass(clock, 6_000)
    assert.equal(await ended, false)
    await refused
    assert.ok(reports.includes('the log was closed before the disk took everything'))
    const { writes } = disk
    disk.failing = undefined
    await pass(clock, 10_000)
    assert.equal(disk.writes, writes, 'nothing is written after closing')
    await journal.quiet
    const next = await open(disk, keys)
    const [before, lost] = await all(next.journal)
    assert.equal(before?.type, 'RequestReceived')
    assert.ok(lost?.type === 'GatewayLost')
    assert.deepEqual(lost.data, { writer: journal.writer, epoch: 1, resumes: 0 })
    await next.journal.close()
  })

  test('when it is to say that it closed does not hold up closing either', async () => {
    const { journal, disk, clock } = await open()
    await journal.append(unit('before'), now)
    disk.failing = 'EIO'
    const ended = journal.end()
    await pass(clock, 6_000)
    assert.equal(await ended, false)
  })
})

suite('a journal that is opened again', () => {
  test('says nothing of an incarnation that closed', async () => {
    const { disk, keys } = await filled()
    const { journal } = await open(disk, keys)
    assert.deepEqual(
      (await all(journal)).map(({ type }) => type),
      ['RequestReceived', 'RequestReceived', 'RequestReceived'],
    )
    await journal.close()
  })

  test('refuses to go on where acknowledged events are missing', async () => {
    const { disk, keys } = await filled()
    const segment = disk.files.get(first) ?? Buffer.alloc(0)
    const frames = framesOf(segment).map(({ bytes }) => bytes)
    for (const kept of [0, 1, frames.length - 2, frames.length - 1]) {
      disk.files.set(first, withFrames(segment, frames.slice(0, kept)))
      await assert.rejects(open(disk, keys), LogDamagedError, `${kept} frames kept`)
    }
    disk.files.set(first, Buffer.alloc(segment.length))
    await assert.rejects(open(disk, keys), LogDamagedError)
    disk.files.delete(first)
    await assert.rejects(open(disk, keys), LogDamagedError)
  })

  test('refuses to take damage for a write in part', async () => {
    const { disk, keys } = await filled()
    const segment = disk.files.get(first) ?? Buffer.alloc(0)
    const [, , third] = framesOf(segment)
    assert.ok(third)
    for (const at of [4, third.at + 2, third.at + 6, third.at + 80]) {
      const changed = Buffer.from(segment)
      changed[at] = (changed[at] ?? 0) ^ 4
      disk.files.set(first, changed)
      await assert.rejects(open(disk, keys), LogDamagedError, `byte ${at}`)
    }
  })

  test('refuses damage behind its head too, since nothing follows a write in part', async () => {
    const keys = memoryKeys()
    const { journal, disk } = await open(new FailingDisk(), keys)
    for (const content of ['a', 'b', 'c']) await journal.append(unit(content), now)
    const segment = disk.files.get(first) ?? Buffer.alloc(0)
    const [, , third] = framesOf(segment)
    assert.ok(third)
    segment[third.at + 80] = (segment[third.at + 80] ?? 0) ^ 4
    await assert.rejects(open(disk, keys), /is not readable at byte/)
  })

  test('refuses to go on without its head, or with another key', async () => {
    const { disk, keys } = await filled()
    await assert.rejects(open(disk, memoryKeys()), KeyError)
    const head = disk.files.get('head') ?? Buffer.alloc(0)
    disk.files.delete('head')
    await assert.rejects(open(disk, keys), LogDamagedError)
    const other = await open()
    await other.journal.close()
    disk.files.set('head', other.disk.files.get('head') ?? Buffer.alloc(0))
    await assert.rejects(open(disk, keys), LogDamagedError)
    disk.files.set('head', head)
    const { journal } = await open(disk, keys)
    await journal.close()
  })

  test('changes nothing by a refusal', async () => {
    const { disk, keys } = await filled()
    disk.files.delete('head')
    const before = new Map([...disk.files].map(([name, file]) => [name, Buffer.from(file)]))
    await assert.rejects(open(disk, keys), LogDamagedError)
    assert.deepEqual(disk.files, before)
  })
})

suite('what is read from a journal', () => {
  test('is refused when the position is of another log', async () => {
    const { journal } = await open()
    const position = await journal.append(unit('x'), now)
    for (const wrong of ['7:192:0', '1:4000:0', '1:200:0', 'x', ''])
      await assert.rejects(async () => {
        for await (const event of journal.read(wrong as typeof position)) assert.fail(event.id)
      }, wrong)
    await journal.close()
  })

  test('ends with an error where the log is damaged, and never passes over it', async () => {
    const { journal, disk } = await open()
    for (const content of ['a', 'b', 'c']) await journal.append(unit(content), now)
    const segment = disk.files.get(first) ?? Buffer.alloc(0)
    const damaged = framesOf(segment)[2]
    assert.ok(damaged)
    segment[damaged.at + 90] = (segment[damaged.at + 90] ?? 0) ^ 1
    const seen: string[] = []
    await assert.rejects(async () => {
      for await (const event of journal.read()) seen.push(event.id)
    }, /not readable at byte/)
    assert.equal(seen.length, 1)
    await journal.close()
  })

  test('spans segments, and a unit larger than one of them', async () => {
    const { journal, disk } = await open()
    const sizes = [10, 3_000, 30_000, 10, 7_000, 200_000, 1]
    for (const size of sizes) await journal.append(unit('x'.repeat(size)), now)
    const read = await all(journal)
    assert.deepEqual(
      read.map(({ sealed }) => (sealed?.length ?? 0) - 24),
      sizes,
    )
    const [, second] = read
    assert.ok(second)
    const after: RecordedEvent[] = []
    for await (const event of journal.read(second.position)) after.push(event)
    assert.equal(after.length, sizes.length - 2)
    await journal.close()
    assert.deepEqual((await verify(disk)).findings, [])
  })
})
