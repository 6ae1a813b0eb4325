import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { LightMyRequestResponse } from 'fastify'
import { limits, StoreError, type Identity } from '@sluice/core'
import type { Policies, PolicyActivation, PolicyAtGateway, PolicyChange, PolicyView } from './policies.ts'
import { bearer, scriptedApi } from './scripted.ts'

const known = 'a'.repeat(32)
const view: PolicyView = {
  active: known,
  files: 'differ',
  rejected: { time: 2, errors: 'a.rego:1:1: no' },
  unusable: null,
  revisions: [{ revision: known, time: 1, by: 'file', reason: 'the policy folder', active: true }],
}

const history: readonly PolicyChange[] = [
  { kind: 'rejected', revision: null, gateway: 'gw-b', by: 'file', reason: '', errors: 'no', at_ms: 2 },
  { kind: 'activated', revision: known, gateway: 'gw-a', by: 'i#x', reason: 'r', errors: '', at_ms: 1 },
]
const gateways: readonly PolicyAtGateway[] = [
  { gateway: 'gw-a', revision: known, since_ms: 1, errors: null },
  { gateway: 'gw-b', revision: null, since_ms: 2, errors: 'another version' },
]

interface Asked {
  readonly revision: string
  readonly by: string
  readonly reason: string
}

function api(answer: PolicyActivation | Error = { kind: 'activated', revision: known }) {
  const asked: Asked[] = []
  const activate = async (revision: string, by: Identity, reason: string): Promise<PolicyActivation> => {
    asked.push({ revision, by: by.subject.id, reason })
    if (answer instanceof Error) throw answer
    return answer
  }
  const sent: (readonly string[])[] = []
  const activateFiles: Policies['activateFiles'] = async (files, by, reason) => {
    sent.push([...files].map(([name, content]) => `${name} ${Buffer.from(content).toString()}`))
    const done = await activate('files', by, reason)
    if (done.kind === 'unknown') throw new Error('files have no name')
    return done
  }
  const policies: Policies = { view: () => view, activate, activateFiles }
  const policyRecords = { list: (last: number) => history.slice(0, last), gateways: () => gateways }
  const { app } = scriptedApi({ policies, policyRecords })
  const post = (
    token: string,
    revision: string = known,
    payload: object = {},
  ): Promise<LightMyRequestResponse> =>
    app.inject({
      url: `/v1/policies/${revision}/activate`,
      method: 'POST',
      headers: bearer(token),
      payload,
    })
  const send = (token: string, payload: object): Promise<LightMyRequestResponse> =>
    app.inject({ url: '/v1/policies', method: 'POST', headers: bearer(token), payload })
  return { app, asked, sent, post, send }
}

test('admins and auditors see what is in force, what was, and what could not be used', async () => {
  const { app } = api()
  for (const name of ['carol', 'erin']) {
    const answer = await app.inject({ url: '/v1/policies', headers: bearer(name) })
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), { ...view, history, gateways })
  }
  const short = await app.inject({ url: '/v1/policies?last=1', headers: bearer('erin') })
  assert.deepEqual(short.json().history, history.slice(0, 1))
  assert.equal((await app.inject({ url: '/v1/policies?last=0', headers: bearer('erin') })).statusCode, 400)
  assert.equal((await app.inject({ url: '/v1/policies', headers: bearer('alice') })).statusCode, 403)
  assert.equal((await app.inject('/v1/policies')).statusCode, 401)
})

test('an admin activates a revision, with a reason or without', async () => {
  const { asked, post } = api()
  const answer = await post('carol', known, { reason: 'it broke reporting' })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(answer.json(), { revision: known, requested: known, files: 'differ' })
  assert.equal((await post('carol')).statusCode, 200)
  assert.deepEqual(asked, [
    { revision: known, by: 'test#carol', reason: 'it broke reporting' },
    { revision: known, by: 'test#carol', reason: '' },
  ])
})

test('an admin sends policies, whose files come in order', async () => {
  const { asked, sent, send } = api()
  const files = { 'b/data.json': '{}', 'a.rego': 'package a', 'b.cases.yaml': 'cases: []' }
  const answer = await send('carol', { files, reason: 'stricter' })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(answer.json(), { revision: known, files: 'differ' })
  assert.deepEqual(sent, [['a.rego package a', 'b.cases.yaml cases: []', 'b/data.json {}']])
  assert.deepEqual(asked, [{ revision: 'files', by: 'test#carol', reason: 'stricter' }])
  const refused = await api({ kind: 'unusable', errors: 'a.rego:1:1: no' }).send('carol', { files })
  assert.deepEqual([refused.statusCode, refused.json().detail.includes('a.rego:1:1: no')], [409, true])
})

for (const files of [{}, { '../a.rego': '' }, { '/a.rego': '' }, { '.a.rego': '' }, { 'a.txt': '' }])
  test(`${JSON.stringify(files)} are no policies`, async () => {
    const { sent, send } = api()
    assert.equal((await send('carol', { files })).statusCode, 400)
    assert.deepEqual(sent, [])
  })

for (const name of ['erin', 'alice', 'bob'])
  test(`${name} activates nothing`, async () => {
    const { asked, post, send } = api()
    assert.equal((await send(name, { files: { 'a.rego': 'package a' } })).statusCode, 403)
    const answer = await post(name)
    assert.deepEqual([answer.statusCode, answer.json().title], [403, 'denied'])
    assert.deepEqual(asked, [])
  })

const outcomes: readonly (readonly [string, PolicyActivation | Error, number, RegExp])[] = [
  ['an unknown revision', { kind: 'unknown' }, 404, /holds no policy revision/],
  ['one that cannot be used', { kind: 'unusable', errors: 'a.rego:1:1: no' }, 409, /a\.rego:1:1: no/],
  [
    'a log that is down',
    new StoreError('unavailable', 'secret path'),
    503,
    /cannot read or write its record/,
  ],
  ['anything else', new Error('secret'), 500, /could not answer/],
]

for (const [what, answer, status, detail] of outcomes)
  test(`${what} is answered with ${status}`, async () => {
    const answered = await api(answer).post('carol')
    assert.equal(answered.statusCode, status)
    assert.match(answered.json().detail, detail)
    assert.doesNotMatch(answered.body, /secret/)
  })

const wrong: readonly (readonly [string, object])[] = [
  ['latest', {}],
  ['A'.repeat(32), {}],
  [known.slice(1), {}],
  [known, { reason: {} }],
  [known, { reason: 'x'.repeat(501) }],
  [known, { raeson: 'x' }],
]

for (const [revision, payload] of wrong)
  test(`${revision} with ${JSON.stringify(payload).slice(0, 30)} is refused before anything is done`, async () => {
    const { asked, post } = api()
    assert.equal((await post('carol', revision, payload)).statusCode, 400)
    assert.deepEqual(asked, [])
  })

test('what has no room in the log is refused with both sizes, before anything is done', async () => {
  const { asked, send } = api()
  const answer = await send('carol', { files: { 'a.rego': '#'.repeat(limits.policyBundleBytesMax) } })
  assert.equal(answer.statusCode, 413)
  assert.match(answer.json().detail, /too large: 20971543 bytes, where at most 20971520 bytes of JSON/)
  assert.deepEqual(asked, [])
})

test('of so much as a folder nothing is read from who may not send it', async () => {
  const { app, asked } = api()
  const sent = (headers: object): Promise<LightMyRequestResponse> =>
    // It breaks off: whoever reads it says so.
    app.inject({
      url: '/v1/policies',
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      payload: '{"files": {"a.rego": "',
    })
  const answers = [await sent({}), await sent(bearer('alice')), await sent(bearer('carol'))]
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [401, 403, 400],
  )
  assert.deepEqual(asked, [])
})
