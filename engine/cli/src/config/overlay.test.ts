import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig, type Config } from './config.ts'
import { ConfigDocument } from './document.ts'
import { overlay } from './overlay.ts'
import { ConfigError } from './problem.ts'

const target = (name: string): object => ({
  name,
  protocol: 'postgres',
  address: `${name}.internal:5432`,
  database: name,
  credential: { user: 'app', password: { env: 'P' } },
})

const demo = {
  api: { listen: '127.0.0.1:7400', roles: { auditor: ['auditors'] } },
  listen: { postgres: '127.0.0.1:7432' },
  identity: {
    issuers: [{ name: 'demo', kind: 'oidc', issuer: 'http://127.0.0.1:7401', audience: 'sluice' }],
  },
  policies: { path: '/starter' },
  targets: [target('shop'), target('other')],
}

function laid(text: string): Config {
  return parseConfig('my.yaml', text, demo)
}

const mine = `
policies: { path: ./mine }
targets:
  - name: reporting
    protocol: postgres
    address: db.internal:5432
    database: reporting
    credential: { user: app, password: { env: P } }
`

test('a file with nothing in it changes nothing', () => {
  for (const text of ['', '# all commented out\n', '{}'])
    assert.deepEqual(laid(text), { ...laid('{}'), file: 'my.yaml' })
  assert.deepEqual(
    laid('').targets.map(({ target: { name } }) => name),
    ['shop', 'other'],
  )
})

test('targets are added and other keys replaced, down to the last one', () => {
  const config = laid(`${mine}api: { roles: { auditor: [security, audit] } }\n`)
  assert.deepEqual(
    config.targets.map(({ target: { name } }) => name),
    ['shop', 'other', 'reporting'],
  )
  assert.equal(config.policies, './mine')
  assert.deepEqual(config.api.roles.auditor, ['security', 'audit'])
  assert.deepEqual(config.api.listen, { host: '127.0.0.1', port: 7400 }, 'what the file does not say stays')
  assert.equal(config.issuers[0]?.name, 'demo')
})

test('a target of the same name replaces the other', () => {
  const config = laid(mine.replace('name: reporting', 'name: shop'))
  assert.deepEqual(
    config.targets.map(({ target: { name, address } }) => [name, address.host]),
    [
      ['other', 'other.internal'],
      ['shop', 'db.internal'],
    ],
  )
})

const mistakes: readonly (readonly [string, string, RegExp])[] = [
  ['policies:', 'polices:', /^my\.yaml:2:1: unknown key "polices" — did you mean "policies"\?$/],
  ['address: db.internal:5432', 'address: db.internal', /^my\.yaml:6:5: targets\.0\.address .*host:port$/],
  ['address:', 'adress:', /^my\.yaml:6:5: targets\.0 lacks "address" — is "adress" meant\?$/],
  ['database: reporting', 'databse: reporting', /^my\.yaml:7:5: .*databse/],
  [
    'protocol: postgres',
    'protocol: postgress',
    /^my\.yaml:5:5: targets\.0\.protocol .*did you mean "postgres"\?$/,
  ],
  ['targets:', 'targets: none\nx:', /^my\.yaml:3:1: targets must be array/m],
  ['{ path: ./mine }', '[./mine]', /^my\.yaml:2:1: policies must be object/],
]

for (const [right, wrong, expected] of mistakes)
  test(`"${wrong}" is reported where the file's author wrote it`, () => {
    assert.ok(mine.includes(right))
    assert.throws(
      () => laid(mine.replace(right, wrong)),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, expected)
        return true
      },
    )
  })

test('a name that stands twice in the file itself is a mistake', () => {
  const twice = mine + mine.slice(mine.indexOf('  - name'))
  assert.throws(() => laid(twice), /my\.yaml:9:5: a second target named reporting/)
})

test('a file that is no mapping is a mistake', () => {
  assert.throws(() => laid('- just\n- a list\n'), /my\.yaml:1:1: the file must be object/)
})

test('a path below the added targets is the path in the file', () => {
  const laidOver = overlay(new ConfigDocument('my.yaml', mine), demo)
  assert.deepEqual(laidOver.written(['targets', 2, 'tls']), ['targets', 0, 'tls'])
  assert.deepEqual(laidOver.written(['policies', 'path']), ['policies', 'path'])
})
