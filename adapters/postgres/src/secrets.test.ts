import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { secretsOf } from './secrets.ts'

/** The text with its secrets as asterisks. */
function shown(text: string): string {
  const bytes = Buffer.from(text)
  for (const [from, to] of secretsOf(bytes.toString('latin1')).spans) bytes.fill('*', from, to)
  return bytes.toString()
}

const forms: readonly (readonly [sql: string, shown: string])[] = [
  [
    `alter role x with encrypted password 'p''q' valid until 'infinity'`,
    `alter role x with encrypted password '****' valid until 'infinity'`,
  ],
  [`CREATE USER "é" PASSWORD E'p\\'q'`, `CREATE USER "é" PASSWORD E'****'`],
  [`alter role x password U&'\\0061'`, `alter role x password U&'*****'`],
  [`alter role x password $$abc$$`, `alter role x password $$***$$`],
  [
    `create user mapping for x server s options (user 'bob', "Password" 'p')`,
    `create user mapping for x server s options (user 'bob', "Password" '*')`,
  ],
  [
    `alter user mapping for a server s options (set password 'z')`,
    `alter user mapping for a server s options (set password '*')`,
  ],
  [
    `create server s foreign data wrapper w options (host 'h', secret_access_key 'k')`,
    `create server s foreign data wrapper w options (host 'h', secret_access_key '*')`,
  ],
  [
    `create subscription s connection 'host=a password=b' publication p`,
    `create subscription s connection '*****************' publication p`,
  ],
  [`select dblink('host=x password=y', 'select 1')`, `select dblink('*****************', 'select 1')`],
  [`select pgp_sym_encrypt(name, 'key') from t`, `select pgp_sym_encrypt(name, '***') from t`],
  [`set my.secret to 'x'`, `set my.secret to '*'`],
  [
    `select set_config('app.jwt_secret', 'x', false), set_config('a.b', 'c', true)`,
    `select set_config('app.jwt_secret', '*', false), set_config('a.b', 'c', true)`,
  ],
  [
    `select 1 from u where u.password = 'a' or 'b' = u.password or token in ('c', 'd')`,
    `select 1 from u where u.password = '*' or '*' = u.password or token in ('*', '*')`,
  ],
  [
    `insert into users (name, password) values ('a', 'b'); select 'clear'`,
    `insert into users (name, password) values ('*', '*'); select 'clear'`,
  ],
  [`update u set password = 'x', note = 'y'`, `update u set password = '*', note = 'y'`],
  [`do $a$ begin alter role x password 'pw'; end $a$`, `do $a$ begin alter role x password '**'; end $a$`],
  [
    `do $a$ begin execute format('alter role x password %L', 'pw'); end $a$`,
    `do $a$ begin execute format('************************', '**'); end $a$`,
  ],
  [`select 'alter role x password ''y'''`, `select '***************************'`],
  [`select '{"password": "x"}'::jsonb`, `select '*****************'::jsonb`],
  [`select 'postgresql://bob:hunter2@db/x'`, `select 'postgresql://bob:*******@db/x'`],
  [`select 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc'`, `select '****************************************'`],
  [`select 1 /* password=old */`, `select 1 ******************`],
  [`alter role x password 'never closed`, `alter role x password *************`],
]

const harmless = [
  `select 'my password please', 'reset your password now', 'the secret of it'`,
  `select * from t where primary_key = 'x' and max_tokens = '5' and passenger = 'y' and compass = 'n'`,
  `select token_count, password from users where id = '7'`,
  `create role x connection limit 5`,
]

suite('secrets in SQL', () => {
  for (const [sql, expected] of forms) test(sql, () => assert.equal(shown(sql), expected))
  for (const sql of harmless) test(`none in ${sql}`, () => assert.equal(shown(sql), sql))

  test('parameters are known by what they are compared with, given to, or inserted into', () => {
    const parameters = (sql: string): unknown => {
      const found = secretsOf(sql).parameters
      return found === 'all' ? found : [...found]
    }
    assert.deepEqual(parameters('update t set password = $2 where id = $1'), [2])
    assert.deepEqual(parameters('select pgp_sym_decrypt($1, $2), $3'), [1, 2])
    assert.equal(parameters('insert into users (name, password) values ($1, $2)'), 'all')
    assert.deepEqual(parameters('select password from users where id = $1'), [])
    assert.equal(parameters(`select $1 where password = 'never closed`), 'all')
  })

  test('no secret stays, however it is written, and nothing else goes', () => {
    const secret = fc.string({ unit: fc.constantFrom(...'abcXYZ0189-_.!é'), minLength: 1, maxLength: 24 })
    const quoted = fc.constantFrom(["'", "'"], ["E'", "'"], ['$$', '$$'], ['$tag$', '$tag$'])
    const around = fc.constantFrom(
      ['alter role someone password ', ' valid until '],
      ['CREATE ROLE someone LOGIN\n\tENCRYPTED  PASSWORD ', ' CONNECTION LIMIT 5'],
      [`create user mapping for current_user server s options (user 'u', password `, ')'],
      ['select 1; alter user someone with /* why */ password ', '; select 2'],
      ['update accounts set "password" = ', ' where id = 7'],
    )
    fc.assert(
      fc.property(secret, quoted, around, (text, [open = '', close = ''], [before = '', behind = '']) => {
        const blanked = '*'.repeat(Buffer.byteLength(text))
        assert.equal(
          shown(`${before}${open}${text}${close}${behind}`),
          `${before}${open}${blanked}${close}${behind}`,
        )
      }),
      { numRuns: 500 },
    )
  })

  test('any text at all is read or blanked, and never an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const sql = `alter role x password '${text.replaceAll('\0', '')}`
        const blanked = shown(sql)
        assert.equal(Buffer.byteLength(blanked) >= 0, true)
        if (text.length > 8 && !/['\\\0]/.test(text)) assert.ok(!blanked.includes(text))
      }),
    )
  })
})
