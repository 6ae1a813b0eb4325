import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tokenKey } from './keys.ts'
import { scriptedClock } from './scripted-issuer.ts'
import { SecretError } from './secrets/reference.ts'
import { secretSource, type SecretSource } from './secrets/source.ts'

suite('the key of gateway tokens', () => {
  let folder: string
  let source: SecretSource
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-keys-'))
    source = secretSource({
      base: folder,
      env: { KEY: 'a'.repeat(64), SHORT: 'a'.repeat(42) },
      clock: scriptedClock(),
    })
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('is generated once, for its owner only, and differs between installations', async () => {
    const first = await tokenKey(null, join(folder, 'keys'), source)
    const again = await tokenKey(null, join(folder, 'keys'), source)
    const other = await tokenKey(null, join(folder, 'other'), source)
    assert.ok(first.equals(again))
    assert.ok(!first.equals(other))
    assert.equal((await stat(join(folder, 'keys', 'tokens.key'))).mode & 0o777, 0o600)
    assert.equal((await stat(join(folder, 'keys'))).mode & 0o777, 0o700)
  })

  test('is the same for all processes that start at once, and leaves no draft', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => tokenKey(null, folder, source)))
    assert.ok(keys.every((key) => keys[0]?.equals(key)))
    assert.deepEqual(await readdir(folder), ['tokens.key'])
  })

  test('is not used when others can read it', async () => {
    await tokenKey(null, folder, source)
    await chmod(join(folder, 'tokens.key'), 0o644)
    await assert.rejects(tokenKey(null, folder, source), SecretError)
  })

  test('comes from a reference, and is not the text itself', async () => {
    const key = await tokenKey({ env: 'KEY' }, folder, source)
    assert.equal(key.symmetricKeySize, 32)
    assert.notEqual(key.export().toString(), 'a'.repeat(32))
    await writeFile(join(folder, 'given'), `${'a'.repeat(64)}\n`)
    assert.ok(key.equals(await tokenKey({ file: 'given' }, folder, source)))
    assert.deepEqual(await readdir(folder), ['given'])
  })

  test('that is short, missing or cut off is refused, and its text is not repeated', async () => {
    for (const reference of [{ env: 'SHORT' }, { env: 'NONE' }, { file: 'none' }])
      await assert.rejects(tokenKey(reference, folder, source), (error) => {
        assert.ok(error instanceof SecretError)
        assert.doesNotMatch(error.message, /aaaa/)
        return true
      })
    await tokenKey(null, folder, source)
    const path = join(folder, 'tokens.key')
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 20))
    await assert.rejects(tokenKey(null, folder, source), SecretError)
  })
})
