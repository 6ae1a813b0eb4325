import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, type EventData } from '@sluice/core'
import type { Journal } from './journal.ts'
import { memoryKeys } from './keys.ts'
import { MemoryDisk } from './memory-disk.ts'
import { openMemory } from './memory.ts'
import { Retention } from './retention.ts'
import { countedIds, eventsOf, ManualClock, settled } from './scripted.ts'
import { dataKeyId } from './sealing.ts'

const day = 86_400_000
const now = { withinMs: 5_000, urgency: 'now' } as const

suite('retention, on a clock that stands still', () => {
  const clock = new ManualClock()
  const ids = countedIds()
  const disk = new MemoryDisk()
  const keys = memoryKeys()
  const reports: string[] = []
  const report = (what: string): void => void reports.push(what)
  const open = (): Promise<Journal> => openMemory({ clock, ids, disk, keys, report })
  const retaining = (log: Journal): Retention =>
    new Retention({ contentMs: 90 * day, auditMs: null }, { log, clock, ids, report, isOpen: () => false })

  async function over(log: Journal, stream: string): Promise<void> {
    const of = eventsOf(ids, stream)
    const time = clock.now()
    const request = { ...of.request(`of ${stream}`), time }
    await log.append({ stream, events: [request, { ...of.closed(), time }] }, now)
  }

  async function readable(log: Journal): Promise<readonly string[]> {
    const found: string[] = []
    for await (const event of log.read()) {
      const unsealed = await log.unseal(event)
      if (unsealed.kind === 'content') found.push(Buffer.from(unsealed.content).toString())
    }
    return found
  }

  test('looks at once and then each hour, and stops when it is closed', async () => {
    const log = await open()
    await over(log, 'ses_a')
    clock.advance(day)
    await over(log, 'ses_b')
    const retention = retaining(log)
    retention.start()
    await settled()
    assert.deepEqual(await readable(log), ['of ses_a', 'of ses_b'])
    clock.advance(89 * day + limits.retentionSweepMs)
    await settled()
    assert.deepEqual(await readable(log), ['of ses_b'])
    await retention.close()
    clock.advance(90 * day)
    await settled()
    assert.deepEqual(await readable(log), ['of ses_b'])
    await log.close()
    assert.deepEqual(reports, [])
  })

  test('does first what an incarnation had announced and did not come to', async () => {
    const before = await open()
    const sealed: number[] = []
    for await (const event of before.read())
      if (event.sealed !== null && event.stream === 'ses_b') sealed.push(dataKeyId(event.sealed))
    const data: EventData['KeyErased'] = { keys: sealed, selector: 'x', by: 'i#c', reason: 'r', holds: 0 }
    const event = { id: ids.next('evt'), time: clock.now(), type: 'KeyErased', data } as const
    await before.append({ stream: 'control', events: [event] }, now)
    await before.close()
    const log = await open()
    assert.deepEqual(await readable(log), ['of ses_b'])
    const times = { contentMs: null, auditMs: null }
    const retention = new Retention(times, { log, clock, ids, report, isOpen: () => false })
    retention.start()
    await retention.close()
    assert.deepEqual(await readable(log), [])
    await log.close()
    assert.deepEqual(reports, [])
  })
})
