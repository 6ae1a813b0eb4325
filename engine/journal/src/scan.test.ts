import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Batch } from './batch.ts'
import { frameHeaderBytes } from './frame.ts'
import { MemoryDisk } from './memory-disk.ts'
import { endOfBytes, findFrame, scan, type Scanned } from './scan.ts'

const name = 'segment'

/** A frame whose payload is one blob of so many bytes. */
function frame(bytes: number, number: number): Buffer {
  const batch = new Batch(Buffer.alloc(bytes + 100))
  batch.add((into, at) => into.fill(7, at, at + bytes) && at + bytes, false)
  batch.count(Buffer.alloc(32))
  return batch.seal({ kind: 'events', epoch: 1, number, link: Buffer.alloc(32) }).frame
}

function diskOf(...parts: readonly Buffer[]): MemoryDisk {
  const disk = new MemoryDisk()
  disk.files.set(name, Buffer.concat(parts))
  return disk
}

async function all(scanned: AsyncIterable<Scanned>): Promise<string[]> {
  const found: string[] = []
  for await (const each of scanned)
    found.push(each.kind === 'frame' ? `${each.header.number}@${each.at}` : `${each.kind}@${each.at}`)
  return found
}

suite('scanning a segment', () => {
  test('gives frames of every size, across the edges of its window', async () => {
    const sizes = [1, 262_144 - 200, 100, 1_000_000, 5, 262_144, 300_000, 1]
    const frames = sizes.map((size, index) => frame(size, index))
    const disk = diskOf(...frames, Buffer.alloc(1_000))
    let at = 0
    const expected = frames.map(({ length }, index) => {
      at += length
      return `${index}@${at - length}`
    })
    assert.deepEqual(await all(scan(disk, name, 0)), [...expected, `end@${at}`])
    assert.deepEqual(await all(scan(disk, name, frames[0]?.length ?? 0)), [...expected.slice(1), `end@${at}`])
  })

  test('stops where it is told to, whatever lies behind', async () => {
    const [a, b] = [frame(10, 0), frame(10, 1)]
    assert.deepEqual(await all(scan(diskOf(a, b), name, 0, a.length)), ['0@0', `end@${a.length}`])
  })

  test('ends at the end of the file as well as at zeros', async () => {
    const a = frame(10, 0)
    for (const zeros of [0, 1, 63, 64, 5_000])
      assert.deepEqual(await all(scan(diskOf(a, Buffer.alloc(zeros)), name, 0)), ['0@0', `end@${a.length}`])
  })

  test('says what is broken, and believes no length that the file does not have', async () => {
    const a = frame(10, 0)
    const long = Buffer.from(frame(10, 1))
    long.writeUInt32LE(0xffff_ffff, 4)
    const flipped = Buffer.from(frame(10, 1))
    flipped[frameHeaderBytes + 3] = 9
    for (const bad of [long, flipped, Buffer.from('nonsense'), Buffer.from([0, 0, 0, 1])])
      assert.deepEqual(await all(scan(diskOf(a, bad), name, 0)), ['0@0', `broken@${a.length}`])
  })

  test('finds the next whole frame, and none in what only begins like one', async () => {
    const lookalike = Buffer.from(
      'SLF1 and nothing more of a frame than that, but long enough for a header of one',
    )
    const a = frame(300_000, 4)
    const disk = diskOf(Buffer.alloc(262_144 - 2, 1), lookalike, a)
    assert.equal(await findFrame(disk, name, 0), 262_144 - 2 + lookalike.length)
    assert.equal(await findFrame(disk, name, 262_144 - 2 + lookalike.length + 1), null)
    assert.equal(await findFrame(diskOf(lookalike), name, 0), null)
    assert.equal(await findFrame(diskOf(), name, 0), null)
  })

  test('finds the end of what is not zero', async () => {
    const disk = diskOf(Buffer.alloc(300_000), Buffer.from('x'), Buffer.alloc(300_000))
    assert.equal(await endOfBytes(disk, name, 10), 300_001)
    assert.equal(await endOfBytes(disk, name, 300_001), 300_001)
  })
})
