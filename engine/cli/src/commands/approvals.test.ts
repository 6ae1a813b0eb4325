import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ApprovalLine } from '@sluice/api'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer } from '../scripted.ts'
import { page } from './approvals/scripted-page.ts'

const { id, state, subject, target, action, statement, expires_at, approved, quorum, caller_waits } = page
const asked = { id, state, subject, target, action, statement, expires_at }
const line: ApprovalLine = { ...asked, approved, quorum, caller_waits }

function api(answer: object, status = 200) {
  return scriptedServer(() => ({ status, body: JSON.stringify(answer) }))
}

function env({ url }: { readonly url: string }) {
  return { SLUICE_URL: url, SLUICE_TOKEN: 'slu_x' }
}

test('ls: a table of what is pending, or one object per line with the promised fields', async () => {
  await using server = await api([line])
  assert.match((await ran(['approvals', 'ls'], env(server))).out, /apr_01M8A3CF2M00000MB6X3TDGJ82 +pending/)
  const { code, out } = await ran(['approvals', 'ls', '--state', 'all', '--json'], env(server))
  assert.equal(code, 0)
  assert.deepEqual(Object.keys(JSON.parse(out) as object), [
    'id',
    'state',
    'subject',
    'target',
    'action',
    'statement',
    'expires_at',
    'approved',
    'quorum',
    'caller_waits',
  ])
  assert.deepEqual(server.asked, [
    'GET /v1/approvals?state=pending&last=500',
    'GET /v1/approvals?state=all&last=500',
  ])
})

test('ls: filters go along, and pages are asked for until there are enough or no more', async () => {
  const pages = [Array.from({ length: 500 }, () => line), [{ ...line, id: 'apr_older' }]]
  await using server = await scriptedServer(() => ({ body: JSON.stringify(pages.shift() ?? []) }))
  const options = ['--state', 'rejected', '--subject', 'i#a', '--target', 'shop', '--since', '2026-11-01']
  const { out } = await ran(['approvals', 'ls', ...options, '--last', '700', '--json'], env(server))
  const lines = out.trimEnd().split('\n')
  assert.deepEqual([lines.length, (JSON.parse(lines[0] ?? '') as ApprovalLine).id], [501, 'apr_older'])
  const query = 'state=rejected&subject=i%23a&target=shop&since_ms=1793491200000'
  assert.deepEqual(server.asked, [
    `GET /v1/approvals?${query}&last=500`,
    `GET /v1/approvals?${query}&last=200&before=${id}`,
  ])
})

test('show: the page, or the whole of it as one object', async () => {
  await using server = await api(page)
  assert.match((await ran(['approvals', 'show', id], env(server))).out, /\| where id = 7\n/)
  assert.deepEqual(JSON.parse((await ran(['approvals', 'show', id, '--json'], env(server))).out), page)
  assert.equal(server.asked[0], `GET /v1/approvals/${id}`)
})

test('approve and reject send a vote with its reason, and tell the state', async () => {
  await using server = await api({ ...line, state: 'approved', approved: 1 })
  assert.equal((await ran(['approvals', 'approve', id], env(server))).out, `${id} is approved\n`)
  await ran(['approvals', 'approve', id, '--reason', 'ticket 7'], env(server))
  await ran(['approvals', 'reject', id, '--reason', 'no'], env(server))
  assert.deepEqual(server.asked, [
    `POST /v1/approvals/${id}/votes {"vote":"approve"}`,
    `POST /v1/approvals/${id}/votes {"vote":"approve","reason":"ticket 7"}`,
    `POST /v1/approvals/${id}/votes {"vote":"reject","reason":"no"}`,
  ])
})

test('the first of two approvals says that it is not enough', async () => {
  await using server = await api({ ...line, approved: 1, quorum: 2 })
  const { code, out } = await ran(['approvals', 'approve', id], env(server))
  assert.deepEqual([code, out], [0, `${id} has 1 of 2 approvals: 1 more must approve\n`])
})

const refusals: readonly (readonly [number, string])[] = [
  [403, 'Nobody may vote on their own request. Ask one of dba.'],
  [404, 'You can see no approval of that id here.'],
  [409, 'This approval is expired.'],
]

for (const [status, detail] of refusals)
  test(`${status} is exit code 1, in the words of the API`, async () => {
    await using server = await api({ detail }, status)
    const { code, error } = await ran(['approvals', 'approve', id], env(server))
    assert.equal(code, 1)
    assert.ok(error.includes(detail), error)
  })

test('--as votes as a subject of the demo, whatever token the environment holds', async () => {
  using data = scratchFolder()
  await using server = await scriptedServer((path) => ({
    body: JSON.stringify(path.startsWith('/v1/approvals') ? line : { access_token: 'x' }),
  }))
  leaveDemo(data.path, server.url, ['bob', 'erin'])
  const given = { SLUICE_DATA: data.path, SLUICE_TOKEN: 'slu_other' }
  assert.equal((await ran(['approvals', 'approve', id, '--as', 'bob'], given)).code, 0)
  assert.equal(server.asked[0], 'POST /token subject=bob')
})

const usage: readonly (readonly string[])[] = [
  [],
  ['vote'],
  ['show'],
  ['show', id, id],
  ['approve'],
  ['reject', id],
  ['reject', id, '--reason', ' '],
  ['ls', id],
  ['ls', '--state', 'open'],
  ['ls', '--reason', 'x'],
  ['ls', '--since', 'yesterday'],
  ['ls', '--last', '0'],
  ['show', id, '--state', 'all'],
  ['show', id, '--target', 'shop'],
  ['approve', id, '--force'],
]

for (const args of usage)
  test(`approvals ${args.join(' ')}: exit code 2, and nothing is asked`, async () => {
    await using server = await api(line)
    assert.equal((await ran(['approvals', ...args], env(server))).code, 2)
    assert.deepEqual(server.asked, [])
  })

test('no gateway: exit code 3', async () => {
  const { code } = await ran(['approvals', 'ls'], { SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' })
  assert.equal(code, 3)
})

test('an id is no path, and a part of one is enough', async () => {
  await using server = await api([line])
  const { code, error } = await ran(['approvals', 'show', '../sessions?x'], env(server))
  assert.deepEqual([code, server.asked], [2, []])
  assert.match(error, /is no id: it is apr_ and 26 letters and digits/)
  await ran(['approvals', 'approve', id.slice(-6)], env(server))
  assert.deepEqual(server.asked.at(-1), `POST /v1/approvals/${id}/votes {"vote":"approve"}`)
})
