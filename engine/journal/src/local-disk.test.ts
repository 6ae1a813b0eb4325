import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalDisk } from './local-disk.ts'

suite('a local disk', () => {
  let folder: string
  let disk: LocalDisk
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-disk-'))
    disk = await LocalDisk.open(folder)
  })
  afterEach(async () => {
    await disk.close()
    await rm(folder, { recursive: true })
  })

  test('writes what it is given where it is told, from any memory', async () => {
    await disk.allocate('a', 10_000, 'taken')
    const shared = disk.buffer(100).fill('s')
    const writes = [
      disk.write('a', 0, Buffer.from('plain')),
      disk.write('a', 50, shared.subarray(10, 20)),
      disk.write('a', 9_999, Buffer.from('beyond')),
    ]
    // More buffers than the thread keeps.
    for (let extra = 0; extra < 8; extra++)
      writes.push(disk.write('a', 100 + extra, disk.buffer(1).fill(65 + extra)))
    await Promise.all(writes)
    const content = await readFile(join(folder, 'a'))
    assert.equal(content.length, 10_005)
    assert.equal(content.toString('latin1', 0, 5), 'plain')
    assert.equal(content.toString('latin1', 50, 61), `${'s'.repeat(10)}\0`)
    assert.equal(content.toString('latin1', 100, 108), 'ABCDEFGH')
    assert.equal(content.toString('latin1', 9_999), 'beyond')
  })

  test('reaches places beyond 32 bits', async () => {
    await disk.allocate('a', 0, 'taken')
    const far = 5 * 2 ** 31 + 12_345
    await truncate(join(folder, 'a'), far)
    await disk.write('a', far, Buffer.from('far'))
    const into = Buffer.alloc(10)
    assert.equal(await disk.read('a', far - 2, into), 5)
    assert.equal(into.toString('latin1', 0, 5), '\0\0far')
  })

  test('rejects with the system’s error, and goes on', async () => {
    await assert.rejects(disk.write('missing', 0, Buffer.from('x')), { code: 'ENOENT' })
    await disk.allocate('a', 10, 'taken')
    await disk.write('a', 0, Buffer.from('x'))
    // No file system has this offset.
    await assert.rejects(disk.write('a', 2 ** 52, Buffer.from('x')), (error: NodeJS.ErrnoException) => {
      assert.ok(error.code === 'EFBIG' || error.code === 'EINVAL', error.code)
      return true
    })
    await disk.write('a', 1, Buffer.from('y'))
    assert.equal((await readFile(join(folder, 'a'))).toString('latin1', 0, 2), 'xy')
  })

  test('makes files for their owner only, and never over another one', async () => {
    await disk.create('a', Buffer.from('first'))
    await assert.rejects(disk.create('a', Buffer.from('second')), { code: 'EEXIST' })
    for (const [name, room] of [
      ['b', 'taken'],
      ['c', 'promised'],
    ] as const) {
      await disk.allocate(name, 3_000_000, room)
      assert.ok((await readFile(join(folder, name))).every((byte) => byte === 0))
      assert.equal((await stat(join(folder, name))).size, 3_000_000)
    }
    assert.equal((await readFile(join(folder, 'a'))).toString(), 'first')
    for (const name of ['a', 'b', 'c']) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600)
    assert.deepEqual([...(await disk.list())].toSorted(), ['a', 'b', 'c'])
  })

  test('clears away what a crash left unfinished', async () => {
    await writeFile(join(folder, 'a.unfinished'), 'half')
    await disk.close()
    disk = await LocalDisk.open(folder)
    assert.deepEqual(await disk.list(), [])
  })

  test('reads less only at the end of a file, and nothing where there is none', async () => {
    await disk.create('a', Buffer.from('0123456789'))
    const into = Buffer.alloc(6)
    assert.deepEqual([await disk.read('a', 2, into), into.toString()], [6, '234567'])
    assert.equal(await disk.read('a', 8, into), 2)
    assert.equal(await disk.read('a', 10, into), 0)
    assert.equal(await disk.read('none', 0, into), 0)
  })

  test('is closed once its writes are done', async () => {
    await disk.allocate('a', 10, 'taken')
    const writing = disk.write('a', 0, Buffer.from('last'))
    await disk.close()
    await writing
    assert.equal((await readFile(join(folder, 'a'))).toString('latin1', 0, 4), 'last')
    await assert.rejects(disk.write('a', 0, Buffer.from('later')))
    disk = await LocalDisk.open(folder)
  })
})
