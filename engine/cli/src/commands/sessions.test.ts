import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { ExchangeLine, SessionLine } from '@sluice/api'
import { ran, scriptedServer } from '../scripted.ts'
import { sluice } from '../sluice.ts'

const id = 'ses_01M8A3CF2M00000MB6X3TDGJ82'
const session: SessionLine = {
  id,
  state: 'open',
  gateway: 'gw_a',
  subject: 'demo#alice',
  on_behalf_of: null,
  target: 'shop',
  protocol: 'postgres',
  client_ip: '10.0.0.1',
  application: 'psql\u001b[2J',
  run: null,
  opened_at: '2026-01-02T03:04:05.678Z',
  token_id: 'tok_1',
  token_expires_at: '2026-01-02T03:19:05.678Z',
  requests: 3,
  denied: 1,
  rows: 20,
  bytes: 300,
  tokens: 1200,
  cost_micros: 4500,
  in_flight: 0,
}
const exchange: ExchangeLine = {
  exchange: 'exc_1',
  at: '2026-01-02T03:05:00.000Z',
  action: 'sql.select',
  relations: ['public.orders'],
  bytes: 10,
  effect: 'allow',
  rule: 'starter/read',
  decision: 'dec_1',
  outcome: 'completed',
  status: null,
  rows: 20,
  masked: 2,
}

function api() {
  return scriptedServer((path) => {
    if (path.endsWith('/exchanges')) return { body: JSON.stringify([exchange]) }
    if (path.endsWith('/kill')) return { body: JSON.stringify({ session: id, state: 'killed' }) }
    return { body: JSON.stringify(path === '/v1/sessions' ? [session] : session) }
  })
}

function env({ url }: { readonly url: string }) {
  return { SLUICE_URL: url, SLUICE_TOKEN: 'slu_x' }
}

test('ls: a table, or one object per line', async () => {
  await using server = await api()
  const { out } = await ran(['sessions', 'ls'], env(server))
  assert.match(
    out,
    /^session +state +subject .*\nses_01M8A3CF2M00000MB6X3TDGJ82 +open +demo#alice +shop +10\.0\.0\.1/,
  )
  assert.deepEqual(JSON.parse((await ran(['sessions', 'ls', '--json'], env(server))).out), session)
})

test('show: the session and its exchanges, and nothing that a terminal obeys', async () => {
  await using server = await api()
  const { out } = await ran(['sessions', 'show', id], env(server))
  assert.match(out, /who +demo#alice from 10\.0\.0\.1 \(psql\\u\{1b\}\[2J\)/)
  assert.match(out, /20 rows, 300 bytes, 1200 tokens for 0\.004500/)
  assert.match(out, /sql\.select +allow +starter\/read +completed +20 +2 +public\.orders/)
  const { out: json } = await ran(['sessions', 'show', id, '--json'], env(server))
  assert.deepEqual(JSON.parse(json), { ...session, exchanges: [exchange] })
})

test('kill sends its reason', async () => {
  await using server = await api()
  assert.equal((await ran(['sessions', 'kill', id], env(server))).out, `${id} is killed\n`)
  await ran(['sessions', 'kill', id, '--reason', 'runs wild'], env(server))
  assert.deepEqual(server.asked, [
    `POST /v1/sessions/${id}/kill {}`,
    `POST /v1/sessions/${id}/kill {"reason":"runs wild"}`,
  ])
})

const steps = [
  { at: '2026-01-02T03:04:05.000Z', step: 'killed', by: 'demo#grace', reason: 'runs wild' },
  { at: '2026-01-02T03:04:05.300Z', step: 'lost' },
]

function recording() {
  return scriptedServer(() => ({ body: steps.map((step) => `${JSON.stringify(step)}\n`).join('') }))
}

test('replay: step by step, in words or as they come', async () => {
  await using server = await recording()
  const { code, out } = await ran(['sessions', 'replay', id], env(server))
  assert.equal(code, 0)
  assert.match(out, /^03:04:05\.000 {2}ended by demo#grace: runs wild\n03:04:05\.300 {2}its gateway was lost/)
  const { out: json } = await ran(['sessions', 'replay', id, '-f', '--json'], env(server))
  assert.deepEqual(
    json
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
    steps,
  )
  assert.deepEqual(server.asked, [
    `GET /v1/sessions/${id}/recording`,
    `GET /v1/sessions/${id}/recording?follow=true`,
  ])
})

test('C24 replay: what terminals showed as asciicast, of which no terminal obeys anything', async () => {
  const lines = ['{"version":2,"width":80,"height":24}', '[0.5, "o", "\\u001b[2J \u009b2J \u202e \u{e0001}"]']
  const parts = lines.map((line) => ({ kind: 'terminal', line, seconds: 0, code: 'o', text: '' }))
  const step = { at: '2026-01-02T03:04:05.000Z', step: 'answer', exchange: 'exc_1', content: 'shown', parts }
  await using server = await scriptedServer(() => ({ body: `${JSON.stringify(step)}\n` }))
  const { out } = await ran(['sessions', 'replay', id, '--asciicast', '-'], env(server))
  assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    lines.map((line) => JSON.parse(line) as unknown),
  )
})

test('replay: at a speed it takes its time', async () => {
  await using server = await recording()
  const started = performance.now()
  await ran(['sessions', 'replay', id, '--speed', '2'], env(server))
  assert.ok(performance.now() - started >= 149)
})

test('replay: Ctrl-C ends it while it waits, without an error', async () => {
  await using server = await recording()
  const interrupt = new AbortController()
  const written: string[] = []
  const code = await sluice(['sessions', 'replay', id, '--speed', '0.0001'], {
    env: env(server),
    signal: interrupt.signal,
    out: (text) => {
      written.push(text)
      interrupt.abort()
    },
    error: (text) => written.push(text),
  })
  assert.equal(code, 0)
  assert.equal(written.length, 1)
})

test('replay: what the API refuses is said', async () => {
  await using server = await scriptedServer(() => ({
    status: 404,
    body: '{"detail":"You can see no such session."}',
  }))
  const { code, error } = await ran(['sessions', 'replay', id], env(server))
  assert.deepEqual([code, /You can see no such session/.test(error)], [1, true])
})

test('a session is named by a part of its id that no other has', async () => {
  const other = { ...session, id: 'ses_01M8A3CF2M00000MB6X3TDGJ93', subject: 'demo#bob' }
  await using server = await scriptedServer((path) => {
    if (path.startsWith('/v1/sessions/search')) return { body: JSON.stringify({ sessions: [other] }) }
    if (path.endsWith('/exchanges')) return { body: '[]' }
    return { body: JSON.stringify(path === '/v1/sessions' ? [session] : session) }
  })
  const { out } = await ran(['sessions', 'show', 'gj82'], env(server))
  assert.match(out, new RegExp(`^${id}`))
  assert.ok(server.asked.includes(`GET /v1/sessions/${id}`))
  const { code, error } = await ran(['sessions', 'kill', 'ses_01M8'], env(server))
  assert.equal(code, 1)
  assert.match(error, /2 ids fit 01M8: give more of it\n {2}ses_\S+ {2}open {2}demo#/)
  assert.ok(!server.asked.some((asked) => asked.includes('kill')))
})

for (const args of [
  [],
  ['end', id],
  ['replay'],
  ['replay', id, '--speed', '0'],
  ['replay', id, '--speed', 'x'],
  ['ls', '-f'],
  ['show'],
  ['kill'],
  ['ls', id],
  ['ls', '--reason', 'x'],
  ['ls', '--speed', '1'],
  ['replay', id, '--max-idle', 'x'],
  ['replay', id, '--from', '-1'],
  ['replay', id, '--text', '--json'],
  ['replay', id, '--exchange', 'exc_1'],
  ['replay', id, '--asciicast', 'f', '--speed', '2'],
  ['watch', id, '--speed', '2'],
  ['show', 'x'],
  ['show', '01M8/../..'],
])
  test(`sessions ${args.join(' ')}: exit code 2, and nothing is asked`, async () => {
    await using server = await api()
    assert.equal((await ran(['sessions', ...args], env(server))).code, 2)
    assert.deepEqual(server.asked, [])
  })
