import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { NewEvent, RecordedEvent, Unit } from '@sluice/core'
import { Journal } from './journal.ts'
import { memoryKeys, type GatewayKeys } from './keys.ts'
import type { Disk } from './disk.ts'
import { MemoryDisk } from './memory-disk.ts'
import { recover } from './recovery.ts'
import { countedIds, CrashingDisk, eventsOf, ManualClock, randomOf, settled } from './scripted.ts'
import { noLog, verify } from './verify.ts'

/** Wrapping is tested elsewhere, and would take most of the time here. */
const keys: GatewayKeys = {
  ...memoryKeys(),
  wrap: async (plain) => plain,
  unwrap: async (wrapped) => wrapped,
}
const segmentBytes = 8_192
const soon = { withinMs: 60_000, urgency: 'soon' } as const
const now = { withinMs: 60_000, urgency: 'now' } as const

function open(disk: Disk, clock = new ManualClock(), ids = countedIds()): Promise<Journal> {
  return Journal.open({ disk, keys, clock, ids, report: () => {} }, { segmentBytes })
}

async function all(journal: Journal): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = []
  for await (const event of journal.read()) events.push(event)
  return events
}

interface Attempt {
  readonly unit: Unit
  acknowledged: boolean
}

/** Five callers, units of one to three events of very different sizes, several segments, an orderly end. */
async function workload(disk: Disk, attempts: Attempt[]): Promise<void> {
  const clock = new ManualClock()
  const ids = countedIds()
  const random = randomOf(7)
  const journal = await open(disk, clock, ids)
  const caller = async (stream: string): Promise<void> => {
    const make = eventsOf(ids, stream)
    for (let round = 0; round < 6; round++) {
      const content = 'x'.repeat(Math.floor(random() ** 4 * 4_000))
      const more: NewEvent[] = round % 2 === 0 ? [make.abandoned('late'), make.abandoned('later')] : []
      const unit: Unit = { stream, events: [make.request(content), ...more] }
      const attempt: Attempt = { unit, acknowledged: false }
      attempts.push(attempt)
      const durable = journal.append(unit, random() < 0.2 ? soon : now)
      clock.advance(5)
      await durable
      attempt.acknowledged = true
      clock.advance(120)
    }
  }
  await Promise.all(['ses_a', 'ses_b', 'ses_c', 'ses_d', 'control'].map(caller))
  await journal.close()
}

/** What must hold of a disk after the power failed, and of the log once it is opened again. */
async function holds(disk: MemoryDisk, attempts: readonly Attempt[], crash: string): Promise<void> {
  const before = await verify(disk)
  const unfounded = before.findings.filter(({ what }) => what !== noLog)
  assert.deepEqual(unfounded, [], `${crash}: a crash looks like tampering`)
  const found = await recover(copy(disk))
  const journal = await open(disk)
  const events = await all(journal)
  const present = events.map(({ id }) => id)
  for (const { unit, acknowledged } of attempts) {
    const count = unit.events.filter(({ id }) => present.includes(id)).length
    if (acknowledged) assert.equal(count, unit.events.length, `${crash}: an acknowledged unit is missing`)
    else assert.ok(count === 0 || count === unit.events.length, `${crash}: half a unit is visible`)
  }
  const expected = attempts
    .flatMap(({ unit }) => unit.events.map(({ id }) => id))
    .filter((id) => present.includes(id))
  const own = present.filter((id) => expected.includes(id))
  for (const stream of new Set(attempts.map(({ unit }) => unit.stream))) {
    const of = (ids: readonly string[]): readonly string[] =>
      ids.filter((id) =>
        attempts.some(({ unit }) => unit.stream === stream && unit.events.some((event) => event.id === id)),
      )
    assert.deepEqual(of(own), of(expected), `${crash}: the order of ${stream} is not that of its appends`)
  }
  const told = events.filter(({ epoch, type }) => epoch === journal.epoch && type === 'LogRecovered')
  assert.equal(told.length, found?.dropped == null ? 0 : 1, `${crash}: dropped bytes and LogRecovered`)
  const lost = events.filter(({ epoch, type }) => epoch === journal.epoch && type === 'GatewayLost')
  assert.equal(lost.length, found?.lost === true ? 1 : 0, `${crash}: GatewayLost`)
  const make = eventsOf(countedIds(), 'ses_after')
  const served = journal.append({ stream: 'ses_after', events: [make.request('served again')] }, now)
  await served
  await journal.close()
  const after = await verify(disk)
  assert.deepEqual(after.findings, [], `${crash}: the log that goes on is not whole`)
}

function copy(disk: MemoryDisk): MemoryDisk {
  return new CrashingDisk(disk, Infinity, 0).survivor()
}

suite('a power failure', () => {
  test('at any change of the disk loses nothing that was acknowledged', async () => {
    const whole = new CrashingDisk(null, Infinity, 0)
    await workload(whole, [])
    assert.ok(whole.changes > 30, 'the workload is long enough')
    assert.ok(whole.files.size > 5, 'the workload fills several segments')
    let torn = 0
    for (const seed of [1, 2, 3])
      for (let at = 1; at <= whole.changes; at++) {
        const disk = new CrashingDisk(null, at, seed * 1_000 + at)
        const attempts: Attempt[] = []
        await Promise.race([workload(disk, attempts), disk.crashed])
        await settled()
        const survivor = disk.survivor()
        if ((await recover(copy(survivor)))?.dropped != null) torn += 1
        await holds(survivor, attempts, `seed ${seed}, change ${at}`)
      }
    assert.ok(torn > 20, `only ${torn} crashes left a write in part`)
  })

  test('while the log is taken up again loses nothing either', async () => {
    const whole = new CrashingDisk(null, Infinity, 0)
    await workload(whole, [])
    const clean = whole.changes + 1
    for (const at of [...Array.from({ length: clean / 3 - 2 }, (_, index) => 6 + 3 * index), clean])
      for (let again = 1; again <= 7; again++) {
        const first = new CrashingDisk(null, at, at)
        const attempts: Attempt[] = []
        await Promise.race([workload(first, attempts), first.crashed])
        const second = new CrashingDisk(first.survivor(), again, at + 31 * again)
        const opened = open(second).then((journal) => journal.close())
        await Promise.race([opened, second.crashed])
        await holds(second.survivor(), attempts, `change ${at}, then ${again}`)
      }
  })
})
