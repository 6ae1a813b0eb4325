import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ran, scriptedServer } from '../scripted.ts'

const found = [
  { name: 'shop', protocol: 'postgres', labels: { env: 'demo', data: 'pii' }, served: true },
  { name: 'evil\u001b[2J', protocol: 'postgres', labels: {}, served: false },
]

test('targets ls is a table, or one object per line', async () => {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(found) }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  const shown = await ran(['targets', 'ls'], env)
  assert.equal(shown.code, 0)
  assert.deepEqual(shown.out.split('\n'), [
    'target         protocol  served here  labels',
    'shop           postgres  yes          env=demo data=pii',
    'evil\\u{1b}[2J  postgres  no',
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
