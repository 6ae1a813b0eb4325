import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { appendFileSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@sluice/core'
import { SecretError, secretSource } from '@sluice/identity'
import type { CheckpointOutlet } from '@sluice/journal'
import { buildOutlets } from './checkpoint-outlets.ts'
import type { CheckpointConfig } from './config/checkpoints.ts'
import { nobody, scratchFolder, scriptedServer } from './scripted.ts'

const never = new AbortController().signal

async function built(
  config: CheckpointConfig,
  base: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CheckpointOutlet> {
  const [outlet] = await buildOutlets([config], {
    base,
    secrets: secretSource({ base, env, clock: systemClock }),
    clock: systemClock,
    report: () => {},
  })
  assert.ok(outlet)
  return outlet
}

suite('a file of checkpoints', () => {
  test('gets a line for each, after those of before', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'kept.jsonl')
    for (const line of ['{"a":1}', '{"b":2}']) {
      const outlet = await built({ kind: 'file', path: 'kept.jsonl' }, folder.path)
      await outlet.keep(line, never)
      await outlet.close()
    }
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}\n{"b":2}\n')
  })

  test('loses half a line that a crash left, and is made anew when somebody moved it away', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'kept.jsonl')
    appendFileSync(path, '{"a":1}\n{"b"')
    const outlet = await built({ kind: 'file', path }, folder.path)
    await outlet.keep('{"c":3}', never)
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}\n{"c":3}\n')
    renameSync(path, `${path}.1`)
    await outlet.keep('{"d":4}', never)
    assert.equal(readFileSync(path, 'utf8'), '{"d":4}\n')
    await outlet.close()
  })

  test('that cannot be written keeps nothing, and says so', async () => {
    using folder = scratchFolder()
    mkdirSync(join(folder.path, 'kept.jsonl'))
    const outlet = await built({ kind: 'file', path: 'kept.jsonl' }, folder.path)
    assert.equal(outlet.name, 'kept.jsonl')
    await assert.rejects(outlet.keep('{}', never), /it could not be written: EISDIR/)
    await outlet.close()
  })
})

suite('whoever takes checkpoints by POST', () => {
  const http = (url: string): CheckpointConfig => ({
    kind: 'http',
    url: new URL(`${url}/checkpoints`),
    tlsCa: null,
    token: { env: 'KEEPER' },
  })

  test('gets each as a line, with the token', async () => {
    let authorization: string | undefined
    await using server = await scriptedServer((_, { headers }) => {
      authorization = headers.authorization
      return { status: 204, body: '' }
    })
    const outlet = await built(http(server.url), '/', { KEEPER: 'hush' })
    await outlet.keep('{"a":1}', never)
    await outlet.close()
    assert.deepEqual(server.asked, ['POST /checkpoints {"a":1}'])
    assert.equal(authorization, 'Bearer hush')
  })

  for (const status of [302, 400, 401, 500])
    test(`and answers ${status} has not kept it`, async () => {
      await using server = await scriptedServer(() => ({ status, body: 'hush' }))
      const outlet = await built(http(server.url), '/', { KEEPER: 'hush' })
      await assert.rejects(outlet.keep('{}', never), (error: Error) => {
        assert.equal(error.message, `it answered ${status}`)
        return true
      })
      await outlet.close()
    })

  test('and is not there has not kept it', async () => {
    const outlet = await built(http(nobody), '/', { KEEPER: 'hush' })
    await assert.rejects(outlet.keep('{}', never), /no answer: ECONNREFUSED/)
    assert.ok(!outlet.name.includes('hush'))
    await outlet.close()
  })

  test('is found wanting at start where its token or authority is nowhere', async () => {
    await assert.rejects(built(http('https://k'), '/', {}), SecretError)
    await assert.rejects(
      built({ ...http('https://k'), tlsCa: 'nowhere.pem' } as CheckpointConfig, '/', { KEEPER: 'x' }),
      /ENOENT/,
    )
  })
})
