import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client, Pool } from 'pg'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  httpAnswer,
  startBackend,
  startGateway,
  startHttpBackend,
  startOpenBao,
  TraceFinder,
  valueOf,
  withoutOpenBao,
  type Backend,
  type Gateway,
  type HttpBackend,
  type Login,
  type OpenBao,
} from '../src/index.ts'
import { startOtlpReceiver, type OtlpReceiver } from '../src/otlp-receiver.ts'

/**
 * The secrets of targets change while callers are at work, at a real PostgreSQL and in a real OpenBao: none of them
 * notices, and nothing of a secret is anywhere but where it is used.
 */

const open = fileURLToPath(new URL('../catalogue/policies/open', import.meta.url))
const missing = await withoutOpenBao()
const canary = 'Zq7-canary'
let turn = 0
/** Each that was ever given out, by its number. */
const given: Record<string, string> = { 'the first': `${canary}-first`, 'of the API': `${canary}-api` }
function fresh(): string {
  turn += 1
  return (given[turn] = `${canary}-${turn}-${randomBytes(9).toString('base64url')}`)
}

suite('a rotated credential', { skip: missing ?? false }, () => {
  const parts = new AsyncDisposableStack()
  let provider: IdentityProvider
  let backend: Backend
  let api: HttpBackend
  let bao: OpenBao
  let receiver: OtlpReceiver
  let gateway: Gateway
  let folder: string
  let accepted = ''
  let applied = 0

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-rotation-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    bao = await startOpenBao()
    parts.use(bao)
    receiver = parts.use(await startOtlpReceiver())
    api = await startHttpBackend((heard) => {
      if (valueOf(heard, 'authorization') !== `Bearer ${accepted}`)
        return httpAnswer.whole(401, Buffer.from('no'), {})
      applied += 1
      return httpAnswer.json({ done: applied })
    })
    parts.defer(() => api.close())
    await backend.run('postgres', 'grant connect on database postgres to public')
    for (const role of ['by_file', 'by_vault', 'by_stale'])
      await backend.run('postgres', `create role ${role} login password '${canary}-first'`)
    for (const file of ['password', 'stale']) await writeFile(join(folder, file), `${canary}-first\n`)
    accepted = `${canary}-api`
    await kept({ password: `${canary}-first`, api: accepted })
    await lend(bao, backend.login('postgres'))
    const auth = await approle(bao, join(folder, 'secret-id'))
    const postgres = (name: string, credential: object) => ({
      name,
      login: backend.login('postgres'),
      settings: { credential },
    })
    await mkdir(join(folder, 'gateway'))
    gateway = await startGateway({
      provider,
      data: join(folder, 'gateway'),
      policies: open,
      secrets: { vault: { url: bao.url, auth } },
      telemetry: { otlp: { url: receiver.url } },
      targets: [
        postgres('file', { user: 'by_file', password: { file: join(folder, 'password') } }),
        postgres('stale', { user: 'by_stale', password: { file: join(folder, 'stale') } }),
        postgres('vault', { user: 'by_vault', password: { vault: 'secret/data/shop#password' } }),
        postgres('lent', { vault: 'database/creds/app' }),
        {
          name: 'api',
          http: api,
          settings: {
            authentication: { kind: 'bearer' },
            credential: { password: { vault: 'secret/data/shop#api' } },
          },
        },
      ],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  const one = async (target: string): Promise<string> => {
    const client = new Client(await gateway.login('alice', target))
    await client.connect()
    try {
      const { rows } = await client.query<{ who: string }>('select current_user::text as who')
      return rows[0]?.who ?? ''
    } finally {
      await client.end()
    }
  }

  const fields: Record<string, string> = {}
  const kept = (changed: Readonly<Record<string, string>>): Promise<unknown> =>
    bao.ask('POST', 'secret/data/shop', { data: Object.assign(fields, changed) })
  const store: Readonly<Record<string, (password: string) => Promise<unknown>>> = {
    file: (password) => writeFile(join(folder, 'password'), password),
    vault: (password) => kept({ password }),
  }

  suite('at work', { concurrency: true }, () => {
    for (const [target, write] of Object.entries(store))
      test(`of ${target} fails no statement of a pool, nor a new connection`, async () => {
        const pool = new Pool({ ...(await gateway.login('alice', target)), max: 2, maxUses: 3 })
        const kept = new Client(await gateway.login('alice', target))
        await kept.connect()
        let done = 0
        let over = false
        const worker = async (): Promise<void> => {
          while (!over) {
            const { rows } = await pool.query<{ who: string }>('select current_user::text as who')
            assert.equal(rows[0]?.who, `by_${target}`)
            done += 1
            await sleep(20)
          }
        }
        const work = Promise.all([worker(), worker()])
        work.catch(() => {})
        for (let round = 0; round < 2; round++) {
          const [password, before] = [fresh(), done]
          await backend.run('postgres', `alter role by_${target} password '${password}'`)
          // Whoever rotates changes the server first, and the secret a moment later.
          await sleep(150)
          await write(password)
          while (done < before + 20) await Promise.race([sleep(10), work])
        }
        over = true
        await work
        assert.equal((await kept.query('select 1')).rowCount, 1, 'what is open stays open')
        await Promise.all([pool.end(), kept.end()])
        assert.equal(await one(target), `by_${target}`)
      })

    test('that is not changed where it is kept is refused, and read at the next login', async () => {
      assert.equal(await one('stale'), 'by_stale')
      const password = fresh()
      await backend.run('postgres', `alter role by_stale password '${password}'`)
      await assert.rejects(one('stale'), /does not accept this gateway's credential/)
      await writeFile(join(folder, 'stale'), password)
      assert.equal(await one('stale'), 'by_stale')
    })

    test('of an API repeats the request that was not applied, once', async () => {
      const door = await gateway.door('alice', 'api')
      const post = (): Promise<Response> =>
        fetch(`${door.url}/orders`, { method: 'POST', body: '{"a":1}', headers: door.headers })
      assert.equal((await post()).status, 200)
      const [heard, before] = [api.requests.length, applied]
      accepted = fresh()
      await kept({ api: accepted })
      assert.equal((await post()).status, 200)
      assert.deepEqual([api.requests.length - heard, applied - before], [2, 1])
      assert.deepEqual(
        api.requests.slice(-2).map(({ body }) => body.toString()),
        ['{"a":1}', '{"a":1}'],
      )
      assert.equal((await post()).status, 200)
      assert.equal(api.requests.length - heard, 3, 'the new one is kept')
    })
  })

  test('lent by OpenBao is renewed, replaced when it is gone, and given back', async () => {
    const who = await one('lent')
    assert.match(who, /^v-/)
    // Its lease lasts for two seconds, and is not over after four.
    await sleep(4_000)
    assert.equal(await one('lent'), who, 'the lease is renewed')
    await bao.ask('PUT', 'sys/leases/revoke-prefix/database/creds/app')
    const next = await one('lent')
    assert.match(next, /^v-/)
    assert.notEqual(next, who, 'the user was dropped, and another one lent')
    const tokens = async (): Promise<number> =>
      ((await bao.ask('LIST', 'auth/token/accessors'))['data'] as { keys: string[] }).keys.length
    const before = await tokens()
    await gateway.close()
    await eventually(async () => (await lentUsers(backend)).length === 0)
    assert.equal(await tokens(), before - 1, "the gateway's token has ended")
  })

  test('is in no report, event, trace, file of the log or argument', async () => {
    const events = await gateway.events()
    assert.ok(events.some(({ type }) => type === 'RequestReceived'))
    await receiver.until(() => receiver.spans.length > 0)
    const files = await readdir(gateway.log, { recursive: true })
    const places: readonly (readonly [string, string | Uint8Array])[] = [
      ['reports', gateway.reports.join('\n')],
      ['events', events.map(({ data }) => JSON.stringify(data)).join('\n')],
      ['what is sealed', Buffer.concat(events.map(({ sealed }) => sealed ?? Buffer.alloc(0)))],
      ['traces and metrics', receiver.bytes],
      ['the log of OpenBao', bao.log()],
      ['arguments', process.argv.join(' ')],
      ['arguments', await readFile('/proc/self/cmdline').catch(() => '')],
      ...(await Promise.all(
        files.map(async (name) => [name, await readFile(join(gateway.log, name)).catch(() => '')] as const),
      )),
    ]
    const finder = new TraceFinder(given)
    for (const [where, text] of places) assert.equal(finder.find(Buffer.from(text)), undefined, where)
  })
})

/** Users of the database for two seconds at a time. */
async function lend(bao: OpenBao, { host, port, user, password }: Login): Promise<void> {
  await bao.ask('POST', 'sys/mounts/database', { type: 'database' })
  await bao.ask('POST', 'database/config/shop', {
    plugin_name: 'postgresql-database-plugin',
    allowed_roles: 'app',
    connection_url: `postgresql://{{username}}:{{password}}@${host}:${port}/postgres?sslmode=disable`,
    username: user,
    password,
  })
  await bao.ask('POST', 'database/roles/app', {
    db_name: 'shop',
    creation_statements: [
      `create role "{{name}}" login password '{{password}}' valid until '{{expiration}}'`,
    ],
    revocation_statements: ['drop role if exists "{{name}}"'],
    default_ttl: '2s',
    max_ttl: '60s',
  })
}

/** A login that may read what the gateway needs, and nothing else. */
async function approle(bao: OpenBao, file: string): Promise<object> {
  await bao.ask('PUT', 'sys/policies/acl/sluice', {
    policy:
      'path "secret/data/shop" { capabilities = ["read"] } path "database/creds/app" { capabilities = ["read"] }',
  })
  await bao.ask('POST', 'sys/auth/approle', { type: 'approle' })
  await bao.ask('POST', 'auth/approle/role/sluice', {
    token_policies: 'sluice',
    token_ttl: '3s',
    token_max_ttl: '1h',
  })
  const data = async (method: string, path: string): Promise<Record<string, string>> =>
    (await bao.ask(method, `auth/approle/role/sluice/${path}`))['data'] as Record<string, string>
  await writeFile(file, (await data('POST', 'secret-id'))['secret_id'] ?? '')
  return { kind: 'approle', role_id: (await data('GET', 'role-id'))['role_id'], secret_id: { file } }
}

async function lentUsers(backend: Backend): Promise<readonly unknown[]> {
  const own = new Client(backend.login('postgres'))
  await own.connect()
  try {
    return (await own.query("select rolname from pg_roles where rolname like 'v-%'")).rows
  } finally {
    await own.end()
  }
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const until = Date.now() + 5_000; !(await holds()); await sleep(50))
    assert.ok(Date.now() < until, 'it does not become true')
}
