import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { demoState, demoStateFile } from '@sluice/cli'
import { stateOf, writeState } from './state-file.ts'

const provider = {
  issuer: 'http://127.0.0.1:7401',
  login: { client_id: 'sluice-cli', resource: 'urn:sluice', password: 'l' },
  token_endpoint: 'http://127.0.0.1:7401/token',
  requests: { 'langchain-reporting': {}, alice: {}, bob: {}, carol: {}, dave: {}, erin: { subject: 'erin' } },
}
const postgres = { host: '127.0.0.1', port: 7433, app: { user: 'shop_app', password: 'p', database: 'shop' } }
const apis = {
  'shop-api': { host: '127.0.0.1', port: 7481, key: 'k' },
  'shop-llm': { host: '127.0.0.1', port: 7482, key: 'l' },
}
const shopHost = { host: '127.0.0.1', port: 7423, user: 'shop', password: 'h' }
const at = (host: string, port: number) => ({ host, port })

test('the commands find the demo by it, wherever the gateway listens', () => {
  const api = {
    listen: at('0.0.0.0', 7400),
    url: null,
    roles: { admin: [], approver: [], auditor: [] },
    targetSecrets: [],
  }
  const state = stateOf(
    {
      api,
      listen: { postgres: { address: at('::', 7432) }, http: { address: at('127.0.0.1', 7480) }, ssh: null },
    },
    provider,
    postgres,
    apis,
    shopHost,
  )
  assert.deepEqual(state, {
    api: 'http://127.0.0.1:7400',
    listen: { postgres: '[::1]:7432', http: '127.0.0.1:7480' },
    direct: {
      shop: 'postgresql://shop_app:p@127.0.0.1:7433/shop',
      'shop-host': 'ssh://shop@127.0.0.1:7423',
      'shop-host password': 'h',
      'shop-api': 'http://127.0.0.1:7481',
      'shop-api key': 'k',
      'shop-llm': 'http://127.0.0.1:7482',
      'shop-llm key': 'l',
    },
    identity: {
      token_endpoint: provider.token_endpoint,
      requests: provider.requests,
      login: { issuer: provider.issuer, ...provider.login },
    },
  })
  const other = stateOf(
    { api: { ...api, listen: at('fd00::1', 1) }, listen: { postgres: null, http: null, ssh: null } },
    provider,
    postgres,
    apis,
    shopHost,
  )
  assert.deepEqual([other.api, other.listen], ['http://[fd00::1]:1', {}])
})

test("it is its owner's alone, also when one with other rights stood there, and leaves no draft", async () => {
  const data = await mkdtemp(join(tmpdir(), 'sluice-state-test-'))
  const state = stateOf(
    {
      api: {
        listen: at('127.0.0.1', 7400),
        url: null,
        roles: { admin: [], approver: [], auditor: [] },
        targetSecrets: [],
      },
      listen: { postgres: null, http: null, ssh: null },
    },
    provider,
    postgres,
    apis,
    shopHost,
  )
  await writeFile(demoStateFile(data), '{}', { mode: 0o644 })
  await writeState(data, state)
  assert.equal((await stat(demoStateFile(data))).mode & 0o777, 0o600)
  assert.deepEqual(await readdir(data), ['demo.json'])
  assert.deepEqual(await demoState({ SLUICE_DATA: data }), state)
  await rm(data, { recursive: true })
})
