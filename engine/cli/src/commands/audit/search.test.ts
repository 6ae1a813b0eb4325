import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { FoundLine } from '@sluice/api'
import { ran, scriptedServer } from '../../scripted.ts'

const line: FoundLine = {
  exchange: 'exc_1',
  session: 'ses_01M8A3CF2M00000MB6X3TDGJ82',
  at: '2026-01-02T03:04:05.678Z',
  subject: 'demo#alice',
  on_behalf_of: null,
  target: 'shop',
  run: null,
  summary: 'sql.select public.orders\nsql.update public.customers\u001b[2J',
  bytes: 8,
  effect: 'allow',
  rule: 'starter/read',
  reason: null,
  decision: 'dec_1',
  revision: 'r',
  outcome: 'failed',
  status: '42P01',
  rows: 3,
  masked: 2,
  micros: null,
}

/** Two pages. */
function api() {
  return scriptedServer((path) => ({
    body: JSON.stringify(
      path.includes('before=')
        ? { exchanges: [{ ...line, exchange: 'exc_0' }], next: null }
        : { exchanges: [line], next: '1.exc_1' },
    ),
  }))
}

function env({ url }: { readonly url: string }) {
  return { SLUICE_URL: url, SLUICE_TOKEN: 'slu_x' }
}

test('a line for each exchange, oldest first, and nothing that a terminal obeys', async () => {
  await using server = await api()
  const { code, out, error } = await ran(['audit', 'search'], env(server))
  assert.deepEqual([code, error], [0, ''])
  const [heading, first, second] = out.split('\n').map((each) => each.split(/ {2,}/))
  assert.deepEqual(heading, [
    'at',
    'session',
    'who',
    'target',
    'action',
    'effect',
    'rule',
    'outcome',
    'rows',
    'masked',
  ])
  assert.deepEqual(first, second)
  assert.deepEqual(first?.slice(0, 5), [
    '2026-01-02 03:04:05',
    line.session,
    'demo#alice',
    'shop',
    'sql.select public.orders; sql.update public.customers\\u{1b}[2J',
  ])
  assert.deepEqual(first?.slice(5), ['allow', 'starter/read', 'failed 42P01', '3', '2'])
  const { out: json } = await ran(['audit', 'search', '--json'], env(server))
  assert.deepEqual(
    json
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each) as FoundLine),
    [{ ...line, exchange: 'exc_0' }, line],
  )
})

test('every filter is handed on, and as many pages are asked for as are needed', async () => {
  await using server = await api()
  const given = ['subject', 'target', 'run', 'rule', 'table', 'action', 'text'] as const
  const args = given.flatMap((name) => [`--${name}`, `a ${name}`])
  const { code, error } = await ran(
    [
      'audit',
      'search',
      ...args,
      '--effect',
      'deny',
      '--content',
      '--since',
      '2026-01-01',
      '--until',
      '2026-01-02',
      '--last',
      '1',
    ],
    env(server),
  )
  assert.equal(code, 0)
  assert.match(error, /There is more: these are the latest 1\./)
  const [asked = '', ...more] = server.asked
  assert.deepEqual(more, [])
  const query = Object.fromEntries(new URL(asked.slice('GET '.length), server.url).searchParams)
  assert.deepEqual(query, {
    ...Object.fromEntries(given.map((name) => [name, `a ${name}`])),
    effect: 'deny',
    content: 'true',
    since_ms: String(Date.parse('2026-01-01')),
    until_ms: String(Date.parse('2026-01-02')),
    last: '1',
  })
})

test('nothing found is said', async () => {
  await using server = await scriptedServer(() => ({ body: '{"exchanges":[],"next":null}' }))
  assert.match((await ran(['audit', 'search'], env(server))).out, /^Nothing of that kind/)
})

for (const args of [
  ['--effect', 'maybe'],
  ['--content'],
  ['--last', '0'],
  ['--last', 'x'],
  ['--since', 'yesterday'],
])
  test(`audit search ${args.join(' ')}: exit code 2, and nothing is asked`, async () => {
    await using server = await api()
    assert.equal((await ran(['audit', 'search', ...args], env(server))).code, 2)
    assert.deepEqual(server.asked, [])
  })
