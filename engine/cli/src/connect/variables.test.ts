import { test } from 'node:test'
import assert from 'node:assert/strict'
import { sshVariables, urlOf, variablesFor } from './variables.ts'

const at = { kind: 'address', address: { host: '127.0.0.1', port: 6000 } } as const
const socket = { kind: 'socket', path: '/run/me/.s.PGSQL.5432' } as const

test('a PostgreSQL program finds the target by any of the usual variables, and no way past it', () => {
  const { PGPASSWORD, PGHOSTADDR, PGSERVICE, SLUICE_TOKEN, ...rest } = variablesFor(
    'postgres',
    'shop',
    at,
    null,
  )
  assert.deepEqual([PGPASSWORD, PGHOSTADDR, PGSERVICE, SLUICE_TOKEN], [null, null, null, null])
  assert.equal(rest['DATABASE_URL'], 'postgresql://app@127.0.0.1:6000/shop')
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE } = rest
  assert.deepEqual(
    [PGHOST, PGPORT, PGUSER, PGDATABASE, PGSSLMODE],
    ['127.0.0.1', '6000', 'app', 'shop', 'disable'],
  )
})

test('the same by a socket', () => {
  const { DATABASE_URL, PGHOST, PGPORT } = variablesFor('postgres', 'my shop', socket, null)
  assert.deepEqual(
    [DATABASE_URL, PGHOST, PGPORT],
    ['postgresql://app@/my%20shop?host=%2Frun%2Fme', '/run/me', '5432'],
  )
})

test('an HTTP program finds its base, and that of a language model where it asked for it', () => {
  assert.deepEqual(Object.keys(variablesFor('http', 'api', at, null)), [
    'SLUICE_TOKEN',
    'SLUICE_CLIENT_SECRET',
    'BASE_URL',
  ])
  const openai = variablesFor('http', 'api', at, 'openai')
  assert.deepEqual(
    [openai['BASE_URL'], openai['OPENAI_BASE_URL']],
    ['http://127.0.0.1:6000', 'http://127.0.0.1:6000/v1'],
  )
  assert.equal(variablesFor('http', 'api', at, 'anthropic')['ANTHROPIC_BASE_URL'], 'http://127.0.0.1:6000')
  assert.equal(urlOf('http', 'api', { kind: 'address', address: { host: '::1', port: 1 } }), 'http://[::1]:1')
})

test('programs that start ssh find the target by its file, and have no token', () => {
  const { SLUICE_TOKEN, SLUICE_CLIENT_SECRET, GIT_SSH_VARIANT, ...rest } = sshVariables('/tmp/x/config')
  assert.deepEqual([SLUICE_TOKEN, SLUICE_CLIENT_SECRET, GIT_SSH_VARIANT], [null, null, null])
  assert.deepEqual(rest, {
    SLUICE_SSH_CONFIG: '/tmp/x/config',
    GIT_SSH_COMMAND: 'ssh -F /tmp/x/config',
    RSYNC_RSH: 'ssh -F /tmp/x/config',
  })
})
