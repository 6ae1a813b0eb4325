import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DataKeys, damagedSlots, eraseDataKey, readDataKey } from './data-keys.ts'
import { memoryKeys } from './keys.ts'
import { FailingDisk, settled } from './scripted.ts'

const keys = memoryKeys()
const file = '0000000001.keys'

suite('data keys', () => {
  test('are on the disk, wrapped, before anybody gets one', async () => {
    const disk = new FailingDisk()
    const dataKeys = await DataKeys.open(disk, keys, () => {})
    for (let taken = 0; taken < 100; taken++) {
      const key = dataKeys.take()
      assert.ok(key)
      assert.ok((await readDataKey(disk, keys, key.id))?.equals(key.key))
      assert.ok(!disk.files.get(file)?.includes(key.key.export()))
    }
  })

  test('are never given twice, not by the next process either', async () => {
    const disk = new FailingDisk()
    const seen = new Set<number>()
    for (const count of [3, 400, 5]) {
      const dataKeys = await DataKeys.open(disk, keys, () => {})
      for (let taken = 0; taken < count; taken++) {
        const key = dataKeys.take()
        assert.ok(key && !seen.has(key.id))
        seen.add(key.id)
        if (taken % 50 === 0) await settled()
      }
      await dataKeys.settled()
    }
    assert.equal(seen.size, 408)
  })

  test('run out while the disk takes no new ones, and are there again when it does', async () => {
    const disk = new FailingDisk()
    const reports: string[] = []
    const dataKeys = await DataKeys.open(disk, keys, (what) => reports.push(what))
    disk.failing = 'ENOSPC'
    let taken = 0
    while (dataKeys.take() !== undefined) {
      taken += 1
      await settled()
    }
    assert.equal(taken, 256)
    assert.ok(reports.length > 0)
    disk.failing = undefined
    dataKeys.take()
    await dataKeys.settled()
    assert.ok(dataKeys.take())
  })

  test('that were erased leave their neighbours as they are', async () => {
    const disk = new FailingDisk()
    await DataKeys.open(disk, keys, () => {})
    await eraseDataKey(disk, 256 + 7)
    assert.equal(await readDataKey(disk, keys, 256 + 7), null)
    assert.ok(await readDataKey(disk, keys, 256 + 6))
    assert.ok(await readDataKey(disk, keys, 256 + 8))
    assert.deepEqual(await damagedSlots(disk, file), [])
  })

  test('that are damaged are told apart from erased ones', async () => {
    const disk = new FailingDisk()
    await DataKeys.open(disk, keys, () => {})
    const bytes = disk.files.get(file)
    assert.ok(bytes)
    bytes[128 * 3 + 20] = (bytes[128 * 3 + 20] ?? 0) ^ 1
    assert.deepEqual(await damagedSlots(disk, file), [128 * 3])
    await assert.rejects(readDataKey(disk, keys, 256 + 3), /damaged/)
    await assert.rejects(readDataKey(disk, keys, 5_000), /missing/)
    disk.files.set(file, bytes.subarray(0, 1_000))
    assert.deepEqual(await damagedSlots(disk, file), [1_000])
  })
})
