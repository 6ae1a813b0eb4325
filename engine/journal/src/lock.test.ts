import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@sluice/core'
import { acquireLock, LockedError, type Lock } from './lock.ts'

suite('the lock of a log', () => {
  let folder: string
  const held: Lock[] = []
  const acquire = async (): Promise<Lock> => {
    const lock = await acquireLock(folder, systemClock)
    held.push(lock)
    return lock
  }
  /** As a process leaves it that was killed, with some of its words changed. */
  const leave = async (change: Record<string, unknown>): Promise<string> => {
    const lock = await acquireLock(folder, systemClock)
    const name = (await readdir(folder)).findLast((each) => each.startsWith('lock.')) ?? ''
    const owner = JSON.parse(await readFile(join(folder, name), 'utf8')) as Record<string, unknown>
    await lock.release()
    await writeFile(join(folder, name), JSON.stringify({ ...owner, ...change }))
    return join(folder, name)
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'))
  })
  afterEach(async () => {
    for (const lock of held.splice(0)) await lock.release()
    await rm(folder, { recursive: true })
  })

  test('refuses a second writer, and names the first', async () => {
    await acquire()
    await assert.rejects(acquire(), (error) => {
      assert.ok(error instanceof LockedError)
      assert.match(error.message, new RegExp(`being written by process ${process.pid}\\b`))
      return true
    })
  })

  test('is free after its release', async () => {
    for (let round = 0; round < 3; round++) await (await acquire()).release()
    assert.equal((await readdir(folder)).length, 1, 'old numbers are cleared away')
  })

  test('is taken over from a process that was killed', async () => {
    await leave({ pid: deadPid() })
    await acquire()
    await assert.rejects(acquire(), LockedError)
  })

  test('is taken over when another process has the pid of its owner by now', async () => {
    await leave({ started: '1' })
    await acquire()
  })

  test('goes to one of many that take it over at once', async () => {
    await leave({ pid: deadPid() })
    const attempts = await Promise.allSettled(Array.from({ length: 12 }, acquire))
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const attempt of attempts)
      if (attempt.status === 'rejected')
        assert.ok(attempt.reason instanceof LockedError, String(attempt.reason))
  })

  test('of another machine holds while that shows signs of life', async () => {
    const file = await leave({ machine: 'another' })
    await assert.rejects(acquire(), /another machine or container/)
    const longAgo = systemClock.now() / 1000 - 60
    await utimes(file, longAgo, longAgo)
    await acquire()
  })
})

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '0']).pid
}
