import { test } from 'node:test'
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ran, scratchFolder, scriptedServer, type Ended, type ScriptedServer } from '../../scripted.ts'

const one = `aa${'1'.repeat(30)}`
const two = `aa${'2'.repeat(30)}`
const view = {
  active: two,
  files: 'active',
  rejected: null,
  revisions: [two, one].map((revision) => ({ revision, time: 1, by: 'file', reason: '', active: false })),
}

function gateway(done: object, status = 200): Promise<ScriptedServer> {
  return scriptedServer((_path, { method }) =>
    method === 'GET' ? { body: JSON.stringify(view) } : { status, body: JSON.stringify(done) },
  )
}

function activate(api: ScriptedServer, ...args: readonly string[]): Promise<Ended> {
  return ran(['policy', 'activate', ...args], { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' })
}

test('a beginning that no other revision has is enough, and the reason goes along', async () => {
  await using api = await gateway({ revision: one, requested: one, files: 'differ' })
  const { code, out } = await activate(api, 'aa1', '--reason', 'too strict')
  assert.deepEqual([code, out.split('\n')[0]], [0, 'policy aa1111111111 is in force'])
  assert.match(out, /The policy files differ from what was activated over them\./)
  assert.deepEqual(api.asked, [
    'GET /v1/policies',
    `POST /v1/policies/${one}/activate {"reason":"too strict"}`,
  ])
})

test('as JSON it is what the API answered', async () => {
  const done = { revision: one, requested: one, files: 'active' }
  await using api = await gateway(done)
  const { code, out } = await activate(api, one, '--json')
  assert.deepEqual([code, JSON.parse(out)], [0, done])
  assert.equal(api.asked.at(-1), `POST /v1/policies/${one}/activate {}`)
})

test('sources that are another revision now are named so', async () => {
  await using api = await gateway({ revision: two, requested: one, files: 'active' })
  const { out } = await activate(api, one)
  assert.equal(out, 'policy aa2222222222 (aa1111111111, compiled by this version) is in force\n')
})

for (const [beginning, expected] of [
  ['aa', /2 policy revisions begin with "aa"/],
  ['b', /holds no policy revision "b": sluice policy ls/],
] as const)
  test(`"${beginning}" is not sent`, async () => {
    await using api = await gateway({})
    const { code, error } = await activate(api, beginning)
    assert.equal(code, 1)
    assert.match(error, expected)
    assert.equal(api.asked.length, 1)
  })

test('a refusal is shown in the words of the API', async () => {
  await using api = await gateway({ detail: 'This needs the role admin.' }, 403)
  const { code, error } = await activate(api, one)
  assert.equal(code, 1)
  assert.match(error, /answered 403: This needs the role admin\./)
})

test('the policies of a folder are sent as they lie there', async () => {
  using folder = scratchFolder()
  writeFileSync(join(folder.path, 'a.rego'), 'package sluice.rules.a # é')
  await using api = await gateway({ revision: one, files: 'active' })
  const { code, out } = await activate(api, '--policy', folder.path, '--reason', 'stricter')
  assert.deepEqual([code, out], [0, 'policy aa1111111111 is in force\n'])
  assert.deepEqual(api.asked, [
    'POST /v1/policies {"files":{"a.rego":"package sluice.rules.a # é"},"reason":"stricter"}',
  ])
  assert.equal((await activate(api, one, '--policy', folder.path)).code, 2, 'a revision or a folder')
})

test('policies that no log has room for are not sent, and their size is told', async () => {
  using folder = scratchFolder()
  // Each line feed is two bytes of JSON.
  writeFileSync(join(folder.path, 'a.rego'), `package sluice.rules.a${'\n'.repeat(11_000_000)}`)
  await using api = await gateway({})
  const { code, error } = await activate(api, '--policy', folder.path)
  assert.equal(code, 1)
  assert.match(error, /are 22000045 bytes as JSON, where at most 20971520 have room/)
  assert.deepEqual(api.asked, [])
})

test('a folder that is none is a finding before anything is sent', async () => {
  await using api = await gateway({})
  assert.equal((await activate(api, '--policy', '/nonexistent')).code, 1)
  assert.deepEqual(api.asked, [])
})
