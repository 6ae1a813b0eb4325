import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digest, type EventStore, type NewEvent } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  intercepted,
  message,
  startBackend,
  startGateway,
  TraceFinder,
  WireClient,
  type Backend,
  type Gateway,
} from '../src/index.ts'

/** Secrets reach the server exactly as they were sent, and are nowhere in what is kept of it. */

const { bind, describe, execute, flush, frame, int32, parse, query, sync } = message
const policies = fileURLToPath(new URL('policies/holds', import.meta.url))

/** A different one for each use, so that a finding says where it came from. */
function newSecret(): string {
  return `pw${randomBytes(12).toString('hex')}'é`
}

function quoted(secret: string): string {
  return `'${secret.replaceAll(`'`, `''`)}'`
}

/** Behind it a text is analysed beside the others'. */
const long = ' '.repeat(8_192)

/** What a client may send; every one holds the secret. */
const requests: readonly (readonly [what: string, bytes: (secret: string) => Buffer])[] = [
  ['a password of a role', (s) => query(`alter role app /* new */ encrypted password ${quoted(s)}`)],
  [
    'a user mapping',
    (s) => query(`create user mapping for app server s options (user 'a', password ${quoted(s)})`),
  ],
  [
    'a subscription',
    (s) => query(`create subscription s connection 'host=h password=${s.slice(0, -2)}' publication p`),
  ],
  ['the second of two statements', (s) => query(`select 1; select crypt(${quoted(s)}, gen_salt('bf'))`)],
  ['a setting', (s) => query(`set sluice.api_key = ${quoted(s)}`)],
  ['a setting that is answered', (s) => query(`select set_config('sluice.api_key', ${quoted(s)}, false)`)],
  ['a block', (s) => query(`do $b$ begin execute format('alter role a password %L', ${quoted(s)}); end $b$`)],
  ['a syntax error', (s) => query(`alter roll app password ${quoted(s)}`)],
  ['a quote too many', (s) => query(`alter role app password '${s}'`)],
  ['an error that quotes it', (s) => query(`select 1 where pgp_sym_decrypt('x', ${quoted(s)}) = ''`)],
  ['an error over a value', (s) => query(`select 1 from logins where token = ${quoted(s)}::int::text`)],
  ['a notice', (s) => query(`set sluice.secret to ${quoted(s)}; rollback`)],
  [
    'a bound value',
    (s) =>
      Buffer.concat([
        parse('', 'select crypt($2, gen_salt($1)) as hash'),
        bind({ values: ['bf', s] }),
        describe('P'),
        execute(),
        sync,
      ]),
  ],
  [
    'a bound value that is answered',
    (s) =>
      Buffer.concat([
        parse('named', `select set_config('sluice.token', $1, false), $2::text`),
        bind({ statement: 'named', values: [s, 'token'], formats: [0, 1], results: [1] }),
        execute(),
        sync,
      ]),
  ],
  [
    'a value for a statement that was refused',
    (s) =>
      Buffer.concat([
        parse('', 'select 1, $1::text'),
        sync,
        parse('', 'select set_config($1, $2, false)'),
        bind({ values: ['sluice.key', s] }),
        execute(),
        sync,
      ]),
  ],
  [
    'a value for a statement that nobody knows',
    (s) => Buffer.concat([bind({ statement: 'unknown', values: [s] }), flush, execute(), sync]),
  ],
  [
    'an argument of EXECUTE',
    (s) =>
      Buffer.concat([
        query(`prepare p(text) as select crypt($1, gen_salt('bf'))`),
        query(`execute p(${quoted(s)})`),
        query(`execute q(${quoted(s)})`),
      ]),
  ],
  [
    'an argument of EXECUTE of a long text',
    (s) =>
      Buffer.concat([
        query(`prepare long(text) as select crypt($1, gen_salt('bf'))${long}`),
        query(`execute long(${quoted(s)})`),
      ]),
  ],
  [
    'a long text that is prepared and executed',
    (s) =>
      Buffer.concat([
        query(`prepare known as select crypt(${quoted(s)}, gen_salt('bf'))${long}`),
        query('execute known'),
        parse('known too', `select set_config('sluice.token', ${quoted(s)}, false)${long}`),
        bind({ statement: 'known too' }),
        execute(),
        sync,
      ]),
  ],
  [
    'a long text of a cursor',
    (s) =>
      Buffer.concat([
        query(`begin; declare c cursor for select pgp_sym_encrypt('x', ${quoted(s)}), ${quoted(s)}${long}`),
        query('fetch c; rollback'),
      ]),
  ],
  ['a long syntax error', (s) => query(`alter roll app password ${quoted(s)}${long}`)],
  ['a text that is too long', (s) => query(`alter role app password ${quoted(s)}${long.repeat(40)}`)],
  [
    'an argument of a function call',
    (s) => frame('F', int32(2_077), message.int16(0), message.int16(1), int32(s.length), s, message.int16(0)),
  ],
]

/** What of each is the same however it is quoted. */
function plainParts(secrets: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(secrets).map(([what, secret]) => [`part of ${what}`, secret.slice(0, -2)]),
  )
}

suite('a secret', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  const appended: NewEvent[] = []
  const used: Record<string, string> = {}

  before(async () => {
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create extension pgcrypto')
    await backend.run('postgres', 'create table logins (name text primary key, token text)')
    gateway = await startGateway({
      provider,
      policies,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      store: recording,
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
  })

  /** Keeps what the engine appends before it is sealed. */
  function recording(store: EventStore): EventStore {
    return intercepted(store, (unit, options) => {
      appended.push(
        ...unit.events.map((event) =>
          event.sealed === undefined ? event : { ...event, sealed: Buffer.from(event.sealed) },
        ),
      )
      return store.append(unit, options)
    })
  }

  function secretOf(what: string): string {
    return (used[what] ??= newSecret())
  }

  async function connected(): Promise<WireClient> {
    return WireClient.login(await gateway.login('langchain-reporting', 'shop'))
  }

  async function api(path: string, body?: object): Promise<string> {
    const { password } = await gateway.login('bob', 'shop')
    const response = await fetch(`http://${gateway.api.host}:${gateway.api.port}${path}`, {
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return response.text()
  }

  /** The approval that the client is told of. */
  async function asked(client: WireClient): Promise<string> {
    const told = await client.until((messages) => messages.some(({ type }) => type === 'N'))
    return /apr_\w+/.exec(told.text)?.[0] ?? assert.fail(told.text)
  }

  for (const [what, bytes] of requests)
    test(`in ${what}`, async () => {
      const client = await connected()
      client.send(bytes(secretOf(what)))
      await client.until((messages) => messages.some(({ type }) => type === 'Z'))
      client.send(query('select 7'))
      await client.until((messages) => messages.some(({ type, body }) => type === 'D' && body.includes('7')))
      client.close()
    })

  test('is sent exactly as it is, once it was approved by somebody who did not see it', async () => {
    const secret = secretOf('an approved statement')
    const client = await connected()
    client.send(query(`insert into logins values ('ann', crypt(${quoted(secret)}, gen_salt('bf')))`))
    const approval = await asked(client)
    const page = await api(`/v1/approvals/${approval}`)
    assert.match(page, /crypt\('\[redacted\]', gen_salt\('bf'\)\)/)
    assert.equal(new TraceFinder({ secret }).find(Buffer.from(page)), undefined)
    await api(`/v1/approvals/${approval}/votes`, { vote: 'approve', reason: `not password=${secret}` })
    assert.deepEqual((await client.ready()).tags, ['INSERT 0 1'])
    const check = `select token = crypt(${quoted(secret)}, token) from logins where name = 'ann'`
    assert.deepEqual((await backend.run('postgres', check)).rows, [['t']])
    client.close()
  })

  test('is part of what was approved: another one needs another approval', async () => {
    const seen = new Set<string>()
    for (const secret of [secretOf('one bound value'), secretOf('another bound value')]) {
      const client = await connected()
      client.send(
        parse('', `insert into logins values ('bob', crypt($1, gen_salt('bf')))`),
        bind({ values: [secret] }),
        execute(),
        sync,
      )
      seen.add(await asked(client))
      client.close()
    }
    assert.equal(seen.size, 2)
  })

  test('is nowhere in what is kept or shown', async () => {
    const found = new TraceFinder({ ...used, ...plainParts(used) })
    const events = await gateway.events()
    assert.ok(events.filter(({ type }) => type === 'RequestReceived').length > requests.length)
    assert.ok(events.some(({ type }) => type === 'ApprovalGranted'))
    for (const { sealed, ...event } of appended) {
      assert.equal(found.find(Buffer.from(JSON.stringify(event))), undefined, event.type)
      if (sealed !== undefined) assert.equal(found.find(sealed), undefined, `sealed in ${event.type}`)
    }
    for (const event of events) assert.equal(found.find(Buffer.from(JSON.stringify(event))), undefined)
    for (const file of await readdir(join(gateway.log, '..'), { recursive: true, withFileTypes: true }))
      if (file.isFile())
        assert.equal(found.find(await readFile(join(file.parentPath, file.name))), undefined, file.name)
    assert.equal(found.find(Buffer.from(gateway.reports.join('\n'))), undefined)
    assert.equal(found.find(Buffer.from(await api('/v1/approvals?state=all'))), undefined)
  })

  test('cannot be guessed by a digest or a length', () => {
    const digests = new Set<unknown>()
    for (const { type, data, sealed } of appended) {
      if (type !== 'RequestReceived') continue
      digests.add(data.digest)
      assert.equal(data.digest, digest(sealed ?? Buffer.alloc(0)))
      assert.equal(data.bytes, sealed?.length)
    }
    for (const [what, bytes] of requests) assert.ok(!digests.has(digest(bytes(secretOf(what)))), what)
  })
})
