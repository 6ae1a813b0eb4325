import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ran, scriptedServer } from '../scripted.ts'

const found = [
  { name: 'shop', protocol: 'postgres', labels: { env: 'demo', data: 'pii' }, served: true, source: 'file' },
  { name: 'evil\u001b[2J', protocol: 'postgres', labels: {}, served: false, source: 'log' },
]

test('targets ls is a table, or one object per line', async () => {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(found) }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  const shown = await ran(['targets', 'ls'], env)
  assert.equal(shown.code, 0)
  assert.deepEqual(shown.out.split('\n'), [
    'target         protocol  served here  from  labels',
    'shop           postgres  yes          file  env=demo data=pii',
    'evil\\u{1b}[2J  postgres  no           log',
    '',
  ])
  const { out } = await ran(['targets', 'ls', '--json'], env)
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
    found,
  )
  assert.deepEqual(api.asked, ['GET /v1/targets', 'GET /v1/targets'])
})

const detail = {
  ...found[0],
  state: { address: 'db:5432', via: null, sessions: 2, connections: null, probed: null },
  added_by: null,
  terms: {
    credential: { user: 'app', place: 'environment variable SHOP' },
    rate: null,
    conditions: null,
    access: null,
    settings: [
      { name: 'database', value: 'shop\u001b[2J' },
      { name: 'tls_ca', value: '' },
    ],
  },
  probe: null,
}
const probe = {
  at: '2026-11-27T10:00:00.000Z',
  by: 'demo#carol',
  findings: [
    { state: 'good', about: 'connection', detail: 'it answers', remedy: '' },
    { state: 'bad', about: 'login', detail: 'it refuses', remedy: 'look at the password' },
  ],
}

test('targets show says where one is and what holds there; targets test ends with 1 when sessions would fail', async () => {
  await using api = await scriptedServer((path) => ({
    body: JSON.stringify(path.endsWith('/probe') ? probe : detail),
  }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  const shown = await ran(['targets', 'show', 'shop'], env)
  assert.equal(shown.code, 0)
  for (const part of ['db:5432', 'app environment variable SHOP', 'unbounded', 'shop\\u{1b}[2J', 'not since'])
    assert.ok(shown.out.includes(part), `${part} in\n${shown.out}`)
  assert.ok(!shown.out.includes('tls_ca'))
  const tested = await ran(['targets', 'test', 'shop'], env)
  assert.equal(tested.code, 1)
  assert.match(tested.out, /it refuses[\s\S]*look at the password/)
  assert.deepEqual(JSON.parse((await ran(['targets', 'test', 'shop', '--json'], env)).out), probe)
  assert.deepEqual(new Set(api.asked), new Set(['GET /v1/targets/shop', 'POST /v1/targets/shop/probe {}']))
})

test('targets role is SQL, and names are only names', async () => {
  const { code, out } = await ran([
    'targets',
    'role',
    'a"b',
    '--database',
    'shop',
    '--schema',
    'x',
    '--write',
  ])
  assert.equal(code, 0)
  assert.match(out, /^CREATE ROLE "a""b" LOGIN NOSUPERUSER/m)
  assert.match(out, /^GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "x" TO "a""b";$/m)
  assert.equal((await ran(['targets', 'role', 'a'])).code, 2)
})

const entries: readonly (readonly [readonly string[], object])[] = [
  [
    ['postgresql://db:6432/shop', '--user', 'app', '--password', 'vault:secret/data/targets/shop#password'],
    {
      protocol: 'postgres',
      address: 'db:6432',
      database: 'shop',
      credential: { user: 'app', password: { vault: 'secret/data/targets/shop#password' } },
    },
  ],
  [
    ['postgres://[::1]/shop?sslmode=disable', '--secret', 'vault:database/creds/shop', '--label', 'env=a=b'],
    {
      protocol: 'postgres',
      address: '[::1]:5432',
      database: 'shop',
      tls: 'disable',
      credential: { vault: 'database/creds/shop' },
      labels: { env: 'a=b' },
    },
  ],
  [
    ['https://api.example.com/v1/', '--password', 'env:SLUICE_TARGET_KEY', '--check', 'only'],
    {
      protocol: 'http',
      address: 'api.example.com:443',
      base_path: '/v1',
      credential: { password: { env: 'SLUICE_TARGET_KEY' } },
    },
  ],
]
for (const [args, target] of entries)
  test(`targets add ${args[0]} asks for what a file would say`, async () => {
    await using api = await scriptedServer(() => ({ body: '{"name":"shop","added":true,"findings":[]}' }))
    const { code, out } = await ran(['targets', 'add', 'shop', ...args], {
      SLUICE_URL: api.url,
      SLUICE_TOKEN: 'x',
    })
    assert.deepEqual([code, out], [0, 'shop was added: sluice connect shop\n'])
    const body = JSON.parse(api.asked[0]?.replace('POST /v1/targets ', '') ?? '') as object
    const check = args.includes('--check') ? { check: 'only' } : {}
    assert.deepEqual(body, { target: { name: 'shop', ...target }, ...check })
  })
