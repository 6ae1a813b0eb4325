import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { verify } from 'node:crypto'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyError, memoryKeys, openKeys, publicKeyPem, verifySignature } from './keys.ts'

suite('the keys of a gateway', () => {
  let folder: string
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'sluice-keys-')), 'keys')
  })
  afterEach(() => rm(join(folder, '..'), { recursive: true }))

  test('are generated once, for their owner only', async () => {
    const [first, again] = [await openKeys(folder), await openKeys(folder)]
    assert.deepEqual(again.publicKey, first.publicKey)
    const [wrapped] = await first.wrap([Buffer.from('a data key')])
    assert.deepEqual(Buffer.from(await again.unwrap(wrapped ?? Buffer.alloc(0))), Buffer.from('a data key'))
    assert.deepEqual((await readdir(folder)).toSorted(), ['gateway.key', 'sealing.key'])
    for (const name of await readdir(folder))
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
  })

  test('are the same for all processes that start at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => openKeys(folder)))
    assert.equal(new Set(all.map(({ publicKey }) => Buffer.from(publicKey).toString('hex'))).size, 1)
    assert.equal((await readdir(folder)).length, 2)
  })

  test('are refused when others can read them, or when they are damaged', async () => {
    await openKeys(folder)
    await chmod(join(folder, 'gateway.key'), 0o640)
    await assert.rejects(openKeys(folder), KeyError)
    await chmod(join(folder, 'gateway.key'), 0o600)
    await writeFile(join(folder, 'sealing.key'), 'short')
    await assert.rejects(openKeys(folder), KeyError)
  })

  test('sign so that anybody can check it with the public key alone', () => {
    const keys = memoryKeys()
    const bytes = Buffer.from('what was signed')
    const signature = keys.sign(bytes)
    assert.ok(verifySignature(keys.publicKey, bytes, signature))
    assert.ok(verify(null, bytes, publicKeyPem(keys.publicKey), signature))
    assert.ok(!verifySignature(memoryKeys().publicKey, bytes, signature))
    assert.ok(!verifySignature(keys.publicKey, Buffer.from('something else'), signature))
  })

  test('unwrap only what they wrapped', async () => {
    const keys = memoryKeys()
    const [wrapped] = await keys.wrap([Buffer.alloc(32, 7)])
    assert.ok(wrapped)
    await assert.rejects(memoryKeys().unwrap(wrapped))
    const changed = Buffer.from(wrapped)
    changed[20] = (changed[20] ?? 0) ^ 1
    await assert.rejects(keys.unwrap(changed))
  })
})
