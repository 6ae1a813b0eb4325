import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bearer, scriptedApi } from './scripted.ts'

test('targets show what a connection string needs, and nothing of the backend', async () => {
  const { app } = scriptedApi()
  const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  assert.equal(answer.statusCode, 200)
  assert.deepEqual(answer.json(), [
    {
      name: 'shop',
      protocol: 'postgres',
      labels: { env: 'test' },
      served: true,
      source: 'file',
      state: null,
    },
  ])
})

test('those of other gateways are told as such, and one’s own as they are here', async () => {
  const address = 'secret:5432'
  const list = () => [
    { name: 'shop', protocol: 'postgres', labels: '{"env":"elsewhere"}', address, by: 'file' },
    { name: 'stock', protocol: 'postgres', labels: '{"env":"prod"}', address, by: 'file' },
    { name: 'build', protocol: 'http', labels: '{}', address, by: 'test#carol' },
  ]
  const { app } = scriptedApi({ registered: { list } })
  const answer = await app.inject({ url: '/v1/targets', headers: bearer('alice') })
  assert.deepEqual(answer.json(), [
    {
      name: 'shop',
      protocol: 'postgres',
      labels: { env: 'test' },
      served: true,
      source: 'file',
      state: null,
    },
    {
      name: 'stock',
      protocol: 'postgres',
      labels: { env: 'prod' },
      served: false,
      source: 'file',
      state: null,
    },
    { name: 'build', protocol: 'http', labels: {}, served: false, source: 'log', state: null },
  ])
})

test('who runs it or looks into it sees where they are, and whether sessions share connections', async () => {
  const load = () => ({ busy: 2, resting: 1, waiting: 3, max: 4 })
  const api = scriptedApi({ load })
  await api.open('alice')
  for (const token of ['erin', 'grace']) {
    const answer = await api.app.inject({ url: '/v1/targets', headers: bearer(token) })
    const [shop] = answer.json<readonly { readonly state: object }[]>()
    assert.deepEqual(shop?.state, {
      address: 'db.internal:5432',
      via: null,
      sessions: 1,
      connections: load(),
      probed: null,
    })
  }
})

test('targets are not for strangers', async () => {
  const { app } = scriptedApi()
  assert.equal((await app.inject('/v1/targets')).statusCode, 401)
})
