import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits } from '@sluice/core'
import { Unusable, type PolicyDrafts } from './policy-draft.ts'
import { bearer, scriptedApi } from './scripted.ts'
import type { WhatIfJob } from './what-if-jobs.ts'

const finding = { file: 'a.rego', row: 3, col: 1, code: 'rego_parse_error', message: 'unexpected }' }
const known = 'a'.repeat(32)
const files = { 'a.rego': 'package a\n' }
const session = `ses_${'0'.repeat(26)}`
const exchange = `exc_${'0'.repeat(26)}`

function api(change: Partial<PolicyDrafts> = {}) {
  const asked: unknown[] = []
  const drafts: PolicyDrafts = {
    files: async (revision) => (revision === known ? files : null),
    async check(sent) {
      asked.push([...sent.keys()])
      return [finding]
    },
    test: async () => ({ passed: true, revision: known, tests: [], cases: [], coverage: [] }),
    evaluate: async () => null,
    whatIf: async () => ({ changed: 0 }),
    ...change,
  }
  const { app } = scriptedApi({ drafts })
  const post = (path: string, payload: object, token = 'grace') =>
    app.inject({ url: `/v1/policies/${path}`, method: 'POST', headers: bearer(token), payload })
  const get = (path: string, token = 'grace') =>
    app.inject({ url: `/v1/policies/${path}`, headers: bearer(token) })
  return { app, asked, post, get }
}

test('files of a revision are for admins and auditors', async () => {
  const { get } = api()
  assert.deepEqual((await get(`${known}/files`)).json(), { revision: known, files })
  assert.equal((await get(`${known}/files`, 'erin')).statusCode, 200)
  assert.equal((await get(`${known}/files`, 'alice')).statusCode, 403)
  assert.equal((await get(`${'b'.repeat(32)}/files`)).statusCode, 404)
})

const questions = ['check', 'test', 'evaluate', 'what-if'] as const
for (const path of questions)
  test(`${path} is for admins alone, and nothing of it is read from others`, async () => {
    const { post, asked } = api()
    for (const token of ['alice', 'dave', 'erin'])
      assert.equal((await post(path, { files }, token)).statusCode, 403, token)
    assert.equal((await post(path, { files }, 'mallory')).statusCode, 401)
    assert.deepEqual(asked, [])
  })

for (const name of [
  '../a.rego',
  '/etc/a.rego',
  'a/../b.rego',
  '.a.rego',
  'a.txt',
  'a\u0000.rego',
  'a\\b.rego',
])
  test(`a file of the name ${JSON.stringify(name)} is none`, async () => {
    const { post, asked } = api()
    for (const path of ['check', 'test', 'what-if'])
      assert.equal((await post(path, { files: { [name]: '' } })).statusCode, 400)
    assert.deepEqual(asked, [])
  })

test('what is wrong is told with its place', async () => {
  const { post } = api()
  assert.deepEqual((await post('check', { files })).json(), { ok: false, findings: [finding] })
})

test('policies that cannot be tested are told why, others how it went', async () => {
  const good = await api().post('test', { files })
  assert.deepEqual([good.json().ok, good.json().passed], [true, true])
  const bad = await api({ test: () => Promise.reject(new Unusable([finding])) }).post('test', { files })
  assert.deepEqual([bad.statusCode, bad.json()], [200, { ok: false, findings: [finding] }])
})

test('too much is not read', async () => {
  const { post } = api()
  const large = { 'a.rego': ' '.repeat(limits.policyBundleBytesMax) }
  const answer = await post('check', { files: large })
  assert.equal(answer.statusCode, 413)
  assert.match(answer.json<{ detail: string }>().detail, /too large/)
})

test('one compiles at a time', async () => {
  const slow = Promise.withResolvers<readonly []>()
  const begun = Promise.withResolvers<void>()
  const { post } = api({
    check() {
      begun.resolve()
      return slow.promise
    },
  })
  const first = post('check', { files })
  await Promise.race([begun.promise, first])
  assert.equal((await post('test', { files })).statusCode, 429)
  slow.resolve([])
  assert.equal((await first).json<{ ok: boolean }>().ok, true)
  assert.equal((await post('test', { files })).statusCode, 200)
})

test('an exchange that no policies decided on is not there', async () => {
  const { post } = api()
  assert.equal((await post('evaluate', { files, session, exchange })).statusCode, 404)
  assert.equal((await post('evaluate', { session, exchange })).statusCode, 400, 'by what is not said')
})

async function ended(get: ReturnType<typeof api>['get'], id: string): Promise<WhatIfJob> {
  for (;;) {
    const job = (await get(`what-if/${id}`)).json<WhatIfJob>()
    if (job.state !== 'running') return job
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('what would be otherwise is found out beside the request', async () => {
  const periods: unknown[] = []
  const { post, get } = api({
    async whatIf(_draft, period, progress) {
      periods.push(period)
      progress(7)
      return { changed: 3 }
    },
  })
  const started = (await post('what-if', { revision: known, since_ms: 5, target: 'shop' })).json<WhatIfJob>()
  assert.deepEqual([started.state, started.by], ['running', 'test#grace'])
  const job = await ended(get, started.id)
  assert.deepEqual([job.state, job.decided, job.report], ['done', 7, { changed: 3 }])
  assert.equal((periods[0] as { sinceMs: number }).sinceMs, 5)
  assert.equal((await get(`what-if/${started.id}`, 'erin')).statusCode, 403)
})

test('one runs at a time, and it can be stopped', async () => {
  const { app, post, get } = api({
    whatIf: (_draft, _period, _progress, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
  })
  const { id } = (await post('what-if', { files })).json<WhatIfJob>()
  assert.equal((await post('what-if', { files })).statusCode, 429)
  await app.inject({ url: `/v1/policies/what-if/${id}`, method: 'DELETE', headers: bearer('alice') })
  assert.equal((await get(`what-if/${id}`)).json<WhatIfJob>().state, 'running')
  await app.inject({ url: `/v1/policies/what-if/${id}`, method: 'DELETE', headers: bearer('carol') })
  assert.equal((await ended(get, id)).state, 'stopped')
  assert.equal((await post('what-if', { files })).statusCode, 200)
  await app.close()
})

test('policies that cannot be used, and a log that cannot be read, end it', async () => {
  const reported: string[] = []
  for (const [error, expected] of [
    [new Unusable([finding]), { state: 'failed', findings: [finding], error: null }],
    [
      new Error('disk'),
      { state: 'failed', findings: [], error: 'The gateway could not read its record, or judge by it.' },
    ],
  ] as const) {
    const { post, get } = api({ whatIf: () => Promise.reject(error) })
    const {
      state,
      findings,
      error: words,
    } = await ended(get, (await post('what-if', { files })).json<WhatIfJob>().id)
    assert.deepEqual({ state, findings, error: words }, expected)
  }
  assert.deepEqual(reported, [])
})
