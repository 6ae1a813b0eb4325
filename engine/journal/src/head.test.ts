import { beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { HeadFile, isSignedBy, readHead } from './head.ts'
import { memoryKeys } from './keys.ts'
import { FailingDisk, ManualClock, settled } from './scripted.ts'

const signer = memoryKeys()
const zeros = Buffer.alloc(32)

function at(events: number): { readonly events: number; readonly link: Buffer } {
  return { events, link: Buffer.alloc(32, events) }
}

suite('the head of a log', () => {
  let disk: FailingDisk
  let clock: ManualClock
  let reports: string[]
  let head: HeadFile
  const stored = async (): Promise<number | undefined> => (await readHead(disk))?.newest?.events
  beforeEach(async () => {
    disk = new FailingDisk()
    clock = new ManualClock()
    reports = []
    head = new HeadFile({ disk, signer, clock, report: (what) => reports.push(what) }, 0)
    await head.create(zeros)
  })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }

  test('follows the log at its own pace, with the newest of what it was told', async () => {
    for (const events of [1, 2, 3]) head.note(at(events))
    assert.equal(await stored(), 0)
    await pass(500)
    assert.equal(await stored(), 3)
    const { writes } = disk
    await pass(5_000)
    assert.equal(disk.writes, writes, 'nothing new, nothing written')
  })

  test('does not forget what it was told while it wrote', async () => {
    head.note(at(1))
    disk.hold()
    await pass(500)
    head.note(at(2))
    disk.release()
    await settled()
    assert.equal(await stored(), 1)
    await pass(500)
    assert.equal(await stored(), 2)
  })

  test('tries again after a failure, and says so once', async () => {
    head.note(at(1))
    disk.failing = 'EIO'
    for (let turn = 0; turn < 4; turn++) await pass(500)
    assert.equal(await stored(), 0)
    assert.equal(reports.length, 1)
    disk.failing = undefined
    await pass(500)
    assert.equal(await stored(), 1)
  })

  test('always has a whole slot, and the newest one counts', async () => {
    for (const events of [1, 2, 3, 4, 5]) {
      head.note(at(events))
      await pass(500)
      const bytes = disk.files.get('head')
      assert.ok(bytes)
      const whole = Buffer.from(bytes)
      const seen: (number | undefined)[] = []
      for (const slot of [0, 4096]) {
        bytes.fill(0xee, slot + 16, slot + 40)
        seen.push(await stored())
        whole.copy(bytes)
      }
      assert.deepEqual(new Set(seen), new Set([events - 1, events]))
    }
  })

  test('is signed, and agrees with itself once it is closed', async () => {
    head.note(at(1))
    await pass(500)
    await head.close(at(2))
    await pass(5_000)
    const read = await readHead(disk)
    assert.ok(read?.newest)
    assert.deepEqual([read.agreed, read.damaged, read.newest.closed, read.newest.events], [true, [], true, 2])
    assert.ok(isSignedBy(read.newest, signer.publicKey))
    assert.ok(!isSignedBy(read.newest, memoryKeys().publicKey))
  })

  test('is not there where there is no file', async () => {
    assert.equal(await readHead(new FailingDisk()), null)
  })
})
