import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, parseConfig } from '@sluice/cli'
import { demoConfig, starterPolicies } from './demo-config.ts'
import { demoSubjects } from './demo-subjects.ts'
import { demoPorts } from './ports.ts'
import { newHostKeys } from './shop-host.ts'

const below = demoConfig(demoPorts('9000'), newHostKeys().public)

test('the demo is a valid configuration, all on loopback', () => {
  const config = parseConfig('demo', '', below)
  assert.deepEqual(config.api.listen, { host: '127.0.0.1', port: 9000 })
  assert.deepEqual(config.listen.postgres, { address: { host: '127.0.0.1', port: 9032 } })
  assert.equal(config.issuers[0]?.issuer, 'http://127.0.0.1:9001')
  assert.deepEqual(
    config.targets.map(({ target: { name, address } }) => [name, address]),
    [
      ['shop', { host: '127.0.0.1', port: 9033 }],
      ['shop-api', { host: '127.0.0.1', port: 9081 }],
      ['shop-host', { host: '127.0.0.1', port: 9023 }],
      ['shop-llm', { host: '127.0.0.1', port: 9082 }],
    ],
  )
  assert.ok(existsSync(join(starterPolicies, 'data.json')))
})

test('erin reads the record and cannot act, bob and carol approve, carol activates policies', () => {
  const { roles } = parseConfig('demo', '', below).api
  const holders = (role: readonly string[]): readonly string[] =>
    Object.entries(demoSubjects)
      .filter(([, { groups }]) => groups.some((group) => role.includes(group)))
      .map(([name]) => name)
  assert.deepEqual(holders(roles.auditor), ['erin'])
  assert.deepEqual(holders(roles.approver), ['bob', 'carol'])
  assert.deepEqual(holders(roles.admin), ['carol'])
})

test('the approvers may let somebody see personal data for a while', () => {
  const [shop] = parseConfig('demo', '', below).targets
  assert.deepEqual(shop?.access, { approvers: ['dba'], roles: ['reader', 'pii_reader'], maxMs: 28_800_000 })
})

test("a person's own database and policies are laid over it, as the README says", () => {
  const config = parseConfig(
    'my.yaml',
    `policies: { path: ./my-policies }
targets:
  - name: reporting
    protocol: postgres
    address: db.internal:5432
    database: reporting
    tls: verify-full
    credential: { user: app, password: { env: REPORTING_PASSWORD } }
    labels: { env: prod }
  - name: shop-llm
    protocol: http
    address: api.openai.com:443
    credential: { password: { env: OPENAI_API_KEY } }
    profile: openai
`,
    below,
  )
  assert.deepEqual(
    config.targets.map(({ target: { name, address } }) => [name, address.host]),
    [
      ['shop', '127.0.0.1'],
      ['shop-api', '127.0.0.1'],
      ['shop-host', '127.0.0.1'],
      ['reporting', 'db.internal'],
      ['shop-llm', 'api.openai.com'],
    ],
  )
  assert.equal(config.policies, './my-policies')
  assert.equal(config.issuers[0]?.name, 'demo')
})

test('a mistake in that file is reported by its line', () => {
  assert.throws(
    () => parseConfig('my.yaml', 'targets:\n  - name: x\n    protocol: postgres\n    adress: a:1\n', below),
    (error: unknown) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, /^my\.yaml:\d+:5: targets\.0 lacks "address" — is "adress" meant\?/m)
      return true
    },
  )
})
