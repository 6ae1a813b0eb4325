import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemIds } from '@sluice/core'
import { openEmbedded } from './embedded.ts'
import type { Log } from './log.ts'
import { eventsOf } from './scripted.ts'
import { verifyApart, type LogPlace, type VerifyProgress } from './verify-apart.ts'

const ids = systemIds(systemClock)
const never = new AbortController().signal

suite('a log that is being written, verified in another thread', () => {
  let root: string
  let log: Log
  let place: LogPlace
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sluice-apart-'))
    const folder = join(root, 'log')
    const keys = join(root, 'keys')
    log = await openEmbedded({ path: folder, keys, clock: systemClock, ids, report: assert.fail })
    const make = eventsOf(ids, 'ses_1')
    const unit = { stream: 'ses_1', events: [make.request('select 1'), make.abandoned('late')] } as const
    await log.append(unit, { withinMs: 5_000, urgency: 'now' })
    place = { kind: 'folder', folder, kept: [] }
  })
  after(async () => {
    await log.close()
    await rm(root, { recursive: true, force: true })
  })

  test('is whole, and somebody is told how far it is', async () => {
    const told: VerifyProgress[] = []
    const { ok, events, findings } = await verifyApart(place, (progress) => told.push(progress), never)
    assert.deepEqual([ok, findings], [true, []])
    assert.ok(events >= 2, String(events))
    assert.ok(told.length > 0 && told.every(({ done, of }) => done <= of))
  })

  test('is held against what outlets wrote to files, as far as they are there', async () => {
    const strange = join(root, 'kept.jsonl')
    await writeFile(strange, 'nobody signed this\n')
    const missing = join(root, 'missing.jsonl')
    const { ok, findings } = await verifyApart({ ...place, kept: [strange, missing] }, () => {}, never)
    assert.equal(ok, false)
    assert.match(findings.map(({ what }) => what).join(), /no checkpoint that this log’s gateways signed/)
  })

  test('is given up when it is told to, and is not there without a log', async () => {
    const stop = new AbortController()
    const stopped = assert.rejects(
      verifyApart(place, () => {}, stop.signal),
      /stopped/,
    )
    stop.abort()
    await stopped
    await assert.rejects(
      verifyApart(place, () => {}, AbortSignal.abort()),
      /stopped/,
    )
    const nowhere: LogPlace = { kind: 'folder', folder: join(root, 'nowhere'), kept: [] }
    const { ok } = await verifyApart(nowhere, () => {}, never).catch(() => ({ ok: false }))
    assert.equal(ok, false)
  })

  test('is not whole when a byte of it is another one', async () => {
    if (place.kind !== 'folder') return
    const [segment = ''] = (await readdir(place.folder)).filter((name) => name.endsWith('.segment'))
    const file = await open(join(place.folder, segment), 'r+')
    const byte = Buffer.alloc(1)
    const at = 400
    await file.read(byte, 0, 1, at)
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
    await file.close()
    const { ok, findings } = await verifyApart(place, () => {}, never)
    assert.equal(ok, false)
    assert.ok(findings.length > 0)
  })
})
