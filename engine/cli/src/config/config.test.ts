import { test } from 'node:test'
import assert from 'node:assert/strict'
import { parseConfig } from './config.ts'
import { ConfigError } from './problem.ts'

const good = `
api: { listen: 127.0.0.1:7400, roles: { auditor: [auditors] } }
listen:
  postgres: 127.0.0.1:7432
log: { kind: embedded }
identity:
  issuers:
    - { name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }
policies: { path: ./policies }
targets:
  - name: reporting
    protocol: postgres
    address: db.internal:5432
    database: shop
    tls: verify-full
    credential: { user: app, password: { env: SHOP_PASSWORD } }
    labels: { env: prod }
`

test('a good file', () => {
  const config = parseConfig('sluice.yaml', good)
  assert.deepEqual(config.listen.postgres, { address: { host: '127.0.0.1', port: 7432 } })
  assert.equal(config.targets[0]?.target.name, 'reporting')
  assert.deepEqual(config.targets[0]?.target.address, { host: 'db.internal', port: 5432 })
  assert.deepEqual(config.targets[0]?.credential, { user: 'app', password: { env: 'SHOP_PASSWORD' } })
  assert.deepEqual(config.api.roles, { admin: [], approver: [], auditor: ['auditors'] })
})

test('who answers for whom, by the file and by claims', () => {
  const issuer = 'issuer: https://example.okta.com, audience: sluice'
  const config = parseConfig(
    'sluice.yaml',
    good
      .replace(issuer, `${issuer}, claims: [owner]`)
      .replace('  issuers:', '  owners: { "okta#app": ["okta#alice"] }\n  issuers:'),
  )
  assert.deepEqual(config.issuers[0]?.claims, ['owner'])
  assert.deepEqual(config.owners.get('okta#app'), ['okta#alice'])
})

test('groups by claims, of any issuer', () => {
  const issuer = 'issuer: https://example.okta.com, audience: sluice'
  const mappings = [{ group: 'langchain', when: { '/kubernetes.io/namespace': ['a', 'b'], level: 3 } }]
  const config = parseConfig(
    'sluice.yaml',
    good.replace(issuer, `${issuer}, mappings: ${JSON.stringify(mappings)}`),
  )
  assert.deepEqual(config.issuers[0]?.mappings, mappings)
})

const adfs = `    - name: adfs
      kind: saml
      issuer: https://idp.example/saml
      audience: https://sluice.example/saml
      sign_on_url: https://idp.example/sso
      certificates: [{ file: idp.pem }]`

test('a provider of SAML beside others, which needs the URL of the API', () => {
  const file = good.replace('policies:', `${adfs}\npolicies:`)
  const config = parseConfig('sluice.yaml', file.replace('roles:', 'url: https://sluice.example, roles:'))
  assert.deepEqual([config.issuers.length, config.samlIssuers[0]?.name], [1, 'adfs'])
  assert.throws(
    () => parseConfig('sluice.yaml', file),
    /sluice\.yaml:10:7: identity\.issuers\.1\.kind saml needs api\.url/,
  )
})

test('people sign in at issuers that say how, and on loopback the URL is known', () => {
  const file = good.replace(
    'audience: sluice }',
    'audience: sluice, console: { client_id: c, client_secret: { env: S }, label: Our people } }',
  )
  const { issuers } = parseConfig('sluice.yaml', file)
  assert.deepEqual(issuers[0]?.console, { client_id: 'c', client_secret: { env: 'S' }, label: 'Our people' })
})

const issuerLine = '    - { name: okta, kind: oidc, issuer: https://example.okta.com, audience: sluice }'
const issuerOf = (rest: string): string => `    - { name: okta, kind: oidc, audience: sluice, ${rest} }`
const okta = 'issuer: https://example.okta.com'

/** Each replaces one line of the good file; the answer must name the line and what would be right. */
const mistakes: readonly (readonly [string, string, RegExp])[] = [
  [
    issuerOf(`${okta}, mapings: []`),
    issuerLine,
    /sluice\.yaml:8:\d+: unknown key "mapings" in identity\.issuers\.0 — did you mean "mappings"\?/,
  ],
  [
    issuerOf(`${okta}, mappings: [{ group: g, wen: { a: b } }]`),
    issuerLine,
    /sluice\.yaml:8:\d+: unknown key "wen" in identity\.issuers\.0\.mappings\.0 — did you mean "when"\?/,
  ],
  [
    issuerOf(`${okta}, mappings: [{ group: g, when: { a: { b: c } } }]`),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0\.mappings\.0\.when\.a is not valid — What the claim must be/,
  ],
  [
    issuerOf(`${okta}, sign_on_url: https://idp.example`),
    issuerLine,
    /sluice\.yaml:8:\d+: unknown key "sign_on_url" in identity\.issuers\.0, a provider of oidc/,
  ],
  [
    issuerOf(`${okta}, console: { label: Okta }`),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0\.console lacks "client_id"/,
  ],
  [
    issuerOf(`${okta}, console: { client_id: c, scope: profile }`),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0\.console\.scope lacks openid/,
  ],
  [
    issuerOf(`${okta}, console: { client_id: c }, jwks_file: keys.json`),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0\.console needs an issuer that the gateway reaches/,
  ],
  [
    issuerOf(`${okta}, console: { client_id: c, client_secret: { vault: secret/data/x#y } }`),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0\.console\.client_secret is kept by vault/,
  ],
  [
    issuerOf(okta).replace('oidc', 'saml'),
    issuerLine,
    /sluice\.yaml:8:\d+: identity\.issuers\.0 lacks "sign_on_url"/,
  ],
  [
    `${issuerLine}\n${adfs.replace('sign_on_url', 'singon_url')}`,
    issuerLine,
    /sluice\.yaml:13:7: unknown key "singon_url" in identity\.issuers\.1 — did you mean "sign_on_url"\?/,
  ],
  [
    `${issuerLine}\n${adfs.replace('{ file: idp.pem }', '{ file: idp.pem }, { vault: "secret/data/idp#pem" }')}`,
    issuerLine,
    /sluice\.yaml:14:\d+: identity\.issuers\.1\.certificates\.1 is kept by vault, and the file lacks secrets\.vault/,
  ],
  [
    `${issuerLine}\n${adfs.replace('name: adfs', 'name: okta')}`,
    issuerLine,
    /sluice\.yaml:9:7: identity\.issuers\.1\.name is that of another issuer: okta/,
  ],
  [
    issuerOf('issuer: https://token.actions.githubusercontent.com'),
    issuerLine,
    /sluice\.yaml:8:\d+: issuer okta: everybody can get its tokens/,
  ],
  [
    issuerOf('issuer: "https://login.microsoftonline.com/{tenantid}/v2.0"'),
    issuerLine,
    /sluice\.yaml:8:\d+: issuer okta: the URL must be https/,
  ],
  [
    'polices: { path: ./policies }',
    'policies: { path: ./policies }',
    /sluice\.yaml:9:1: unknown key "polices" — did you mean "policies"\?/,
  ],
  [
    'log: { kind: embeded }',
    'log: { kind: embedded }',
    /sluice\.yaml:5:8: log\.kind cannot be "embeded" — did you mean "embedded"\?/,
  ],
  [
    '    adress: db.internal:5432',
    '    address: db.internal:5432',
    /sluice\.yaml:1[0-9]:\d+: targets\.0 lacks "address"/,
  ],
  ['    protocol: postgress', '    protocol: postgres', /cannot be "postgress" — did you mean "postgres"\?/],
  ['    tls: verify-ful', '    tls: verify-full', /sluice\.yaml:15:5: .*verify-full/],
  ['    databse: shop', '    database: shop', /sluice\.yaml:1[0-9]:\d+: .*database/],
  [
    '    address: db.internal',
    '    address: db.internal:5432',
    /sluice\.yaml:13:5: targets\.0\.address .*host:port/,
  ],
  [
    '    credential: { user: app, password: hunter2 }',
    '    credential: { user: app, password: { env: SHOP_PASSWORD } }',
    /targets\.0\.credential\.password/,
  ],
]

for (const [wrong, right, expected] of mistakes)
  test(`"${wrong.trim()}" is reported where it stands`, () => {
    assert.ok(good.includes(right))
    assert.throws(
      () => parseConfig('sluice.yaml', good.replace(right, wrong)),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, expected)
        assert.equal(error.message.includes('hunter2'), false, 'a secret put in by mistake is not repeated')
        return true
      },
    )
  })

test('keys of SSH have a subject each, and a mistake its line', () => {
  const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2S9Nm9mBvUSdnSYkkRYwqXMGJ1HrJKHgQxTr2lb4UO backup'
  const parsed = (...entries: readonly string[]): ReturnType<typeof parseConfig>['sshKeys'] => {
    const keys = entries.map((entry) => `    - { ${entry} }\n`).join('')
    return parseConfig('sluice.yaml', good.replace(/^identity:\n/m, `identity:\n  ssh_keys:\n${keys}`))
      .sshKeys
  }
  assert.deepEqual(parsed(`key: "${line}", subject: okta#backup, life_s: 60`), [
    { key: line, subject: 'okta#backup', life_s: 60 },
  ])
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [[`key: "${line}", subject: backup`], /sluice\.yaml:\d+:\d+: "backup" is not of the form issuer#subject/],
    [[`key: "${line}", subject: a#b`, `key: "${line}", subject: a#c`], /the key of a#c is that of another/],
    [['key: "ssh-dss AAAA", subject: a#b'], /the key of a#b is not usable/],
    [[`key: "${line}", subject: a#b, life_s: 90000`], /life_s/],
  ]
  for (const [entries, message] of wrong) assert.throws(() => parsed(...entries), message)
})

test('one of the keys of pseudonyms is in use', () => {
  const masking = (keys: string): ReturnType<typeof parseConfig>['maskingKey'] =>
    parseConfig('sluice.yaml', `${good}masking: { keys: [${keys}] }`).maskingKey
  const old = '{ id: k1, secret: { env: K1 } }'
  const active = '{ id: k2, secret: { file: k2 }, active: true }'
  assert.equal(parseConfig('sluice.yaml', good).maskingKey, null)
  assert.deepEqual(masking(`${old}, ${active}`), { id: 'k2', secret: { file: 'k2' } })
  assert.throws(() => masking(old), /sluice\.yaml:18:\d+: exactly one key must have active: true/)
  assert.throws(() => masking(`${active}, { id: k3, secret: { env: K3 }, active: true }`), /exactly one key/)
  assert.throws(() => masking(`${active}, { id: k2, secret: { env: K3 } }`), /a second key named k2/)
  assert.throws(() => masking('{ id: k1, secret: hunter2, active: true }'), /masking\.keys\.0\.secret/)
})

test('a target says how often one subject may ask it, and otherwise it may as often as it likes', () => {
  const rate = (text: string): ReturnType<typeof parseConfig>['targets'][number]['target']['rate'] =>
    parseConfig('sluice.yaml', `${good}    rate: ${text}\n`).targets[0]?.target.rate
  assert.equal(parseConfig('sluice.yaml', good).targets[0]?.target.rate, undefined)
  assert.deepEqual(rate('{ per_second: 20, burst: 100 }'), { perSecond: 20, burst: 100 })
  assert.deepEqual(rate('{ per_second: 20 }'), { perSecond: 20, burst: 20 })
  assert.deepEqual(rate('{ per_second: 0.1 }'), { perSecond: 0.1, burst: 1 })
  for (const [text, told] of [
    ['{ burst: 5 }', /targets\.0\.rate lacks "per_second"/],
    ['{ per_second: 0 }', /sluice\.yaml:18:\d+: targets\.0\.rate\.per_second/],
    ['{ per_sec: 5, per_second: 5 }', /unknown key "per_sec" .*did you mean "per_second"/],
  ] as const)
    assert.throws(() => rate(text), told)
})

test('a target says how many conditions on masked columns one subject may ask of it', () => {
  const conditions = (text: string): unknown =>
    parseConfig('sluice.yaml', `${good}    conditions: ${text}\n`).targets[0]?.target.conditions
  assert.equal(parseConfig('sluice.yaml', good).targets[0]?.target.conditions, undefined)
  assert.deepEqual(conditions('{ per_hour: 3600, burst: 5 }'), { perSecond: 1, burst: 5 })
  assert.deepEqual(conditions('{ per_hour: 7200 }'), { perSecond: 2, burst: 7200 })
  assert.throws(() => conditions('{ per_hour: 0 }'), /sluice\.yaml:18:\d+: targets\.0\.conditions\.per_hour/)
  assert.throws(() => conditions('{ hourly: 5 }'), /unknown key "hourly"/)
})

test("a pool of a target is the adapter's to read, and its mistakes have their place", () => {
  const pool = (text: string): unknown => parseConfig('sluice.yaml', `${good}    pool: ${text}\n`).targets[0]
  assert.ok(pool('{ max: 5 }'))
  assert.throws(() => pool('{ maxi: 5 }'), /sluice\.yaml:18:\d+: .*unknown key "maxi"; did you mean "max"/)
  assert.throws(() => pool('{ max: 0 }'), /sluice\.yaml:18:\d+: .*"pool\.max" must be a whole number/)
})

test('a listener says how long its clients may take nothing', () => {
  const stall = (text: string): unknown =>
    parseConfig('sluice.yaml', good.replace(/^listen:\n.*\n/m, `listen:\n  postgres: ${text}\n`)).listen
      .postgres
  const address = { host: '127.0.0.1', port: 7432 }
  assert.deepEqual(stall('{ address: 127.0.0.1:7432, stall_s: 30 }'), { address, stallMs: 30_000 })
  assert.throws(() => stall('{ address: 127.0.0.1:7432, stall: 30 }'), /did you mean "stall_s"/)
  assert.throws(() => stall('{ address: 127.0.0.1:7432, stall_s: 0 }'), /listen\.postgres/)
})

test('a target says who may give access to it for a while, and otherwise nobody may', () => {
  const access = (text: string): ReturnType<typeof parseConfig>['targets'][number]['access'] =>
    parseConfig('sluice.yaml', `${good}    access: ${text}\n`).targets[0]?.access
  assert.equal(parseConfig('sluice.yaml', good).targets[0]?.access, undefined)
  assert.deepEqual(access('{ approvers: [dba] }'), {
    approvers: ['dba'],
    roles: ['reader'],
    maxMs: 28_800_000,
  })
  assert.deepEqual(access('{ approvers: [a, b], max: 30m, roles: [writer] }'), {
    approvers: ['a', 'b'],
    roles: ['writer'],
    maxMs: 1_800_000,
  })
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['{ max: 1h }', /targets\.0\.access lacks "approvers"/],
    ['{ approvers: [] }', /targets\.0\.access\.approvers must NOT have fewer than 1/],
    ['{ approvers: [dba], max: soon }', /targets\.0\.access\.max .*e\.g\. 90s, 10m, 8h or 7d/],
    ['{ approvers: [dba], max: 8d }', /sluice\.yaml:18:\d+: access\.max cannot be "8d" — from 1s to 7d/],
    ['{ approvers: [dba], max: 0s }', /access\.max cannot be "0s"/],
    ['{ aprovers: [dba] }', /unknown key "aprovers" .* did you mean "approvers"\?/],
  ]
  for (const [text, expected] of wrong) assert.throws(() => access(text), expected)
})

test('broken YAML names its line', () => {
  assert.throws(() => parseConfig('sluice.yaml', 'api:\n  listen: [1,\n'), /sluice\.yaml:\d+:\d+: /)
})

test('a name that stands twice is reported', () => {
  const twice = good + good.slice(good.indexOf('  - name: reporting'))
  assert.throws(() => parseConfig('sluice.yaml', twice), /a second target named reporting/)
})

test('an empty file is not a configuration', () => {
  assert.throws(() => parseConfig('sluice.yaml', ''), ConfigError)
})
