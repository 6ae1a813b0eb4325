import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  bytesMayHoldSecret,
  isSecretName,
  mayHoldSecret,
  saysSecret,
  withoutSecrets,
  withoutTokens,
} from './secrets.ts'

/** Written in halves, so that whoever searches repositories for leaked keys finds none here. */
const tokens: readonly (readonly [what: string, prefix: string, rest: string])[] = [
  ['a JSON web token', 'eyJ', 'hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-bmF0_dXJl'],
  ['an API key', 'sk-', 'proj-4f5A6b7C8d9E0f1A2b3C'],
  ['a payment key', 'sk_live_', '4eC39HqLyjWDarjtT1zdp7dc'],
  ['a token of a code host', 'ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'],
  ['a key of a cloud', 'AKIA', 'IOSFODNN7EXAMPLE'],
  ['a chat token', 'xoxb-', '123456789012-abcdefghijkl'],
  ['a token of the gateway', 'slu_', 'eyJzIjoiMSJ9abcdefgh.c2lnbmF0dXJl'],
  ['a private key', '-----BEGIN RSA PRIVATE ', 'KEY-----\nMIIEow+/=\nAAAA\n-----END RSA PRIVATE KEY-----'],
]

suite('a token', () => {
  for (const [what, prefix, rest] of tokens)
    test(`${what} is known by its form, and nothing beside it is touched`, () => {
      const token = prefix + rest
      assert.equal(withoutSecrets(`before ${token} after`), 'before [redacted] after')
      assert.equal(withoutTokens(`{"name":"${token}","kind":"x"}`), '{"name":"[redacted]","kind":"x"}')
    })

  for (const word of [
    'risk-management-of-everything',
    'task-0123456789abcdef0123',
    'sk-short',
    'eyJ.a.b',
    'AKIAS',
  ])
    test(`${word} is none`, () => assert.equal(withoutSecrets(word), word))
})

suite('what stands beside a name or a sign', () => {
  const cases: readonly (readonly [given: string, expected: string])[] = [
    ['postgresql://app:p%40ss@db:5432/shop', 'postgresql://app:[redacted]@db:5432/shop'],
    ['https://db:5432/path@2', 'https://db:5432/path@2'],
    ['host=db password=p&a,s;s user=app', 'host=db password=[redacted] user=app'],
    [`host=db password='a b' user=app`, 'host=db password=[redacted] user=app'],
    ['password = a\\ b user=app', 'password = [redacted] user=app'],
    ['Authorization: Bearer abc/def+1==', 'Authorization: Bearer [redacted]'],
    ['{"api_key": "a\\"b", "id": 1}', '{"api_key": [redacted], "id": 1}'],
    [
      `alter role x password 'it''s' valid until 'tomorrow'`,
      `alter role x password [redacted] valid until 'tomorrow'`,
    ],
    ['the keys of the house', 'the keys of the house'],
    ['primary key (id), monkey = 1', 'primary key (id), monkey = 1'],
  ]
  for (const [given, expected] of cases) test(given, () => assert.equal(withoutSecrets(given), expected))

  test('withoutTokens leaves it alone', () => {
    const json = '{"name":"password=","kind":"x"}'
    assert.equal(withoutTokens(json), json)
  })
})

test('bytes in which there may be one are those of a text in which there may be', () => {
  const texts = [
    ...tokens.map(([, prefix, rest]) => prefix + rest),
    'PassWord=x',
    'a://b',
    'Bearer x',
    'API-KEY',
  ]
  for (const text of texts) {
    assert.ok(mayHoldSecret(text), text)
    for (const around of ['', '\0', 'aa']) assert.ok(bytesMayHoldSecret(Buffer.from(around + text)), text)
  }
  for (const text of ['', 'alice@example.com', '2026-01-01 10:00:00', 'The quick brown fox', '+1 555 0100'])
    assert.ok(!bytesMayHoldSecret(Buffer.from(text)), text)
})

test('names that say so', () => {
  for (const name of ['password', 'PGPASSWORD', 'ssl_key', 'app.api_token', 'clientSecret', 'Authorization'])
    assert.ok(saysSecret(name), name)
  for (const name of ['host', 'user', 'keep', 'passing']) assert.ok(!saysSecret(name), name)
  assert.ok(isSecretName('api_key') && isSecretName('user_password'))
  assert.ok(!isSecretName('key') && !isSecretName('password_changed_at'))
})

test('takes a time that grows with the text, whatever it holds', () => {
  const hostile = [
    'password ',
    'eyJ-',
    '://',
    'token  ',
    'sk-',
    'a.',
    '-----BEGIN PRIVATE KEY',
    'bearer ',
    `'`,
    '\\',
  ]
  for (const piece of hostile) {
    const started = performance.now()
    withoutSecrets(piece.repeat(Math.ceil(500_000 / piece.length)))
    assert.ok(performance.now() - started < 2_000, piece)
  }
})

test('a hint is found wherever it stands, in either case, and parts of hints are none', () => {
  const hints =
    'password passwd passphrase pwd secret token credential authorization key crypt hmac set_config bearer basic :// eyJ ' +
    'sk- gho_ ghp_ ghs_ ghu_ ghr_ github_pat_ glpat- xoxa- sk_live_ rk_test_ hvb. hvs. npm_ pypi- slu_ AIza AKIA ASIA -----BEGIN'
  const parts = ['pass', 'pas', 'se', 'gh_', 'sk', 'xox', '090', 'aut', '--', 'set', 'é', '\0', ' ', '1']
  const around = fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((pieces) => pieces.join(' '))
  fc.assert(
    fc.property(
      around,
      fc.constantFrom(...hints.split(' ')),
      fc.boolean(),
      around,
      (left, hint, upper, right) => {
        assert.ok(!mayHoldSecret(`${left} ${right}`))
        assert.ok(!bytesMayHoldSecret(Buffer.from(`${left} ${right}`)))
        const text = `${left} ${upper ? hint.toUpperCase() : hint}${right}`
        assert.ok(mayHoldSecret(text), text)
        assert.ok(bytesMayHoldSecret(Buffer.from(text)), text)
      },
    ),
  )
  assert.ok(mayHoldSecret('a\\b'), 'an escape may stand for anything')
})
