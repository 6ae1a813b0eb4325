import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds, type Unit } from '@sluice/core'
import type { CheckpointOutlet } from './checkpoint-courier.ts'
import { openEmbedded } from './embedded.ts'
import type { KeptCheckpoints } from './kept-checkpoints.ts'
import { KeyFiles } from './key-files.ts'
import { memoryKeys, openKeys } from './keys.ts'
import { LocalDisk } from './local-disk.ts'
import type { Log } from './log.ts'
import { openMemory } from './memory.ts'
import { MemoryDisk } from './memory-disk.ts'
import { countedIds, eventsOf, ManualClock } from './scripted.ts'
import { fixChecksum, fixHash, framesOf, rewrite, withFrames } from './scripted-forger.ts'
import { segmentHeaderBytes } from './segment.ts'
import { verify, verifyLog } from './verify.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 5_000, urgency: 'now' } as const

/** Appends one after another, so that each unit is a frame of its own. */
async function fill(log: Pick<Log, 'append'>, streams: readonly string[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++)
    for (const stream of streams) {
      const make = eventsOf(ids, stream)
      const unit: Unit = {
        stream,
        events: [make.request(`statement ${round}`), make.abandoned('it was late')],
      }
      await log.append(unit, now)
    }
}

/** Keeps checkpoints in memory, as a file somewhere else would. */
function elsewhere(): {
  readonly outlet: CheckpointOutlet
  readonly kept: () => readonly KeptCheckpoints[]
} {
  const lines: string[] = []
  const read = async function* (): AsyncGenerator<string> {
    yield* lines
  }
  return {
    outlet: { name: 'elsewhere', keep: async (line) => void lines.push(line), close: async () => {} },
    kept: () => [{ name: 'kept.jsonl', lines: read() }],
  }
}

function number(segment: number): string {
  return `${String(segment).padStart(10, '0')}.segment`
}

suite('a log in files that was closed', () => {
  let root: string
  let folder: string
  const at = (name: string): string => join(folder, name)
  const open = (
    segmentBytes: number,
    outlets: readonly CheckpointOutlet[] = [],
    keys = join(root, 'keys'),
  ): Promise<Log> =>
    openEmbedded({
      path: folder,
      keys,
      outlets,
      clock: systemClock,
      ids,
      report: (what, error) => assert.fail(`${what}: ${String(error)}`),
      segmentBytes,
    })
  const named = async (what: RegExp, name?: string): Promise<void> => {
    const { ok, findings } = await verifyLog(folder)
    assert.ok(!ok)
    assert.ok(
      findings.some((finding) => what.test(finding.what) && (name === undefined || finding.segment === name)),
      `${what} is not among ${JSON.stringify(findings, null, 1)}`,
    )
  }
  /** Changes the frames of the first segment. */
  const forge = async (change: (frames: Buffer[]) => readonly Buffer[]): Promise<void> => {
    const segment = await readFile(at(number(1)))
    const frames = framesOf(segment).map(({ bytes }) => bytes)
    await writeFile(at(number(1)), withFrames(segment, change(frames)))
  }

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-verify-'))
    folder = join(root, 'log')
  })
  afterEach(() => rm(root, { recursive: true }))

  const small = async (): Promise<void> => {
    await using stack = new AsyncDisposableStack()
    const log = stack.adopt(await open(65_536), (opened) => opened.close())
    await fill(log, ['ses_a', 'ses_b', 'control'], 4)
  }
  const large = async (): Promise<void> => {
    await using stack = new AsyncDisposableStack()
    const log = stack.adopt(await open(4_096), (opened) => opened.close())
    await fill(log, ['ses_a', 'ses_b'], 12)
  }

  test('is whole, and is counted', async () => {
    await small()
    assert.deepEqual(await verifyLog(folder), {
      ok: true,
      events: 24,
      streams: 3,
      unknown: 0,
      removed: 0,
      findings: [],
    })
    await large()
    const { ok, events, streams } = await verifyLog(folder)
    assert.deepEqual({ ok, events, streams }, { ok: true, events: 72, streams: 3 })
  })

  test('any byte that was flipped is found, in every file', async () => {
    await large()
    for (const name of await readdir(folder)) {
      if (name.startsWith('lock.')) continue
      const whole = await readFile(at(name))
      for (let offset = 3; offset < whole.length; offset += Math.ceil(whole.length / 23)) {
        const changed = Buffer.from(whole)
        changed[offset] = (changed[offset] ?? 0) ^ 0x10
        await writeFile(at(name), changed)
        const { findings } = await verifyLog(folder)
        const erased = name.endsWith('.keys') && offset % 128 === 0
        assert.ok(findings.length > 0 || erased, `${name}, byte ${offset}`)
        assert.ok(
          findings.some(({ segment }) => segment === name),
          `${name}, byte ${offset} is not named`,
        )
      }
      await writeFile(at(name), whole)
    }
    assert.ok((await verifyLog(folder)).ok)
  })

  test('an event whose bytes were changed is named, though its checksum was made right', async () => {
    await small()
    await forge((frames) => {
      const frame = frames[4]
      assert.ok(frame)
      frame.write('IT WAS LATE', frame.indexOf('it was late'))
      fixChecksum(frame)
      return frames
    })
    await named(/event was changed: its hash does not fit/)
    const { findings } = await verifyLog(folder)
    assert.deepEqual([findings[0]?.stream, findings[0]?.seq], ['ses_a', 3])
  })

  test('an event whose hash was made right as well no longer fits what follows', async () => {
    await small()
    await forge((frames) => {
      const frame = frames[4]
      assert.ok(frame)
      frame.write('IT WAS LATE', frame.indexOf('it was late'))
      fixHash(frame, 1)
      return frames
    })
    await named(/does not follow the one before it/)
    await named(/what comes before this frame was changed or removed/)
  })

  test('a log written anew from the first change to the end is not the one that the head signed', async () => {
    await small()
    const segment = await readFile(at(number(1)))
    const changed = await rewrite(segment, (event) => ({ ...event, run_id: 'another' }), null)
    await writeFile(at(number(1)), changed.segment)
    await named(/end of the log was cut off or changed/)
    await named(/signature of the event is not/)
  })

  test('a removed unit is named by its streams and by the log', async () => {
    await small()
    await forge((frames) => frames.filter((_, index) => index !== 5))
    await named(/2 events are missing before this frame/)
    await named(/events 2 to 3 of the stream are missing/)
  })

  test('a removed unit is named when the numbers of what follows were made right', async () => {
    await small()
    await forge((frames) =>
      frames.flatMap((frame, index) => {
        if (index === 5) return []
        if (index > 5) frame.writeBigUInt64LE(frame.readBigUInt64LE(24) - 2n, 24)
        return [fixChecksum(frame)]
      }),
    )
    await named(/what comes before this frame was changed or removed/)
    await named(/events 2 to 3 of the stream are missing/)
  })

  test('units in another order are named', async () => {
    await small()
    await forge(([opened, a, b, ...rest]) => {
      assert.ok(opened && a && b)
      return [opened, b, a, ...rest]
    })
    await named(/it is repeated or in another order/)
  })

  test('a repeated unit is named', async () => {
    await small()
    await forge((frames) => {
      const last = frames[12]
      assert.ok(last)
      return [...frames.slice(0, 13), last, ...frames.slice(13)]
    })
    await named(/it is repeated or in another order/)
    await named(/the event is repeated|already has an event of this number/)
  })

  test('a fork is named: another event with the number and the predecessor of one that is there', async () => {
    await small()
    await forge((frames) => {
      const frame = frames[4]
      assert.ok(frame)
      const fork = Buffer.from(frame)
      fork.write('it was soon', fork.indexOf('it was late'))
      return [...frames.slice(0, 5), fixHash(fork, 1), ...frames.slice(5)]
    })
    await named(/repeated, or the stream forks/)
  })

  test('a control event by somebody else is named', async () => {
    await small()
    await forge((frames) => {
      const frame = frames[3]
      assert.ok(frame)
      frame.write('it was soon', frame.indexOf('it was late'))
      return frames.map((each) => (each === frame ? fixHash(frame, 1) : each))
    })
    await named(/the signature of the event is not/)
  })

  test('a tail that was cut is named, however cleanly', async () => {
    await small()
    const whole = await readFile(at(number(1)))
    const frames = framesOf(whole).map(({ bytes }) => bytes)
    for (const kept of [frames.length - 1, frames.length - 2, 3, 0]) {
      await writeFile(at(number(1)), withFrames(whole, frames.slice(0, kept)))
      await named(/end of the log was cut off/, number(1))
    }
    await writeFile(at(number(1)), whole)
    await truncate(at(number(1)), segmentHeaderBytes + 700)
    await named(/end of the log was cut off/, number(1))
  })

  test('a segment that is missing is named, wherever it was', async () => {
    await large()
    const used = (await readdir(folder)).filter((name) => name.endsWith('.segment')).toSorted()
    const last = used.length - 1
    assert.ok(last > 3)
    for (const gone of [1, 2, last]) {
      await rename(at(number(gone)), at('away'))
      await named(gone === last ? /end of the log was cut off/ : /this segment is missing/)
      await rename(at('away'), at(number(gone)))
    }
    assert.ok((await verifyLog(folder)).ok)
  })

  test('segments that changed places, or are there twice, are named', async () => {
    await large()
    const [second, third] = await Promise.all([readFile(at(number(2))), readFile(at(number(3)))])
    await writeFile(at(number(2)), third)
    await named(/this is segment 3 under another name/)
    await writeFile(at(number(3)), second)
    await named(/this is segment 2 under another name/)
    await writeFile(at(number(2)), second)
    await named(/does not follow the one before it/)
  })

  test('a head that is missing, or somebody else’s, is named', async () => {
    await small()
    const head = await readFile(at('head'))
    const stranger = await openKeys(join(root, 'other'))
    const segment = await readFile(at(number(1)))
    const forged = await rewrite(segment, (event) => ({ ...event, run_id: 'another' }), stranger)
    assert.ok(forged.head)
    await rm(at('head'))
    await named(/nobody can say whether the end/, 'head')
    await writeFile(at('head'), forged.head)
    await named(/not signed by the gateway/, 'head')
    await writeFile(at('head'), Buffer.alloc(head.length))
    await named(/nobody can say whether the end/, 'head')
  })

  test('data keys that are missing are named, those that were erased are not', async () => {
    await small()
    const disk = await LocalDisk.open(folder)
    await (await KeyFiles.open(disk)).erase(256)
    await disk.close()
    assert.ok((await verifyLog(folder)).ok)
    await small()
    await rm(at('0000000001.keys'))
    await named(/data keys are missing/, '0000000001.keys')
  })

  test('what was written since a time is checked without what came before it', async () => {
    const log = await open(4_096)
    await fill(log, ['ses_a', 'ses_b'], 20)
    await log.close()
    const all = await verifyLog(folder)
    const since = await verifyLog(folder, { since: systemClock.now() + 60_000 })
    assert.ok(all.ok && since.ok, JSON.stringify(since.findings))
    assert.ok(since.events > 0 && since.events < all.events, `${since.events} of ${all.events}`)
    const last = (await readdir(folder)).filter((name) => name.endsWith('.segment')).toSorted()
    const bytes = await readFile(at(last[0] ?? ''))
    bytes[2_000] = (bytes[2_000] ?? 0) ^ 1
    await writeFile(at(last[0] ?? ''), bytes)
    assert.ok((await verifyLog(folder, { since: systemClock.now() + 60_000 })).ok)
    assert.ok(!(await verifyLog(folder)).ok)
  })

  test('an older copy of the log, head and all, is found by what was kept elsewhere', async () => {
    const { outlet, kept } = elsewhere()
    const written = async (): Promise<void> => {
      const log = await open(4_096, [outlet])
      await fill(log, ['ses_a'], 5)
      await log.close()
    }
    await written()
    assert.deepEqual((await verifyLog(folder, { kept: kept() })).findings, [])
    await cp(folder, join(root, 'older'), { recursive: true })
    await written()
    assert.deepEqual((await verifyLog(folder, { kept: kept() })).findings, [])
    assert.ok((await verifyLog(join(root, 'older'))).ok, 'by itself it is whole')
    const { findings } = await verifyLog(join(root, 'older'), { kept: kept() })
    assert.equal(findings.length, 1)
    assert.match(
      findings[0]?.what ?? '',
      /^the end of the log was cut off or changed: \d+ events were acknowledged, .* says kept\.jsonl$/,
    )
  })

  test('a log that was begun anew is found by what was kept elsewhere', async () => {
    const { outlet, kept } = elsewhere()
    for (const keys of ['keys', 'others'] as const) {
      const log = await open(4_096, keys === 'keys' ? [outlet] : [], join(root, keys))
      await fill(log, ['ses_a'], 5)
      await log.close()
      const { ok, findings } = await verifyLog(folder, { kept: kept() })
      assert.equal(ok, keys === 'keys', JSON.stringify(findings))
      if (!ok)
        assert.match(findings[0]?.what ?? '', /line 1 is no checkpoint that this log’s gateways signed/)
      await rm(folder, { recursive: true })
    }
  })

  test('a folder without a log is no whole log', async () => {
    await named(/there is no log in this folder/)
    await mkdir(folder)
    await named(/there is no log in this folder/)
  })
})

suite('a log in memory', () => {
  test('has no byte that can be flipped unseen', async () => {
    const disk = new MemoryDisk()
    const clock = new ManualClock()
    const log = await openMemory({ disk, clock, ids: countedIds(), report: () => {}, segmentBytes: 4_096 })
    await fill(log, ['ses_a', 'control'], 1)
    await log.close()
    assert.ok((await verify(disk)).ok)
    for (const name of [number(1), 'head']) {
      const file = disk.files.get(name) ?? Buffer.alloc(0)
      const used = framesOf(disk.files.get(number(1)) ?? file).at(-1)
      assert.ok(used)
      // Of the zeros behind it a part is enough.
      for (let offset = 0; offset < file.length; offset += offset < used.at + used.bytes.length ? 1 : 37) {
        const before = file[offset] ?? 0
        file[offset] = before ^ (1 << (offset % 8))
        const { findings } = await verify(disk)
        file[offset] = before
        assert.ok(
          findings.some(({ segment }) => segment === name),
          `${name}, byte ${offset}`,
        )
      }
    }
  })

  test('of a newer version is whole, and its events are counted as unknown', async () => {
    const disk = new MemoryDisk()
    const keys = memoryKeys()
    const options = { disk, keys, clock: new ManualClock(), ids: countedIds(), report: () => {} }
    const log = await openMemory(options)
    await fill(log, ['ses_a', 'control'], 2)
    await log.close()
    const newer = await rewrite(
      disk.files.get(number(1)) ?? Buffer.alloc(0),
      (event) => (event.type === 'ExchangeAbandoned' ? { ...event, type: 'ExchangeRetried' } : event),
      keys,
    )
    disk.files.set(number(1), newer.segment)
    disk.files.set('head', newer.head ?? Buffer.alloc(0))
    assert.deepEqual(await verify(disk), {
      ok: true,
      events: 8,
      streams: 2,
      unknown: 4,
      removed: 0,
      findings: [],
    })
  })

  test('is whole at any moment while it is written', async () => {
    const disk = new MemoryDisk()
    const options = { disk, clock: systemClock, ids, report: () => {}, segmentBytes: 8_192 }
    const log = await openMemory(options)
    const progress = { writing: true }
    const written = fill(log, ['ses_a', 'ses_b', 'control'], 25).finally(() => (progress.writing = false))
    let checks = 0
    for (; progress.writing; checks++) {
      const { findings, events } = await verify(disk)
      assert.deepEqual(findings, [], `after ${events} events`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await written
    await log.close()
    assert.ok(checks > 5)
    assert.ok((await verify(disk)).ok)
  })
})
