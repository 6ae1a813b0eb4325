import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openExporters, type ExporterStatus, type Exporters } from './exporters.ts'
import {
  clock,
  conversation,
  ids,
  plain,
  scratchFolder,
  ScriptedLog,
  ScriptedSink,
  until,
} from './scripted.ts'
import { delivered, failed, refusedBy } from './sink.ts'

function opened(
  log: ScriptedLog,
  folder: string,
  sinks: Readonly<Record<string, ScriptedSink>>,
): Promise<Exporters> {
  const destinations = Object.entries(sinks).map(([name, sink]) => ({
    name,
    sink,
    mapper: plain,
    sinceMs: 0,
  }))
  return openExporters({ destinations, folder, store: log, clock, ids, report: () => {} })
}

test('a receiver that is slow or down keeps nobody else waiting', async () => {
  using folder = scratchFolder()
  const log = new ScriptedLog()
  const [quick, slow, down] = [new ScriptedSink(), new ScriptedSink(), new ScriptedSink()]
  slow.answer = () => new Promise(() => {})
  down.answer = () => failed('no answer: ECONNREFUSED', 60_000)
  const exporters = await opened(log, join(folder.path, 'exporters'), { quick, slow, down })
  exporters.start()
  conversation(log, 'a', 20)
  await until(() => quick.got.length === log.events.length, 'the quick one')
  const status = (name: string): ExporterStatus | undefined =>
    exporters.status().find((each) => each.name === name)
  await until(() => status('down')?.trouble !== null && status('quick')?.lag.events === 0, 'the status')
  assert.deepEqual(status('quick'), {
    name: 'quick',
    documents: 62,
    deadLetters: 0,
    lag: { events: 0, seconds: 0 },
    events: 62,
    doneMs: log.events.at(-1)?.time,
    trouble: null,
    lastTrouble: null,
  })
  assert.equal(status('slow')?.lag.events, 62)
  assert.equal(status('down')?.trouble, 'no answer: ECONNREFUSED')
  assert.equal(status('down')?.lastTrouble?.reason, 'no answer: ECONNREFUSED')
  slow.answer = () => delivered
  await exporters.close()
})

test('each has a place and dead letters of its own, and an exporter that was taken out goes on when it is back', async () => {
  using folder = scratchFolder()
  const log = new ScriptedLog()
  const [one, other] = [new ScriptedSink(), new ScriptedSink()]
  other.answer = (batch) => (batch.some(({ id }) => id === 'evt_000001') ? refusedBy('no') : delivered)
  conversation(log, 'a')
  for (const sinks of [{ one, other }, { one }, { one, other }]) {
    const exporters = await opened(log, folder.path, sinks)
    exporters.start()
    const last = log.events.at(-1)?.id ?? ''
    await until(() => Object.values(sinks).every(({ gotIds }) => gotIds.includes(last)), 'the end')
    await exporters.close()
    conversation(log, `b${one.got.length}`)
  }
  assert.equal(one.got.length, 15)
  assert.equal(new Set(other.gotIds).size, other.gotIds.length, 'nothing twice')
  assert.equal(other.got.length, 14)
  const letters = readFileSync(join(folder.path, 'other.dead.jsonl'), 'utf8').trimEnd().split('\n')
  assert.equal(letters.length, 1)
  assert.equal((JSON.parse(letters[0] ?? '') as { readonly id: string }).id, 'evt_000001')
  assert.equal(existsSync(join(folder.path, 'one.dead.jsonl')), false)
})

test('without destinations nothing is made and nothing is read', async () => {
  using folder = scratchFolder()
  const log = new ScriptedLog()
  const exporters = await opened(log, join(folder.path, 'exporters'), {})
  exporters.start()
  assert.deepEqual(exporters.status(), [])
  await exporters.close()
  assert.equal(existsSync(join(folder.path, 'exporters')), false)
  assert.equal(log.readings, 0)
})
