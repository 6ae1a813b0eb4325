import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, type Clock, type Position } from '@sluice/core'
import { LogEnd, type Progress } from './lag.ts'
import { clock, conversation, ScriptedLog, until } from './scripted.ts'

function still(now: number): Clock {
  return { ...clock, now: () => now }
}

function progress(of: Partial<Progress> = {}): { -readonly [K in keyof Progress]: Progress[K] } {
  return { position: null, events: 0, pendingMs: null, doneMs: 0, ...of }
}

const begin = 1_800_000_000_000

test('the distance is in events, and in seconds since the oldest that waits', async () => {
  const log = new ScriptedLog()
  conversation(log, 'a', 2)
  await using stack = new AsyncDisposableStack()
  const end = new LogEnd(progress(), { store: log, clock: still(begin + 20_000), report: assert.fail })
  stack.defer(() => end.close())
  const mine = progress()
  const lag = end.follower(mine)
  end.start()
  await until(() => lag().events === 8, 'the end')
  Object.assign(mine, { events: 3, position: '2', doneMs: begin + 2_000 })
  assert.deepEqual(lag(), { events: 5, seconds: 18 })
  Object.assign(mine, { pendingMs: begin + 3_000 })
  assert.deepEqual(lag(), { events: 5, seconds: 17 })
  Object.assign(mine, { events: 8, position: '7', pendingMs: null, doneMs: begin + 7_000 })
  assert.deepEqual(lag(), { events: 0, seconds: 0 })
})

test('who had everything until now is not late by the silence before', async () => {
  const log = new ScriptedLog()
  conversation(log, 'a')
  await using stack = new AsyncDisposableStack()
  const done = progress({ events: 5, position: '4' as Position, doneMs: begin + 4_000 })
  const end = new LogEnd(done, { store: log, clock: still(begin + 3_600_500), report: assert.fail })
  stack.defer(() => end.close())
  const lag = end.follower(done)
  end.start()
  log.write({ stream: 'control', time: begin + 3_600_000 }, 'SessionKilled', {
    session: 'x',
    by: 'x',
    reason: '',
  })
  await until(() => lag().events === 1, 'the event')
  assert.deepEqual(lag(), { events: 1, seconds: 0.5 })
})

test('counting begins where the farthest is, and nothing before is read', async () => {
  const log = new ScriptedLog()
  conversation(log, 'a', 20)
  await using stack = new AsyncDisposableStack()
  const farthest = progress({ events: 60, position: '59' as Position })
  const end = new LogEnd(farthest, { store: log, clock: still(begin), report: assert.fail })
  stack.defer(() => end.close())
  const lag = end.follower(progress())
  assert.equal(lag().events, 60)
  end.start()
  await until(() => lag().events === 62, 'the end')
})

test('what was removed from the log before it could be counted is nobody’s distance', async () => {
  const log = new ScriptedLog()
  conversation(log, 'a')
  await using stack = new AsyncDisposableStack()
  const farthest = progress({ events: 1_000, position: '2' as Position })
  const end = new LogEnd(farthest, { store: log, clock: still(begin), report: assert.fail })
  stack.defer(() => end.close())
  const newcomer = progress()
  const lag = end.follower(newcomer)
  end.start()
  await until(() => lag().events === 1_002, 'the end')
  Object.assign(newcomer, { events: 5, position: '4' })
  assert.equal(lag().events, 0)
  conversation(log, 'b')
  await until(() => lag().events === 5, 'what came')
})

test('a log that was replaced is counted from its start', async () => {
  const log = new ScriptedLog()
  conversation(log, 'a')
  const reported: string[] = []
  await using stack = new AsyncDisposableStack()
  const farthest = progress({ events: 1_000, position: '999' as Position })
  const end = new LogEnd(farthest, { store: log, clock, report: (what) => reported.push(what) })
  stack.defer(() => end.close())
  const lag = end.follower(progress())
  end.start()
  await until(() => lag().events === 5, 'the end')
  assert.equal(reported.length, 1)
})

test('others have their turn while it counts', async () => {
  const log = new ScriptedLog()
  for (let number = 0; number < 1_000; number++) conversation(log, `s${number}`)
  await using stack = new AsyncDisposableStack()
  const end = new LogEnd(progress(), { store: log, clock, report: assert.fail })
  stack.defer(() => end.close())
  const lag = end.follower(progress())
  end.start()
  let turns = 0
  while (lag().events < 5_000) {
    turns += 1
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  assert.ok(turns > 5_000 / limits.exportTurnEvents / 2, String(turns))
})
