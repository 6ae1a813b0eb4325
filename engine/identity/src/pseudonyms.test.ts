import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPseudonyms } from './pseudonyms.ts'
import { tokenKey } from './keys.ts'
import { scriptedClock } from './scripted-issuer.ts'
import { SecretError } from './secrets/reference.ts'
import { secretSource, type SecretSource } from './secrets/source.ts'

suite('pseudonyms', () => {
  let folder: string
  let source: SecretSource
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-pseudonyms-'))
    source = secretSource({
      base: folder,
      env: { ONE: 'a'.repeat(64), TWO: 'b'.repeat(64), SHORT: 'a' },
      clock: scriptedClock(),
    })
  })
  afterEach(() => rm(folder, { recursive: true }))

  const digest = async (secret: string, purpose: string, value: string): Promise<string> =>
    (await openPseudonyms({ id: 'k1', secret: { env: secret } }, folder, source))
      .digest(purpose, value)
      .toString('hex')

  test('equal values of one purpose and key are equal, all others are not', async () => {
    const known = await digest('ONE', 'text', 'Ann')
    assert.equal(known.length, 64)
    assert.equal(await digest('ONE', 'text', 'Ann'), known)
    assert.notEqual(await digest('TWO', 'text', 'Ann'), known)
    assert.notEqual(await digest('ONE', 'json', 'Ann'), known)
    assert.notEqual(await digest('ONE', 'text', 'ann'), known)
    assert.notEqual(await digest('ONE', 'tex', 't\0Ann'), await digest('ONE', 'text', 'Ann'))
  })

  test('a configured key is known by its name, and nothing is generated beside it', async () => {
    const { key } = await openPseudonyms({ id: '2026-q4', secret: { env: 'ONE' } }, folder, source)
    assert.equal(key, '2026-q4')
    assert.deepEqual(await readdir(folder), [])
  })

  test('without one an installation makes its own, once', async () => {
    const [first, again] = [
      await openPseudonyms(null, folder, source),
      await openPseudonyms(null, folder, source),
    ]
    assert.equal(first.key, 'local')
    assert.deepEqual(first.digest('text', 'x'), again.digest('text', 'x'))
    assert.deepEqual(await readdir(folder), ['masking.key'])
  })

  test('the same secret for tokens and pseudonyms makes two keys', async () => {
    const token = await tokenKey({ env: 'ONE' }, folder, source)
    assert.notEqual(
      createHmac('sha256', token).update('text\0').update('Ann').digest('hex'),
      await digest('ONE', 'text', 'Ann'),
    )
  })

  test('a key that is missing or short stops the start', async () => {
    for (const name of ['SHORT', 'NONE'])
      await assert.rejects(openPseudonyms({ id: 'k', secret: { env: name } }, folder, source), SecretError)
  })
})
