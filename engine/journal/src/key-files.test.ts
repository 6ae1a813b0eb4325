import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DataKeys, readDataKey } from './data-keys.ts'
import { damagedSlots, KeyFiles } from './key-files.ts'
import { memoryKeys } from './keys.ts'
import { FailingDisk } from './scripted.ts'

const keys = memoryKeys()
const file = '0000000001.keys'

suite('data keys in files', () => {
  test('that were erased leave their neighbours as they are', async () => {
    const disk = new FailingDisk()
    await DataKeys.open(await KeyFiles.open(disk), keys, () => {})
    await (await KeyFiles.open(disk)).erase(256 + 7)
    assert.equal(await readDataKey(await KeyFiles.open(disk), keys, 256 + 7), null)
    assert.ok(await readDataKey(await KeyFiles.open(disk), keys, 256 + 6))
    assert.ok(await readDataKey(await KeyFiles.open(disk), keys, 256 + 8))
    assert.deepEqual(await damagedSlots(disk, file), [])
  })

  test('that are damaged are told apart from erased ones', async () => {
    const disk = new FailingDisk()
    await DataKeys.open(await KeyFiles.open(disk), keys, () => {})
    const bytes = disk.files.get(file)
    assert.ok(bytes)
    bytes[128 * 3 + 20] = (bytes[128 * 3 + 20] ?? 0) ^ 1
    assert.deepEqual(await damagedSlots(disk, file), [128 * 3])
    await assert.rejects(readDataKey(await KeyFiles.open(disk), keys, 256 + 3), /damaged/)
    await assert.rejects(readDataKey(await KeyFiles.open(disk), keys, 5_000), /missing/)
    disk.files.set(file, bytes.subarray(0, 1_000))
    assert.deepEqual(await damagedSlots(disk, file), [1_000])
  })
})
