import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseHere } from '../parse.ts'
import { secretsOf, withoutConstants, withoutSecretsIn } from './text.ts'

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** What is recorded of a statement that parses or not, as its own parser says. */
function recorded(sql: string): string {
  const text = latin1(sql)
  return Buffer.from(secretsOf(text, parseHere(sql).kind === 'tree')?.text ?? text, 'latin1').toString()
}

/** In halves, so that nobody who searches for leaked keys finds one here. */
const token = ['ghp_', '16C7e42F292c6912E7710c838347Ae178B4a'].join('')

/** The secret stands where the percent sign is. */
const forms: readonly string[] = [
  'alter role app password %',
  'create user "my user" with login encrypted password % valid until \'2030-01-01\'',
  'create group g /* as asked */ password -- here\n %',
  `create user mapping for app server s options (user 'app', password %)`,
  'alter user mapping for app server s options (set password %)',
  `create server s foreign data wrapper w options (host 'db', "Api Key" %)`,
  `alter server s options (add client_secret %, drop token)`,
  `create foreign data wrapper w options (aws_session_token %)`,
  `select set_config('sluice.api_key', %, false)`,
  `select set_config('sluice.api_key'::text, % || 'x', false)`,
  'select set_config($1, %, false)',
  'set local sluice.api_token = %',
  'set sluice.secret to a, %, 3',
  'alter role app set app.password = %',
  `select pgp_sym_encrypt(ssn, %) from customers where id = 7`,
  `select public.pgp_sym_decrypt(data, %, 'cipher-algo=aes256') from t`,
  `select pgp_pub_decrypt(data, dearmor($1), %)`,
  `select crypt(%, gen_salt('bf'))`,
  `select encrypt(data, %, 'aes') from t`,
  "update users set password = %, name = 'ann' where id = 1",
  'select 1 from users u where % = u.password and name = $1',
  "insert into users (name, password) values ('ann', %) returning 'c'",
  "select 1 from users where (token = % or id = 7) and name = 'x'",
  `select 1; alter role app password %; select 'a'`,
]

/** How the same value is written. */
const quotings: readonly (readonly [name: string, quoted: (secret: string) => string])[] = [
  ['plain', (secret) => `'${secret.replaceAll(`'`, `''`)}'`],
  ['escaped', (secret) => `E'${secret.replaceAll(/['\\]/g, '\\$&')}'`],
  ['as code points', (secret) => `U&'${Array.from(secret, point).join('')}'`],
  ['in dollars', (secret) => `$pw$${secret}$pw$`],
  [
    'continued',
    (secret) => `'${secret.slice(0, 3).replaceAll(`'`, `''`)}'\n '${secret.slice(3).replaceAll(`'`, `''`)}'`,
  ],
]

function point(char: string): string {
  return `\\+${(char.codePointAt(0) ?? 0).toString(16).padStart(6, '0')}`
}

/** Long enough not to be in a statement by chance; no NUL, which no text has. */
const secret = fc
  .string({ unit: 'binary', minLength: 8, maxLength: 24 })
  .map((text) => text.toWellFormed().replaceAll(/[\0$\ud800-\udfff]/g, 'x'))
  .filter((text) => !/^x*$/.test(text))

suite('a secret in a statement', () => {
  for (const form of forms)
    test(`${form}: only the mark is recorded`, () => {
      fc.assert(
        fc.property(secret, fc.constantFrom(...quotings), (value, [, quoted]) => {
          const sql = form.replace('%', () => quoted(value))
          assert.equal(parseHere(sql).kind, 'tree', sql)
          const text = recorded(sql)
          const expected = form.includes('|| ')
            ? form.replace(`'x'`, `'[redacted]'`)
            : form.replace('to a, %, 3', 'to [redacted], %, [redacted]')
          assert.equal(text, expected.replace('%', `'[redacted]'`))
        }),
        { numRuns: 40 },
      )
    })

  test('is in no encoding in what is recorded, wherever it stands', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...forms),
        fc.constantFrom(...quotings),
        (value, form, [, quoted]) => {
          const sql = form.replace('%', () => quoted(value))
          for (const broken of [sql, `${sql} and then`, `${sql} '`, `selec 'x' ${sql}`]) {
            const bytes = Buffer.from(recorded(broken))
            const raw = Buffer.from(value)
            for (const written of [raw, raw.toString('hex'), raw.toString('base64'), quoted(value)])
              assert.ok(!bytes.includes(written), `${broken} → ${bytes.toString()}`)
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

suite('what is recorded of', () => {
  const cases: readonly (readonly [what: string, sql: string, expected: string])[] = [
    [
      'rows',
      `insert into u (id, "Token") values (1, 'a'), (2, $1 || 'b'); select 'c'`,
      `insert into u (id, "Token") values (1, '[redacted]'), (2, $1 || '[redacted]'); select 'c'`,
    ],
    [
      'rows of a query',
      `insert into u (password) select 'a' from t; select 'c'`,
      `insert into u (password) select '[redacted]' from t; select 'c'`,
    ],
    [
      'a list',
      `select 1 where token in ('a', 7) and id in (8)`,
      `select 1 where token in ('[redacted]', [redacted]) and id in (8)`,
    ],
    [
      'columns of innocent names',
      `insert into u (name, token_count) values ('a', 5)`,
      `insert into u (name, token_count) values ('a', 5)`,
    ],
    [
      'a secret that is repeated',
      `select E'hunter2\\'', hunter22 /* hunter2 */ where password = 'hunter2' and a = 'hunt'`,
      `select '[redacted]', hunter22 [redacted] where password = '[redacted]' and a = 'hunt'`,
    ],
    [
      'a connection string',
      `select dblink('host=h password=p&q;r user=u', 'select 1')`,
      `select dblink('host=h password=[redacted] user=u', 'select 1')`,
    ],
    [
      'a connection string with quotes',
      `create subscription s connection 'host=h password=''a b''' publication p`,
      `create subscription s connection '[redacted]' publication p`,
    ],
    [
      'a URL',
      `select dblink_connect('a', 'postgresql://u:p%40ss@h/d')`,
      `select dblink_connect('a', 'postgresql://u:[redacted]@h/d')`,
    ],
    [
      'code in a string',
      `select dblink_exec('a', 'alter role x password ''hunter2''')`,
      `select dblink_exec('a', '[redacted]')`,
    ],
    [
      'a block',
      `do $$ begin execute format('alter role %I password %L', 'u', 'hunter2'); end $$`,
      `do $$ begin execute format('[redacted]', '[redacted]', '[redacted]'); end $$`,
    ],
    [
      'a block in quotes',
      `do language plpgsql 'begin execute ''alter role x password ''''p''''''; end'`,
      `do language plpgsql '[redacted]'`,
    ],
    [
      'a block without a secret',
      `do $$ begin raise notice 'the key is %', 1; end $$`,
      `do $$ begin raise notice 'the key is %', 1; end $$`,
    ],
    [
      'a function',
      `create function f() returns void language sql as $$ alter role x password 'p' $$`,
      `create function f() returns void language sql as $$ alter role x password '[redacted]' $$`,
    ],
    [
      'named arguments',
      `select set_config(setting_name => 'a.key', new_value => 'b', is_local => true)`,
      `select set_config(setting_name => '[redacted]', new_value => '[redacted]', is_local => true)`,
    ],
    [
      'a comment',
      `select 1 /* token: abc */ -- password=x y`,
      `select 1 /* token: [redacted] */ -- password=[redacted] y`,
    ],
    ['a name that is a token', `select "${token}"`, `select "[redacted]"`],
    ['a token behind an escape', `select E'${token.replace('_', '\\x5f')}'`, `select '[redacted]'`],
    [
      'letters of more than one byte',
      `select 'é', 'ü' where password = 'ñ' and x = 'é'`,
      `select 'é', 'ü' where password = '[redacted]' and x = 'é'`,
    ],
    ['a password that is no string', 'alter role x password hunter2', 'alter role x password [redacted]'],
    ['a quote too many', `alter role x password 'it's me'`, 'alter role x password [redacted]'],
    ['a quote too few', `select "a', 'password' from x`, 'select  [redacted]'],
    [
      'a table with keys',
      'create table t (id int primary key, key text)',
      'create table t (id int primary key, key text)',
    ],
    [
      'a column called key',
      `update kv set key = 'a' where key = 'b'`,
      `update kv set key = 'a' where key = 'b'`,
    ],
    [
      'a type in front of a string',
      `select date '2020-01-01', interval '1 day'`,
      `select date '2020-01-01', interval '1 day'`,
    ],
    [
      'words',
      `insert into notes values ('the token bus, pass it on', 'it''s a secret')`,
      `insert into notes values ('the token bus, pass it on', 'it''s a secret')`,
    ],
  ]
  for (const [what, sql, expected] of cases) test(what, () => assert.equal(recorded(sql), expected))

  test('bytes that are no text', () => {
    const text = secretsOf(
      Buffer.from(`alter role x password '\xff'`, 'latin1').toString('latin1'),
      false,
    )?.text
    assert.equal(text, 'alter role x password [redacted]')
  })

  test('EXECUTE whose arguments are secret', () => {
    assert.equal(
      withoutConstants(`execute p('a', 1, $$b$$)`)?.text,
      `execute p('[redacted]', [redacted], '[redacted]')`,
    )
  })
})

test('parameters are secret where a constant would be', () => {
  const of = (sql: string): readonly number[] => [...(secretsOf(sql, true)?.parameters ?? [])]
  assert.deepEqual(of(`select set_config('a.key', $2, $3), pgp_sym_encrypt($1, $4)`), [2, 4])
  assert.deepEqual(of('select set_config($1, $2, true)'), [2])
  assert.deepEqual(of('update t set password = crypt($1, $2) where id = $3'), [1, 2])
  assert.deepEqual(of('insert into users (name, password) values ($1, $2)'), [2])
  assert.deepEqual(of('select * from keys where id = $1'), [])
})

test('a value that came beside its statement', () => {
  const of = (value: string): string | undefined => withoutSecretsIn(value)?.text
  assert.equal(of('host=h password=p user=u'), 'host=h password=[redacted] user=u')
  assert.equal(of(`alter role x password 'it''s'`), `alter role x password '[redacted]'`)
  assert.equal(of(`I forgot my password, it's gone`), undefined)
})

test('takes a time that grows with the text', () => {
  const started = performance.now()
  for (const piece of ['password = ', 'crypt(', `'password' `, 'set_config(', 'do $a$ token '])
    withoutSecretsIn(piece.repeat(700))
  assert.ok(performance.now() - started < 5_000)
})
