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
