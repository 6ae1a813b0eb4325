import { test } from 'node:test'
import assert from 'node:assert/strict'
import { emptyTarget, entryOf, entryText, fieldOf } from './target-entry.ts'

const form = {
  ...emptyTarget,
  name: ' reporting ',
  address: 'db.internal:5432',
  database: 'shop',
  schemas: 'public, sales',
  user: 'app',
  secret: 'SLUICE_TARGET_REPORTING',
  labels: 'env=prod\nteam = data',
}

test('a form becomes what a file would say, and what is empty is not there', () => {
  assert.deepEqual(entryOf(form), {
    name: 'reporting',
    protocol: 'postgres',
    address: 'db.internal:5432',
    database: 'shop',
    schemas: ['public', 'sales'],
    tls: 'verify-full',
    credential: { user: 'app', password: { env: 'SLUICE_TARGET_REPORTING' } },
    labels: { env: 'prod', team: 'data' },
  })
  assert.deepEqual(entryOf({ ...emptyTarget, secret: '' }), { protocol: 'postgres', tls: 'verify-full' })
})

test('each protocol has its own settings, and a credential only where one is shown', () => {
  const api = { ...form, protocol: 'http', base_path: '/v1' }
  assert.deepEqual(entryOf({ ...api, authentication: 'none' })['credential'], undefined)
  assert.deepEqual(entryOf({ ...api, authentication: 'bearer' })['credential'], {
    password: { env: 'SLUICE_TARGET_REPORTING' },
  })
  assert.equal(entryOf(api)['database'], undefined)
  const host = entryOf({ ...form, protocol: 'ssh', host_key: 'ssh-ed25519 AAAA' })
  assert.deepEqual([host['host_key'], host['tls']], ['ssh-ed25519 AAAA', undefined])
})

test('what is wrong is said at its field', () => {
  assert.deepEqual(
    [
      'name',
      'address',
      'credential',
      'credential.user',
      'credential.password',
      'schemas',
      '',
      'rate.burst',
    ].map(fieldOf),
    ['name', 'address', 'secret', 'user', 'secret', 'schemas', '', ''],
  )
})

test('as YAML a text that could be something else is quoted', () => {
  const text = entryText({ name: 'yes please', address: 'db:5432', labels: { env: 'prod' }, schemas: ['a'] })
  assert.equal(text, '- name: "yes please"\n  address: "db:5432"\n  labels: { env: prod }\n  schemas: [a]')
})
