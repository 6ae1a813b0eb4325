import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DataKeys, readDataKey } from './data-keys.ts'
import { KeyFiles } from './key-files.ts'
import { memoryKeys } from './keys.ts'
import { FailingDisk, settled } from './scripted.ts'

const keys = memoryKeys()
const file = '0000000001.keys'

suite('data keys', () => {
  test('are on the disk, wrapped, before anybody gets one', async () => {
    const disk = new FailingDisk()
    const dataKeys = await DataKeys.open(await KeyFiles.open(disk), keys, () => {})
    for (let taken = 0; taken < 100; taken++) {
      const key = dataKeys.take()
      assert.ok(key)
      assert.ok((await readDataKey(await KeyFiles.open(disk), keys, key.id))?.equals(key.key))
      assert.ok(!disk.files.get(file)?.includes(key.key.export()))
    }
  })

  test('are never given twice, not by the next process either', async () => {
    const disk = new FailingDisk()
    const seen = new Set<number>()
    for (const count of [3, 400, 5]) {
      const dataKeys = await DataKeys.open(await KeyFiles.open(disk), keys, () => {})
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
    const dataKeys = await DataKeys.open(await KeyFiles.open(disk), keys, (what) => reports.push(what))
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
})
