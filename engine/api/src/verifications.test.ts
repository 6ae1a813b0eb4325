import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi, ScriptedStore, type ScriptedApi } from './scripted.ts'
import type { Verification, VerificationJob, VerifyProgress } from './verification-jobs.ts'
import type { VerificationPage } from './verifications.ts'

const broken: Verification = {
  ok: false,
  events: 12,
  streams: 2,
  unknown: 0,
  removed: 0,
  findings: [{ segment: 'log-1', offset: 7, stream: 'control', seq: 3, what: 'it was changed' }],
}

/** A reading that goes on until the test says what it found. */
function reading(store = new ScriptedStore()) {
  const { promise, resolve, reject } = Promise.withResolvers<Verification>()
  let tell: (progress: VerifyProgress) => void = () => {}
  const verify = (progress: typeof tell, signal: AbortSignal): Promise<Verification> => {
    tell = progress
    signal.addEventListener('abort', () => reject(new Error('stopped')))
    return promise
  }
  const outlets = () => [
    { name: 'worm.jsonl', keptMs: 1_000, trouble: null },
    { name: 'keeper', keptMs: null, trouble: '503' },
  ]
  const api = scriptedApi({ record: { verify, outlets } }, store)
  return { ...api, resolve, tell: (progress: VerifyProgress) => tell(progress) }
}

const post = ({ app }: Pick<ScriptedApi, 'app'>, token: string) =>
  app.inject({ method: 'POST', url: '/v1/verifications', headers: bearer(token) })

async function page({ app }: Pick<ScriptedApi, 'app'>, token = 'erin'): Promise<VerificationPage> {
  return (await app.inject({ url: '/v1/verifications', headers: bearer(token) })).json<VerificationPage>()
}

suite('the record is verified', () => {
  test('for an auditor, one at a time, with progress, and what was found stays to be seen', async () => {
    const api = reading()
    const { id } = (await post(api, 'erin')).json<VerificationJob>()
    api.tell({ events: 5, done: 1, of: 4 })
    const [running] = (await page(api, 'grace')).verifications
    assert.deepEqual([running?.state, running?.events, running?.percent], ['running', 5, 25])
    assert.equal((await post(api, 'erin')).statusCode, 429)
    api.resolve(broken)
    await new Promise((turn) => setImmediate(turn))
    const one = await api.app.inject({ url: `/v1/verifications/${id}`, headers: bearer('erin') })
    const done = one.json<VerificationJob>()
    assert.deepEqual([done.state, done.percent, done.by, done.report], ['done', 100, 'test#erin', broken])
    assert.deepEqual((await page(api)).checkpoints, [
      { name: 'worm.jsonl', kept_at: '1970-01-01T00:00:01.000Z', trouble: null },
      { name: 'keeper', kept_at: null, trouble: '503' },
    ])
    assert.equal((await post(api, 'erin')).statusCode, 200, 'and again')
  })

  test('for nobody else, which is recorded, and only when the wish is in the log', async () => {
    const store = new ScriptedStore()
    const api = reading(store)
    for (const token of ['alice', 'grace', 'dave']) assert.equal((await post(api, token)).statusCode, 403)
    const outcomes: string[] = []
    for await (const event of store.read())
      if (event.type === 'AdminActed') outcomes.push(`${event.data.action} ${event.data.outcome}`)
    assert.deepEqual(
      outcomes,
      Array.from({ length: 3 }, () => 'audit.verify refused'),
    )
    assert.equal(
      (await api.app.inject({ url: '/v1/verifications', headers: bearer('alice') })).statusCode,
      403,
    )
    const { StoreError } = await import('@sluice/core')
    store.failure = new StoreError('unavailable', 'down')
    assert.equal((await post(api, 'erin')).statusCode, 503)
    assert.deepEqual((await page(api)).verifications, [])
  })

  test('and stops when it is told to', async () => {
    const api = reading()
    const { id } = (await post(api, 'erin')).json<VerificationJob>()
    await api.app.inject({ method: 'DELETE', url: `/v1/verifications/${id}`, headers: bearer('erin') })
    await new Promise((turn) => setImmediate(turn))
    assert.equal((await page(api)).verifications[0]?.state, 'stopped')
    const unknown = '/v1/verifications/ver_00000000000000000000000000'
    assert.equal((await api.app.inject({ url: unknown, headers: bearer('erin') })).statusCode, 404)
  })
})
