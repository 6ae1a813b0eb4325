import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Position, RecordedEvent } from '@sluice/core'
import { DataKeys, type DataKey } from './data-keys.ts'
import { KeyFiles } from './key-files.ts'
import { memoryKeys } from './keys.ts'
import { MemoryDisk } from './memory-disk.ts'
import { dataKeyId, seal, unseal, type SealedOf } from './sealing.ts'

const keys = memoryKeys()
const content = Buffer.from('select * from customers where ssn = 1')
const of: SealedOf = { id: 'evt_1', stream: 'ses_1', seq: 7, writer: 'gw_1', epoch: 3 }

async function sealedOn(disk: MemoryDisk): Promise<{ readonly key: DataKey; readonly event: RecordedEvent }> {
  const key = (await DataKeys.open(await KeyFiles.open(disk), keys, () => {})).take()
  assert.ok(key)
  return { key, event: eventWith(Buffer.concat(seal(key, of, content))) }
}

function eventWith(sealed: Uint8Array | null, over: Partial<SealedOf> = {}): RecordedEvent {
  return {
    ...of,
    time: 0,
    trace_id: null,
    run_id: null,
    schema: 1,
    prev_hash: Buffer.alloc(32),
    hash: Buffer.alloc(32),
    sig: null,
    position: '1:192:0' as Position,
    type: 'TargetRemoved',
    data: { name: 'shop', by: 'file' },
    sealed,
    ...over,
  }
}

suite('sealed content', () => {
  test('opens again, and says nothing without the key', async () => {
    const disk = new MemoryDisk()
    const { event } = await sealedOn(disk)
    assert.deepEqual(await unseal(await KeyFiles.open(disk), keys, event), { kind: 'content', content })
    assert.ok(!Buffer.from(event.sealed ?? []).includes('customers'))
    assert.deepEqual(await unseal(await KeyFiles.open(disk), keys, eventWith(null)), { kind: 'none' })
    await assert.rejects(unseal(await KeyFiles.open(disk), memoryKeys(), event))
  })

  test('opens only in the event that it was sealed for', async () => {
    const disk = new MemoryDisk()
    const { event } = await sealedOn(disk)
    const others: readonly Partial<SealedOf>[] = [
      { id: 'evt_2' },
      { stream: 'ses_2' },
      { seq: 8 },
      { writer: 'gw_2' },
      { epoch: 4 },
    ]
    for (const other of others)
      await assert.rejects(
        unseal(await KeyFiles.open(disk), keys, { ...event, ...other }),
        JSON.stringify(other),
      )
  })

  test('does not open when a bit of it was changed', async () => {
    const disk = new MemoryDisk()
    const { event } = await sealedOn(disk)
    const sealed = Buffer.from(event.sealed ?? [])
    for (const at of [0, 2, 8, sealed.length - 17, sealed.length - 1]) {
      const changed = Buffer.from(sealed)
      changed[at] = (changed[at] ?? 0) ^ 1
      await assert.rejects(unseal(await KeyFiles.open(disk), keys, eventWith(changed)), `byte ${at}`)
    }
    await assert.rejects(unseal(await KeyFiles.open(disk), keys, eventWith(sealed.subarray(0, 20))))
  })

  test('is gone with its data key, for the holder of the other keys too', async () => {
    const disk = new MemoryDisk()
    const { key, event } = await sealedOn(disk)
    assert.equal(dataKeyId(event.sealed ?? new Uint8Array()), key.id)
    await (await KeyFiles.open(disk)).erase(key.id)
    assert.deepEqual(await unseal(await KeyFiles.open(disk), keys, event), { kind: 'erased' })
  })

  test('has another nonce for each number in its stream', async () => {
    const key = (await DataKeys.open(await KeyFiles.open(new MemoryDisk()), keys, () => {})).take()
    assert.ok(key)
    // Without the tag, which differs anyway.
    const ciphertexts = [0, 1, 255, 256, 2 ** 40].map((seq) =>
      Buffer.concat(seal(key, { ...of, seq }, Buffer.alloc(32))).toString('hex', 8, 40),
    )
    assert.equal(new Set(ciphertexts).size, ciphertexts.length)
  })
})
