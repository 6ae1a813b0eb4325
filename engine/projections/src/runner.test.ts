import { test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock } from '@sluice/core'
import type { Projection } from './projection.ts'
import { Runner } from './runner.ts'
import { ScriptedLog } from './scripted.ts'

/** Adds up in memory and writes down when it is shown, as the models do. */
function counting(fails: () => boolean): Projection {
  return {
    name: 'counting',
    version: 1,
    tables: 'create table counting (id integer primary key, events integer not null) strict;',
    fold(db) {
      const add = db.prepare(
        'insert into counting values (1, ?) on conflict do update set events = events + excluded.events',
      )
      let sum = 0
      return {
        event: () => void (sum += 1),
        done() {
          add.run(sum)
          sum = 0
          if (fails()) throw new Error('the disk is full')
        },
      }
    },
  }
}

test('what could not be folded is folded again, and counted once', async () => {
  const log = new ScriptedLog()
  const write = (count: number): void => {
    for (let nth = 0; nth < count; nth++)
      log.write({ stream: 'ses_a' }, 'ExchangeAbandoned', { session: 'ses_a', exchange: 'e', reason: 'r' })
  }
  const reports: string[] = []
  // Time passes at once.
  const clock = { ...systemClock, after: (ms: number, then: () => void) => systemClock.after(ms / 50, then) }
  let failures = 2
  const runner = new Runner(
    {
      store: log,
      clock,
      file: ':memory:',
      report: (what, error) => reports.push(`${what}: ${String(error)}`),
    },
    [counting(() => runner.status.events > 100 && failures-- > 0)],
  )
  const counted = (): unknown => runner.db.prepare('select events from counting').get()?.['events']
  const settled = async (events: number): Promise<void> => {
    for (let tries = 0; counted() !== events && tries < 400; tries++)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }
  write(150)
  runner.start()
  await settled(150)
  write(500)
  await settled(650)
  assert.equal(counted(), 650)
  const again = 'the read models do not follow the log; trying again: Error: the disk is full'
  assert.deepEqual(reports, [again, again])
  assert.ok(runner.status.healthy)
  await runner.close()
})
