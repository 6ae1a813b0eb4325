import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { sluice } from '@sluice/cli'
import { demoToken, startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import { LoginRefused, selfSigned, startBackend, WireClient, type Backend } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/** Targets that admins add to a running gateway, and the role of a database that is made for one. */

const allowAll = fileURLToPath(new URL('policies/all', import.meta.url))
const password = 'of-the-role'
const env = {
  SLUICE_TARGET_ROLE: password,
  SLUICE_TARGET_WRONG: 'not-it',
  SLUICE_TARGET_KEY: 'k',
  TARGET_KEY: 'not for targets that are added',
}

let folder: string
let provider: IdentityProvider
let backend: Backend
let gateway: Gateway

async function started(): Promise<Gateway> {
  const login = backend.login('postgres')
  return startGateway({
    provider,
    policies: allowAll,
    targets: [{ name: 'declared', login }],
    data: folder,
    env,
  })
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-added-'))
  provider = await startIdentityProvider({ port: 0 })
  backend = await startBackend()
  await backend.run('postgres', 'create table t (id serial primary key, a int); insert into t (a) values (1)')
  await backend.run('postgres', 'create schema other; create table other.t (a int)')
  gateway = await started()
})
after(async () => {
  await gateway?.close()
  await backend?.close()
  await provider?.close()
  await rm(folder, { recursive: true, force: true })
})

async function ran(args: readonly string[], as: DemoSubject = 'carol') {
  const written = { out: '', error: '' }
  const { host, port } = gateway.api
  const code = await sluice(['targets', ...args], {
    env: {
      SLUICE_URL: `http://${host}:${port}`,
      SLUICE_TOKEN: await demoToken(provider, as),
      XDG_CONFIG_HOME: folder,
    },
    signal: new AbortController().signal,
    out: (text) => (written.out += text),
    error: (text) => (written.error += text),
  })
  return { code, ...written }
}

function database(name = 'postgres'): string {
  const { host, port } = backend.login('postgres')
  return `postgresql://${host}:${port}/${name}?sslmode=disable`
}
const asRole = ['--user', 'reader', '--password', 'env:SLUICE_TARGET_ROLE']

async function madeBySql(role: string, ...args: readonly string[]): Promise<void> {
  const { out } = await ran(['role', role, '--database', 'postgres', ...args])
  await backend.run('postgres', out)
  await backend.run('postgres', `alter role "${role.replaceAll('"', '""')}" password '${password}'`)
}

suite('a role for a target', () => {
  /** Whether each statement passes, on connections of its own. */
  async function may(user: string, statements: Readonly<Record<string, boolean>>): Promise<void> {
    for (const [sql, expected] of Object.entries(statements)) {
      const client = await WireClient.login({ ...backend.login('postgres'), user, password })
      await client.query('set default_transaction_read_only = off')
      const { errors } = await client.query(sql)
      assert.equal(errors.length === 0, expected, `${user}: ${sql}: ${errors[0]?.message ?? 'passes'}`)
      client.close()
    }
  }
  const nobodys = {
    'select * from other.t': false,
    'truncate t': false,
    'drop table t': false,
    'alter table t add b int': false,
    'create table public.u (a int)': false,
    'create temporary table u (a int)': false,
    'create schema mine': false,
    'create role another': false,
    'create function public.f() returns int language sql as $$ select 1 $$': false,
    "copy t to '/tmp/t'": false,
    'select pg_read_file($$/etc/passwd$$)': false,
    'set role postgres': false,
    "select setval('t_id_seq', 99)": false,
  }

  test('that reads does that and nothing more, later tables included', async () => {
    await madeBySql('reader')
    await backend.run('postgres', 'create table later (a int)')
    await may('reader', {
      'select * from t': true,
      'select * from later': true,
      'insert into t (a) values (2)': false,
      'update t set a = 2': false,
      'delete from t': false,
      "select nextval('t_id_seq')": false,
      ...nobodys,
    })
    const client = await WireClient.login({ ...backend.login('postgres'), user: 'reader', password })
    const { rows } = await client.query('show default_transaction_read_only')
    assert.equal(String(rows[0]?.[0]), 'on')
    client.close()
  })

  test('that writes changes rows as well', async () => {
    await madeBySql('writer', '--write')
    await may('writer', {
      'insert into t (a) values (2)': true,
      'update t set a = 3 where a = 2': true,
      'delete from t where a = 3': true,
      'insert into later values (1)': true,
      ...nobodys,
    })
  })

  test('with any name is only that name', async () => {
    const name = 'x"; drop table t; --\n'
    await madeBySql(name)
    const { rows } = await backend.run('postgres', 'select rolname from pg_roles where rolname like $$x"%$$')
    assert.equal(String(rows[0]?.[0]), name)
    await backend.run('postgres', 'select 1 from t')
  })
})

suite('a target that an admin adds', () => {
  test('is tried, served at once and after a restart, and gone at once with its sessions', async () => {
    const added = await ran(['add', 'added', database(), ...asRole, '--label', 'env=test'])
    assert.equal(added.code, 0, added.error)
    assert.match(added.out, /^ok {4}login: PostgreSQL \d+/m)
    assert.match(added.out, /^note {2}TLS: Nothing is encrypted/m)
    assert.match(added.out, /^ok {4}role reader: has no right beyond those on the data$/m)
    const before = await WireClient.login(await gateway.login('alice', 'added'))
    assert.equal(String((await before.query('select a from t')).rows[0]?.[0]), '1')

    await gateway.close()
    gateway = await started()
    const session = await WireClient.login(await gateway.login('alice', 'added'))
    assert.equal(String((await session.query('select a from t')).rows[0]?.[0]), '1')
    assert.match((await ran(['ls'])).out, /^added +postgres +yes +log +env=test$/m)

    assert.equal((await ran(['rm', 'added'])).code, 0)
    const { errors } = await session.end()
    assert.match(errors[0]?.message ?? '', /This target was removed/)
    await assert.rejects(
      gateway.login('alice', 'added').then((login) => WireClient.login(login)),
      LoginRefused,
    )
    assert.doesNotMatch((await ran(['ls'])).out, /^added/m)
  })

  test('is recorded with its reference and without its secret', async () => {
    await ran(['add', 'recorded', database(), ...asRole])
    const registered = (await gateway.events()).findLast(({ type }) => type === 'TargetRegistered')
    assert.ok(registered?.type === 'TargetRegistered')
    const { name, by, entry } = registered.data
    assert.deepEqual([name, by], ['recorded', 'demo#carol'])
    assert.deepEqual((JSON.parse(entry ?? '') as { credential: object }).credential, {
      user: 'reader',
      password: { env: 'SLUICE_TARGET_ROLE' },
    })
    assert.ok(!JSON.stringify(await gateway.events()).includes(password))
    await ran(['rm', 'recorded'])
  })

  test('under a name that was another one’s is reached as itself', async () => {
    await backend.run('postgres', 'create database second')
    await ran(['add', 'moved', database(), ...asRole])
    await ran(['rm', 'moved'])
    const login = backend.login('second')
    const client = await WireClient.login(login)
    await client.query('create table only_here (a int); grant select on only_here to reader')
    client.close()
    assert.equal((await ran(['add', 'moved', database('second'), ...asRole])).code, 0)
    const session = await WireClient.login(await gateway.login('alice', 'moved'))
    assert.deepEqual((await session.query('select a from only_here')).errors, [])
    session.close()
    await ran(['rm', 'moved'])
  })

  const wrong: readonly (readonly [string, () => readonly string[], 1 | 2, RegExp])[] = [
    [
      'whose password is wrong',
      () => [database(), '--user', 'reader', '--password', 'env:SLUICE_TARGET_WRONG'],
      1,
      /FAIL {2}login: The server does not accept the user or its password\.\n {6}Compare/,
    ],
    [
      'whose secret is not there',
      () => [database(), '--user', 'reader', '--password', 'env:SLUICE_TARGET_NONE'],
      1,
      /FAIL {2}credential: The secret[^\n]*cannot be read/,
    ],
    [
      'where nothing listens',
      () => ['postgresql://127.0.0.1:9/x', ...asRole],
      1,
      /FAIL {2}connection: .*\(ECONNREFUSED\)\.\n {6}Nothing listens there/,
    ],
    [
      'whose name is not known',
      () => ['postgresql://nowhere.invalid/x', ...asRole],
      1,
      /FAIL {2}connection: .*\n {6}No such name/,
    ],
    [
      'without such a database',
      () => [database('nowhere'), ...asRole],
      1,
      /SQLSTATE 3D000\)\.\n {6}There is no such database/,
    ],
    [
      'that does not offer TLS',
      () => [database().replace('?sslmode=disable', ''), ...asRole],
      1,
      /does not offer TLS.*\n {6}Switch ssl on/,
    ],
    [
      'with a place for secrets that is not for it',
      () => [database(), '--user', 'reader', '--password', 'env:TARGET_KEY'],
      1,
      /api\.target_secrets does not list/,
    ],
    [
      'with the gateway’s own keys',
      () => [database(), '--user', 'reader', '--password', `file:${folder}/keys/tokens.key`],
      1,
      /api\.target_secrets does not list/,
    ],
    [
      'with the secret itself',
      () => [database(), '--user', 'reader', '--password', 'hunter2'],
      2,
      /is a reference/,
    ],
    [
      'with a login in its URL',
      () => ['postgresql://app:hunter2@127.0.0.1/x'],
      2,
      /no login belongs into the URL/,
    ],
    ['of an unknown protocol', () => ['gopher://127.0.0.1/x'], 2, /gopher is no protocol/],
    [
      'at the address of a cloud’s metadata',
      () => ['http://169.254.169.254/', '--password', 'env:SLUICE_TARGET_KEY'],
      1,
      /of no machine that could be meant/,
    ],
    ['without a user', () => [database(), '--password', 'env:SLUICE_TARGET_ROLE'], 1, /needs a user/],
  ]
  for (const [name, args, code, words] of wrong)
    test(`${name} is not added, and it says why`, async () => {
      const told = await ran(['add', 'wrong', ...args()])
      assert.equal(told.code, code, told.out + told.error)
      assert.match(told.out + told.error, words)
      assert.doesNotMatch(told.out + told.error, /hunter2/)
      assert.doesNotMatch((await ran(['ls'])).out, /^wrong/m)
    })

  test('is not in the place of another one', async () => {
    const ofFile = await ran(['add', 'declared', database(), ...asRole])
    assert.deepEqual([ofFile.code, /which a file declares/.test(ofFile.error)], [1, true])
    const gone = await ran(['rm', 'declared'])
    assert.deepEqual([gone.code, /A file declares this target/.test(gone.error)], [1, true])
    await ran(['add', 'twice', database(), ...asRole])
    const again = await ran(['add', 'twice', database(), ...asRole, '--check', 'no'])
    assert.deepEqual([again.code, /which somebody added/.test(again.error)], [1, true])
    await ran(['rm', 'twice'])
    assert.equal((await ran(['rm', 'twice'])).code, 1)
  })

  test('is for admins, and what others try is in the log', async () => {
    const tried = await ran(['add', 'mine', database(), ...asRole], 'bob')
    assert.deepEqual([tried.code, /Only an admin/.test(tried.error)], [1, true])
    assert.equal((await ran(['rm', 'declared'], 'alice')).code, 1)
    // Nobody waits for these, since nothing was done.
    await sleep(200)
    const acts = (await gateway.events()).flatMap((event) =>
      event.type === 'AdminActed' && event.data.outcome === 'refused'
        ? [[event.data.by.id, event.data.action, event.data.resource]]
        : [],
    )
    assert.deepEqual(acts.slice(-2), [
      ['demo#bob', 'target.add', 'mine'],
      ['demo#alice', 'target.remove', 'declared'],
    ])
  })

  test('can be tried alone, and as whom it is too much is told', async () => {
    await backend.run('postgres', `create role risky login bypassrls createrole password '${password}'`)
    await backend.run(
      'postgres',
      'grant pg_read_server_files to risky; grant connect on database postgres to risky; create schema own authorization risky',
    )
    await backend.run('postgres', 'create table own.t (a int); alter table own.t owner to risky')
    const args = ['--user', 'risky', '--password', 'env:SLUICE_TARGET_ROLE', '--check', 'only']
    const { code, out } = await ran(['add', 'risky', database(), ...args])
    assert.equal(code, 0, out)
    assert.match(
      out,
      /note {2}role risky: It passes by row security \(BYPASSRLS\); it may create and change roles \(CREATEROLE\); it is a member of pg_read_server_files; it owns objects in own/,
    )
    assert.match(out, /sluice targets role prints the SQL/)
    assert.doesNotMatch((await ran(['ls'])).out, /^risky/m)
  })

  test('over HTTP says what the target answers, and whether its certificate is good', async () => {
    const certificate = selfSigned('127.0.0.1')
    const server = createServer(certificate, (request, response) => {
      response.writeHead(request.headers.authorization === 'Bearer k' ? 200 : 401).end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    const url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`
    try {
      const entry = join(folder, 'ca.pem')
      await writeFile(entry, certificate.cert)
      const only = ['--check', 'only']
      const stranger = await ran(['add', 'api', url, '--password', 'env:SLUICE_TARGET_KEY', ...only])
      assert.match(
        stranger.out,
        /FAIL {2}TLS: .*could not be verified \(DEPTH_ZERO_SELF_SIGNED_CERT\)\.\n {6}.*tls_ca/,
      )
      assert.equal(stranger.code, 1)
      const trusted = ['--tls-ca', entry, ...only]
      const good = await ran(['add', 'api', url, '--password', 'env:SLUICE_TARGET_KEY', ...trusted])
      assert.match(good.out, /^ok {4}TLS: verified\nok {4}login: it answers HTTP 200/m)
      const wrongKey = await ran(['add', 'api', url, '--password', 'env:SLUICE_TARGET_WRONG', ...trusted])
      assert.match(wrongKey.out, /FAIL {2}login: It answers HTTP 401/)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })
})
