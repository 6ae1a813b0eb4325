import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { LegalHoldFold, type EventData, type NewEvent, type Position } from '@sluice/core'
import { excerptName } from './excerpt.ts'
import type { Journal } from './journal.ts'
import { memoryKeys } from './keys.ts'
import { MemoryDisk } from './memory-disk.ts'
import { openMemory } from './memory.ts'
import { LogDamagedError } from './recovery.ts'
import { Retention } from './retention.ts'
import { countedIds, CrashingDisk, eventsOf, ManualClock, settled } from './scripted.ts'
import { segmentName, segmentNumber } from './segment.ts'
import { verify } from './verify.ts'

const day = 86_400_000
const now = { withinMs: 5_000, urgency: 'now' } as const

suite('removing the oldest segments', () => {
  const keys = memoryKeys()
  let clock: ManualClock
  let ids: ReturnType<typeof countedIds>
  let disk: MemoryDisk
  let log: Journal
  const report = (what: string, error: unknown): void => assert.fail(`${what}: ${String(error)}`)
  const open = (of: MemoryDisk | CrashingDisk = disk): Promise<Journal> =>
    openMemory({ clock, ids, disk: of, keys, report, segmentBytes: 4_096 })

  /** Twenty sessions, each a day after the one before, over several segments. */
  beforeEach(async () => {
    clock = new ManualClock()
    ids = countedIds()
    disk = new MemoryDisk()
    log = await open()
    await control('shop')
    for (let count = 0; count < 20; count++) {
      await session(`ses_${count}`)
      clock.advance(day)
    }
    await control('other')
  })

  async function control(name: string): Promise<void> {
    const removed = { ...eventsOf(ids, 'control').removed(name), time: clock.now() }
    await log.append({ stream: 'control', events: [removed] }, now)
  }

  async function session(stream: string): Promise<void> {
    const of = eventsOf(ids, stream)
    const time = clock.now()
    const request = { ...of.request(`statement of ${stream}`.repeat(20)), time }
    await log.append({ stream, events: [opened(stream), request, { ...of.closed(), time }] }, now)
  }

  function opened(session: string): NewEvent {
    const subject = { id: `i#${session}`, type: 'human', issuer: 'i', groups: [], on_behalf_of: null }
    const data: EventData['SessionOpened'] = {
      session,
      gateway: 'gw',
      target: 'shop',
      protocol: 'postgres',
      subject,
      claims: '{}',
      labels: '{}',
      token_id: 't',
      token_expires_ms: 1,
      client_ip: '::1',
      application: null,
    }
    return { id: ids.next('evt'), time: clock.now(), type: 'SessionOpened', data }
  }

  /** How many were removed. */
  const remove = (keptMs: number, kept: readonly string[] = [], holds = 0): Promise<number> =>
    log.removeOlder({ until: clock.now() - keptMs, isKept: (each) => kept.includes(each), holds })

  async function events(after?: Position, stream?: string, of: Journal = log): Promise<readonly string[]> {
    const found: string[] = []
    for await (const event of of.read(after, stream)) found.push(`${event.stream} ${event.type}`)
    return found
  }

  const segments = (of: { readonly files: ReadonlyMap<string, unknown> } = disk): readonly number[] =>
    [...of.files.keys()].flatMap((name) => segmentNumber(name) ?? []).toSorted((a, b) => a - b)

  test('leaves what is younger, and every event of the control stream', async () => {
    const before = await events()
    const control = await events(undefined, 'control')
    assert.ok((await remove(10 * day)) > 2)
    const left = await events()
    assert.ok(left.length < before.length)
    assert.equal(left[0], 'control TargetRemoved')
    for (let count = 10; count < 20; count++) assert.ok(left.includes(`ses_${count} SessionOpened`))
    assert.ok(!left.includes('ses_0 SessionOpened'))
    assert.deepEqual(await events(undefined, 'control'), [...control, 'control SegmentsRemoved'])
    const { findings, removed } = await verify(disk)
    assert.deepEqual(findings, [])
    assert.equal(removed, before.length + 1 - left.length)
  })

  test('can be done again and again, over restarts too', async () => {
    await remove(15 * day)
    await remove(10 * day)
    await log.close()
    log = await open()
    clock.advance(day)
    await remove(5 * day)
    assert.equal([...disk.files.keys()].filter((name) => name.endsWith('.excerpt')).length, 3)
    await log.close()
    const { findings } = await verify(disk)
    assert.deepEqual(findings, [])
    log = await open()
    assert.equal((await events(undefined, 'control')).filter((each) => each.includes('Target')).length, 2)
  })

  test('stops at a session that is kept, and at the segment that is being written', async () => {
    assert.equal(await remove(day, ['ses_0']), 0)
    const [first] = segments()
    assert.equal(first, 1)
    await remove(day, ['ses_5'])
    const kept = await events()
    assert.ok(kept.includes('ses_5 SessionOpened') && !kept.includes('ses_0 SessionOpened'))
    await remove(-day)
    assert.ok(segments().length > 0)
    assert.deepEqual((await verify(disk)).findings, [])
  })

  test('does nothing when a legal hold stands before it that it did not know', async () => {
    const data = { hold: 'lgh_1', selector: 'session=ses_0', by: 'i#c', reason: 'case 7' }
    const placed: NewEvent = { id: ids.next('evt'), time: clock.now(), type: 'LegalHoldPlaced', data }
    await log.append({ stream: 'control', events: [placed] }, now)
    assert.equal(await remove(10 * day, [], 0), 0)
    assert.ok((await events()).includes('ses_0 SessionOpened'))
    assert.ok(![...disk.files.keys()].some((name) => name.endsWith('.excerpt')))
    assert.ok((await remove(10 * day, [], 1)) > 0)
    assert.deepEqual((await verify(disk)).findings, [])
  })

  test('tells a reader whose place is gone, and goes on for one of the control stream', async () => {
    const positions: Position[] = []
    for await (const event of log.read()) positions.push(event.position)
    await remove(10 * day)
    await assert.rejects(events(positions[3]), (error) => error instanceof RangeError)
    assert.deepEqual(await events(positions[3], 'control'), [
      'control TargetRemoved',
      'control SegmentsRemoved',
    ])
    const again: Position[] = []
    for await (const event of log.read()) again.push(event.position)
    assert.deepEqual(await events(again[0]), (await events()).slice(1))
    assert.deepEqual(await events(again.at(-2)), (await events()).slice(-1))
  })

  test('tells a reader under whom it happens', async () => {
    const reading = (async () => {
      for await (const _event of log.read()) if (segments()[0] === 1) await remove(10 * day)
    })()
    await assert.rejects(reading, (error) => error instanceof RangeError)
  })

  test('once a crash came before it is done at the next start; one that was not stated is not', async () => {
    await log.close()
    const whole = await open(copy(disk))
    await whole.close()
    const outcomes = new Set<string>()
    for (let at = 1; at < 60; at++) {
      const crashing = new CrashingDisk(disk, at, at)
      const attempt = (async () => {
        log = await open(crashing)
        await remove(10 * day)
        await log.close()
      })()
      const end = await Promise.race([attempt.then(() => 'done'), crashing.crashed.then(() => 'crashed')])
      const survivor = crashing.survivor()
      const after = await open(survivor)
      const excerpts = [...survivor.files.keys()].filter((name) => name.endsWith('.excerpt'))
      const control = await events(undefined, 'control', after)
      await after.close()
      assert.deepEqual((await verify(survivor)).findings, [], `crashed at change ${at}`)
      assert.equal(control.filter((each) => each.includes('Target')).length, 2)
      assert.equal(segments(survivor)[0] === 1, excerpts.length === 0)
      outcomes.add(`${end} ${excerpts.length} ${control.some((each) => each.includes('SegmentsRemoved'))}`)
      if (end === 'done') break
    }
    assert.deepEqual([...outcomes].toSorted(), ['crashed 0 false', 'crashed 1 true', 'done 1 true'])
  })

  suite('is told from what somebody else removes:', () => {
    const cases: Readonly<Record<string, readonly [(files: Map<string, Buffer>) => void, RegExp]>> = {
      'the first segment that is left': [
        (files) => void files.delete(segmentName(segments()[0] ?? 0)),
        /this segment is missing/,
      ],
      'what is left of the removed ones': [
        (files) => {
          for (const name of files.keys()) if (name.endsWith('.excerpt')) files.delete(name)
        },
        /this segment is missing/,
      ],
      'an event of what is left': [
        (files) => {
          const name = excerptOf(files)
          const bytes = files.get(name) ?? Buffer.alloc(0)
          const at = bytes.indexOf('shop')
          bytes[at] = (bytes[at] ?? 0) ^ 1
        },
        /not readable|was changed/,
      ],
      'all of what is left but its header': [
        (files) =>
          void files.set(excerptOf(files), (files.get(excerptOf(files)) ?? Buffer.alloc(0)).subarray(0, 192)),
        /the gateway did not sign that segments 1 to/,
      ],
      'one more segment, with what is left under its name': [
        (files) => {
          const first = segments()[0] ?? 0
          files.delete(segmentName(first))
          files.set(excerptName(first), files.get(excerptOf(files)) ?? Buffer.alloc(0))
          files.delete(excerptName(first - 1))
        },
        /the gateway did not sign that segments 1 to/,
      ],
      'the header of what is left': [
        (files) => void files.get(excerptOf(files))?.fill(0xff, 0, 12),
        /its header is not readable/,
      ],
    }
    const excerptOf = (files: ReadonlyMap<string, Buffer>): string =>
      [...files.keys()].find((name) => name.endsWith('.excerpt')) ?? ''

    for (const [name, [change, expected]] of Object.entries(cases))
      test(name, async () => {
        await remove(10 * day)
        await log.close()
        change(disk.files)
        const { ok, findings } = await verify(disk)
        assert.ok(!ok)
        assert.ok(
          findings.some(({ what }) => expected.test(what)),
          findings.map(({ what }) => what).join('\n'),
        )
      })

    test('a gateway does not start where segments are gone that nobody stated', async () => {
      await remove(15 * day)
      await log.close()
      const files = disk.files
      const last = (segments()[0] ?? 0) - 1
      files.set(excerptName(last + 2), Buffer.from(files.get(excerptName(last)) ?? []))
      files.delete(excerptName(last))
      await assert.rejects(open(), (error) => error instanceof LogDamagedError)
    })
  })

  test('by retention keeps open sessions and what is under a legal hold', async () => {
    const data = { hold: 'lgh_1', selector: 'subject=i#ses_4', by: 'i#c', reason: 'case 7' }
    const placed: NewEvent = { id: ids.next('evt'), time: clock.now(), type: 'LegalHoldPlaced', data }
    await log.append({ stream: 'control', events: [placed] }, now)
    const times = { contentMs: null, auditMs: 10 * day }
    const retaining = async (isOpen: (session: string) => boolean): Promise<readonly string[]> => {
      const retention = new Retention(times, { log, clock, ids, report, isOpen })
      retention.start()
      await settled()
      await retention.close()
      return events()
    }
    assert.ok((await retaining((session) => session === 'ses_0')).includes('ses_0 SessionOpened'))
    const left = await retaining(() => false)
    assert.ok(!left.includes('ses_0 SessionOpened') && left.includes('ses_4 SessionOpened'))
    const holds = new LegalHoldFold()
    for await (const event of log.read(undefined, 'control')) holds.apply(event)
    assert.equal(holds.placed, 1)
    const release = { hold: 'lgh_1', by: 'i#c', reason: 'over' }
    const released: NewEvent = {
      id: ids.next('evt'),
      time: clock.now(),
      type: 'LegalHoldReleased',
      data: release,
    }
    await log.append({ stream: 'control', events: [released] }, now)
    assert.ok(!(await retaining(() => false)).includes('ses_4 SessionOpened'))
    assert.deepEqual((await verify(disk)).findings, [])
  })

  function copy(of: MemoryDisk): MemoryDisk {
    const other = new MemoryDisk()
    for (const [name, content] of of.files) other.files.set(name, Buffer.from(content))
    return other
  }
})
