import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startGateway, type Gateway } from '../src/gateway.ts'
import * as message from '../src/message.ts'
import { WireClient } from '../src/wire-client.ts'
import { startBackend } from './backend.ts'
import { startIssuer, type Issuer } from './issuer.ts'

/**
 * Tokens that were revoked, before a real server: what lives by them ends, what comes with them is refused, and a restart
 * changes nothing of that.
 */

/** Allows everything but deletes, which wait for people. */
const policies = fileURLToPath(new URL('../kafka/policies/all', import.meta.url))
const withinMs = 2_000

suite('revocation', () => {
  const parts = new AsyncDisposableStack()
  let issuer: Issuer
  let gateway: Gateway
  let restart: () => Promise<Gateway>
  let rows: (sql: string) => Promise<number>

  before(async () => {
    const data = await mkdtemp(join(tmpdir(), 'sluice-revocation-'))
    parts.defer(() => rm(data, { recursive: true, force: true }))
    const backend = await startBackend()
    parts.defer(() => backend.close())
    issuer = await startIssuer()
    parts.defer(() => issuer.close())
    rows = async (sql) => {
      const client = await WireClient.login(backend.login)
      const answer = await client.query(sql)
      assert.deepEqual(answer.errors, [])
      client.close()
      return answer.rows.length
    }
    await rows('create table if not exists revocable (id int)')
    await rows('insert into revocable values (1)')
    const targets = [
      { name: 'shop', login: backend.login },
      { name: 'shop-api', http: backend.login },
    ]
    const start = (): Promise<Gateway> => startGateway({ provider: issuer, policies, targets, data })
    gateway = await start()
    restart = async () => {
      await gateway.close()
      gateway = await start()
      return gateway
    }
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  interface Answer {
    readonly status: number
    readonly body: Readonly<Record<string, unknown>>
  }

  async function call(token: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  async function exchanged(subjectToken: string): Promise<Answer> {
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}/v1/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: subjectToken,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
    })
    return { status: response.status, body: (await response.json()) as Answer['body'] }
  }

  const admin = (): string => issuer.mint(300, { sub: 'root', groups: ['operators'] })
  const revoke = (wanted: object, by = admin()): Promise<Answer> =>
    call(by, 'POST', '/v1/revocations', { ...wanted, reason: 'leaked' })

  const login = (password: string): Promise<WireClient> =>
    WireClient.login({
      host: gateway.host,
      port: gateway.port,
      user: 'anybody',
      password,
      database: 'shop',
    })

  /** How long after it was asked to be revoked it had no effect any more. */
  async function effectMs(client: WireClient, wanted: object): Promise<number> {
    const started = performance.now()
    const { status, body } = await revoke(wanted)
    assert.equal(status, 200, JSON.stringify(body))
    await client.end()
    return performance.now() - started
  }

  async function refusedEverywhere(token: string): Promise<void> {
    await assert.rejects(login(token), /28000.*revoked/)
    assert.equal((await call(token, 'GET', '/v1/sessions')).status, 401)
    const { host, port } = gateway.http
    const response = await fetch(`http://${host}:${port}/shop-api/`, {
      headers: { 'x-sluice-authorization': `Bearer ${token}` },
    })
    assert.equal(response.status, 401)
    await response.body?.cancel()
  }

  test('given a long answer, when its issuer’s token is revoked, then it is cut off and the token is dead', async (t) => {
    const token = issuer.mint(300, { jti: 'long' })
    const derived = String((await exchanged(token)).body['access_token'])
    const client = await login(token)
    client.send(message.query('select pg_sleep(0.02) from generate_series(1, 3000)'))
    const other = await login(derived)
    await sleep(100)
    const tookMs = await effectMs(client, { token: 'demo#long' })
    t.diagnostic(`a long answer was cut ${tookMs.toFixed(0)} ms after its revocation was asked for`)
    assert.ok(tookMs < withinMs, `${tookMs} ms`)
    await other.end()
    await refusedEverywhere(token)
    // What was made from it before is not good either, and nothing more is made.
    await refusedEverywhere(derived)
    const again = await exchanged(token)
    assert.deepEqual([again.status, again.body['error']], [400, 'invalid_request'])
    const running = await rows(
      "select 1 from pg_stat_activity where query like '%pg_sleep%' and state = 'active'",
    )
    assert.equal(running, 1, 'at the server nothing but this look runs on')
  })

  test('given a hold, when its subject is revoked, then the hold is over and nothing is performed', async () => {
    const sub = 'holder'
    const client = await login(issuer.mint(300, { sub }))
    const deleting = client.query('delete from revocable').catch(() => undefined)
    const bob = issuer.mint(300, { sub: 'bob', groups: ['dba'], subject_type: 'human' })
    let id = ''
    while (id === '') {
      const { body } = await call(bob, 'GET', '/v1/approvals')
      id = (body as unknown as readonly { readonly id: string }[])[0]?.id ?? ''
    }
    assert.ok((await effectMs(client, { subject: `demo#${sub}` })) < withinMs)
    await deleting
    const vote = await call(bob, 'POST', `/v1/approvals/${id}/votes`, { vote: 'approve', reason: 'late' })
    assert.equal(vote.status, 409, JSON.stringify(vote.body))
    assert.equal(await rows('select 1 from revocable'), 1)
  })

  test('given a revoked subject, when the gateway starts again, then its old tokens stay dead and newer ones are good', async () => {
    const sub = 'returning'
    const token = issuer.mint(300, { sub })
    const revokedAt = Date.now()
    assert.equal((await revoke({ subject: `demo#${sub}` })).status, 200)
    await restart()
    await refusedEverywhere(token)
    await refusedEverywhere(issuer.mint(300, { sub, iat: Math.floor(revokedAt / 1000) + 59 }))
    const listed = (await call(admin(), 'GET', '/v1/revocations')).body as unknown as readonly object[]
    assert.ok(JSON.stringify(listed).includes(`demo#${sub}`))
    // As if its issuer's clock were as far ahead as is allowed, so that nobody waits here for a minute.
    while (Date.now() < revokedAt + 2_000) await sleep(100)
    const later = issuer.mint(300, { sub, iat: Math.floor(Date.now() / 1000) + 60 })
    ;(await login(later)).close()
    await login(String((await exchanged(later)).body['access_token'])).then((client) => client.close())
  })

  test('given nobody’s role, when somebody revokes, then only what is theirs', async () => {
    const own = issuer.mint(300, { sub: 'owner', jti: 'own' })
    const second = issuer.mint(300, { sub: 'owner', jti: 'second' })
    const session = await login(second)
    for (const [wanted, status] of [
      [{ token: 'demo#another' }, 403],
      [{ subject: 'demo#root' }, 403],
      [{ token: 'demo#second' }, 200],
      [{ mine: 'this' }, 200],
    ] as const)
      assert.equal((await revoke(wanted, own)).status, status, JSON.stringify(wanted))
    await session.end()
    await refusedEverywhere(own)
    const recorded = (await gateway.events()).filter(({ type }) => /Revoked$|^AdminActed$/.test(type))
    assert.ok(recorded.some(({ data }) => JSON.stringify(data).includes('demo#second')))
    assert.ok(
      recorded.some(({ type, data }) => type === 'AdminActed' && /demo#another/.test(JSON.stringify(data))),
    )
  })
})
