import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock, systemIds, type RecordedEvent } from '@sluice/core'
import type { CheckpointOutlet } from './checkpoint-courier.ts'
import { openEmbedded } from './embedded.ts'
import { KeyError } from './keys.ts'
import { LockedError } from './lock.ts'
import type { Log } from './log.ts'
import { eventsOf } from './scripted.ts'
import { dataKeyId } from './sealing.ts'
import { verifyLog } from './verify.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 5_000, urgency: 'now' } as const

suite('the embedded log', () => {
  let root: string
  let children: ChildProcess[]
  const open = (): Promise<Log> =>
    openEmbedded({
      path: join(root, 'log'),
      keys: join(root, 'keys'),
      clock: systemClock,
      ids,
      report: (what, error) => assert.fail(`${what}: ${String(error)}`),
      segmentBytes: 65_536,
    })
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-embedded-'))
    children = []
  })
  afterEach(async () => {
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    await rm(root, { recursive: true })
  })

  /** A process that appends without end, and prints the id of each event that was acknowledged. */
  const writer = (): { readonly child: ChildProcess; readonly acknowledged: string[] } => {
    const script = fileURLToPath(new URL('scripted-writer.ts', import.meta.url))
    const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning']
    const child = spawn(process.execPath, [...flags, script, root], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const acknowledged: string[] = []
    createInterface({ input: child.stdout }).on('line', (id) => acknowledged.push(id))
    return { child, acknowledged }
  }
  test('keeps every acknowledged event of a process that is killed in the midst of writing', async () => {
    const seen: string[] = []
    for (const round of [1, 2, 3]) {
      const { child, acknowledged } = writer()
      await written(acknowledged, 60 * round)
      child.kill('SIGKILL')
      await once(child, 'exit')
      seen.push(...acknowledged)
      const crashed = await verifyLog(join(root, 'log'))
      assert.deepEqual(crashed.findings, [], 'a crash is no finding')
    }
    const log = await open()
    assert.equal(log.epoch, 4)
    const events: RecordedEvent[] = []
    for await (const event of log.read()) events.push(event)
    const present = new Set(events.map(({ id }) => id))
    assert.deepEqual(
      seen.filter((id) => !present.has(id)),
      [],
    )
    const lost = events.flatMap((event) => (event.type === 'GatewayLost' ? [event.data] : []))
    assert.deepEqual(
      lost,
      [1, 2, 3].map((epoch) => ({ writer: log.writer, epoch, resumes: 0 })),
    )
    assert.deepEqual(new Set(events.map((event) => event.writer)), new Set([log.writer]))
    await log.close()
    assert.deepEqual((await verifyLog(join(root, 'log'))).findings, [])
  })

  test('has one writer, of whatever process, and readers beside it', async () => {
    const { child, acknowledged } = writer()
    await written(acknowledged, 20)
    await assert.rejects(open(), (error) => {
      assert.ok(error instanceof LockedError)
      assert.match(error.message, new RegExp(`process ${child.pid}\\b`))
      return true
    })
    for (let round = 0; round < 10; round++)
      assert.deepEqual((await verifyLog(join(root, 'log'))).findings, [], 'the log grows meanwhile')
    const before = acknowledged.length
    await written(acknowledged, before + 20)
  })

  test('opens again after closing, also at once in the same process', async () => {
    const first = await open()
    await assert.rejects(open(), LockedError)
    await first.close()
    const second = await open()
    assert.deepEqual([second.writer, second.epoch], [first.writer, 2])
    await second.close()
  })

  test('does not stay locked when it cannot be opened', async () => {
    await (await open()).close()
    const options = { path: join(root, 'log'), clock: systemClock, ids, report: () => {} }
    await assert.rejects(openEmbedded({ ...options, keys: join(root, 'other keys') }), KeyError)
    await (await open()).close()
  })

  test('is for its owner only', async () => {
    const log = await open()
    await log.append({ stream: 'ses_a', events: [eventsOf(ids, 'ses_a').request('x')] }, now)
    await log.close()
    const folder = join(root, 'log')
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    for (const name of await readdir(folder))
      if (name !== 'gateway.pub' && !name.startsWith('lock.'))
        assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  })

  test('lets the content of a closed stream be erased for good, and stays whole', async () => {
    const log = await open()
    for (const stream of ['ses_a', 'ses_b'])
      await log.append({ stream, events: [eventsOf(ids, stream).request(`content of ${stream}`)] }, now)
    const events: RecordedEvent[] = []
    for await (const event of log.read()) events.push(event)
    const [a, b] = events
    assert.ok(a?.sealed && b)
    await log.erase(dataKeyId(a.sealed))
    assert.deepEqual(await log.unseal(a), { kind: 'erased' })
    assert.deepEqual(await log.unseal(b), { kind: 'content', content: Buffer.from('content of ses_b') })
    await log.close()
    assert.deepEqual((await verifyLog(join(root, 'log'))).findings, [])
  })

  test('lets its oldest segments be removed, and what others find of it is whole', async () => {
    const path = join(root, 'log')
    const options = { path, keys: join(root, 'keys'), clock: systemClock, ids, segmentBytes: 4_096 }
    const report = (what: string): void => assert.fail(what)
    const lines: string[] = []
    const outlet: CheckpointOutlet = {
      name: 'elsewhere',
      keep: async (line) => void lines.push(line),
      close: async () => {},
    }
    const before = await openEmbedded({ ...options, report, outlets: [outlet] })
    for (let at = 0; at < 30; at++) {
      const stream = at % 10 === 0 ? 'control' : 'ses_a'
      const make = eventsOf(ids, stream)
      const one = stream === 'control' ? make.removed('shop') : make.request('x'.repeat(300))
      await before.append({ stream, events: [one] }, now)
    }
    await before.close()
    await using stack = new AsyncDisposableStack()
    const log = await openEmbedded({ ...options, report })
    stack.defer(() => log.close())
    const removal = { until: systemClock.now() + 60_000, isKept: () => false, holds: 0 }
    assert.ok((await log.removeOlder(removal)) > 1)
    assert.ok(!(await readdir(path)).includes('0000000001.segment'))
    const beside = await verifyLog(path)
    assert.deepEqual(beside.findings, [])
    assert.ok(beside.removed > 10)
    await log.close()
    const again = await openEmbedded({ ...options, report })
    stack.defer(() => again.close())
    const types: string[] = []
    for await (const event of again.read(undefined, 'control')) types.push(event.type)
    assert.deepEqual(types, ['TargetRemoved', 'TargetRemoved', 'TargetRemoved', 'SegmentsRemoved'])
    await again.close()
    assert.deepEqual((await verifyLog(path)).findings, [])
    assert.deepEqual((await verifyLog(path, { since: systemClock.now() - 60_000 })).findings, [])
    // The first line is of what was removed since, the last of what is there.
    assert.ok(lines.length > 1)
    for (const some of [lines.slice(0, 1), lines]) {
      const kept = [{ name: 'kept.jsonl', lines: Readable.from(some) }]
      assert.deepEqual((await verifyLog(path, { kept })).findings, [])
    }
  })
})

async function written(acknowledged: readonly string[], count: number): Promise<void> {
  const deadline = performance.now() + 20_000
  while (acknowledged.length < count) {
    assert.ok(performance.now() < deadline, 'the writer does not write')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
