import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { demoToken, startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import {
  doorAt,
  httpAnswer,
  message,
  startBackend,
  startGatewayProcess,
  startHttpBackend,
  WireClient,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
  type Login,
} from '../src/index.ts'
import { callerAt, oneInEach, seated, until, workersOf, type Caller } from './stage.ts'
import { sqlLimits } from '../../adapters/postgres/src/limits.ts'

/** Two processes serve callers on one port, and nobody can tell which. */

interface Line {
  readonly id: string
  readonly state: string
}

const policies = fileURLToPath(new URL('policies/two', import.meta.url))

suite('a gateway of two workers', () => {
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let api: HttpBackend
  let gateway: GatewayProcess
  let bob: Caller
  let carol: Caller

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-workers-'))
    await mkdir(join(folder, 'data'))
    await cp(policies, join(folder, 'policies'), { recursive: true })
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    api = await startHttpBackend(() => httpAnswer.json({ ok: true }))
    await backend.run('postgres', 'create table t (a int); insert into t select generate_series(1, 10)')
    const login = backend.login('postgres')
    gateway = await startGatewayProcess({
      provider,
      policies: join(folder, 'policies'),
      data: join(folder, 'data'),
      workers: 2,
      telemetry: { prometheus: '127.0.0.1:0' },
      targets: [
        { name: 'shop', login },
        { name: 'rated', login, settings: { rate: { per_second: 0.5, burst: 5 } } },
        { name: 'vault', login, access: { approvers: ['dba'], max: '1h' } },
        { name: 'counted', login },
        { name: 'pooled', login, settings: { pool: { max: 4 } } },
        { name: 'shop-api', http: api },
      ],
    })
    bob = await callerAt(gateway, provider, 'bob')
    carol = await callerAt(gateway, provider, 'carol')
  })
  after(async () => {
    await gateway?.stop()
    await api?.close()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function loginOf(subject: DemoSubject, database = 'shop'): Promise<Login> {
    const { host, port } = gateway
    return { host, port, user: subject, password: await demoToken(provider, subject), database }
  }

  async function pair(subject: DemoSubject, database = 'shop') {
    return oneInEach(gateway, await loginOf(subject, database))
  }

  async function pending(): Promise<string> {
    let found: Line | undefined
    await until('somebody is asked', async () => {
      const approvals = await bob.get<readonly Line[]>('/v1/approvals')
      found = approvals.find(({ state }) => state === 'pending')
      return found !== undefined
    })
    return found?.id ?? ''
  }

  test('connections spread over both', async () => {
    const login = await loginOf('alice')
    const seats = await Promise.all(Array.from({ length: 8 }, () => seated(gateway, login)))
    const workers = await workersOf(gateway)
    assert.equal(workers.length, 2)
    const counts = workers.map((worker) => seats.filter((seat) => seat.worker === worker).length)
    assert.ok(Math.min(...counts) >= 1, `uneven: ${counts.join(', ')}`)
    for (const { client } of seats) assert.deepEqual((await client.query('select 1')).rows, [['1']])
    const listed = await bob.get<readonly Line[]>('/v1/sessions')
    assert.equal(listed.length, 0, 'bob sees no session of alice')
    for (const { client } of seats) client.close()
  })

  test('a cancel request that lands in the other worker stops what runs, and a wrong one nothing', async () => {
    const [one, other] = await pair('alice')
    for (const { client } of [one, other]) client.send(message.query('select pg_sleep(30)'))
    await until('both run', async () => {
      const sql = `select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(30)%' and pid <> pg_backend_pid()`
      return (await backend.run('postgres', sql)).rows[0]?.[0] === '2'
    })
    /** The connections go round: the next one after a probe in this worker is the other one's. */
    const nextIsNot = async (worker: number): Promise<void> => {
      for (;;) {
        const probe = await seated(gateway, await loginOf('alice'))
        probe.client.close()
        if (probe.worker === worker) return
      }
    }
    const cancel = async (key: Buffer): Promise<void> => {
      const client = await WireClient.connect(gateway)
      client.send(message.cancelRequest(key.readInt32BE(0), key.subarray(4)))
      await client.end()
    }
    const wrong = Buffer.from(one.key)
    wrong.writeInt32BE(wrong.readInt32BE(4) ^ 1, 4)
    await nextIsNot(one.worker)
    await cancel(wrong)
    assert.equal((await one.client.after(300)).types, '')
    for (const { client, worker, key } of [one, other]) {
      await nextIsNot(worker)
      await cancel(key)
      assert.equal((await client.ready()).errors[0]?.code, '57014')
    }
    one.client.close()
    other.client.close()
  })

  test('what is held in either worker is approved, rejected or left as anywhere', async () => {
    const seats = await pair('alice')
    for (const [nth, { client }] of seats.entries()) {
      client.send(message.query(`delete from t where a = ${nth + 1}`))
      const id = await pending()
      const vote = await bob.post(`/v1/approvals/${id}/votes`, { vote: 'approve', reason: 'tested' })
      assert.equal(vote.status, 200)
      assert.deepEqual((await client.ready()).tags, ['DELETE 1'])
    }
    const [first, second] = seats
    first.client.send(message.query('delete from t where a = 3'))
    const id = await pending()
    await bob.post(`/v1/approvals/${id}/votes`, { vote: 'reject', reason: 'tested' })
    assert.equal((await first.client.ready()).errors[0]?.code, '42501')
    second.client.send(message.query('delete from t where a = 4'))
    const left = await pending()
    second.client.destroy()
    await until('it is cancelled with its caller', async () => {
      const { state } = await bob.get<Line>(`/v1/approvals/${left}`)
      return state === 'cancelled'
    })
    assert.deepEqual((await backend.run('postgres', 'select count(*) from t')).rows, [['8']])
    first.client.close()
  })

  test('sessions of both are listed, extended and ended at the API', async () => {
    const seats = await pair('alice')
    const alice = await callerAt(gateway, provider, 'alice')
    const listed = async () =>
      await alice.get<readonly (Line & { readonly requests: number; readonly token_expires_at: string })[]>(
        '/v1/sessions',
      )
    for (const { client } of seats) await client.query('select 1')
    await until('their counts are told', async () => (await listed()).every(({ requests }) => requests === 1))
    const before = await listed()
    assert.equal(before.length, 2)
    await sleep(1_100)
    const later = await callerAt(gateway, provider, 'alice')
    for (const { id } of before) {
      const answer = await later.post(`/v1/sessions/${id}/token`, {})
      assert.equal(answer.status, 200)
    }
    const extended = await listed()
    for (const { id, token_expires_at } of before) {
      const now = extended.find((each) => each.id === id)?.token_expires_at ?? ''
      assert.ok(now > token_expires_at, `${now} is not after ${token_expires_at}`)
    }
    const strange = await bob.post(`/v1/sessions/${before[0]?.id}/token`, {})
    assert.equal(strange.status, 404)
    for (const { id } of before)
      assert.equal((await alice.post(`/v1/sessions/${id}/kill`, { reason: 'tested' })).status, 200)
    assert.deepEqual(await listed(), [], 'they are over when the answer is there')
    for (const { client } of seats) assert.equal((await client.end()).errors[0]?.code, '57P01')
  })

  test('a token that is revoked counts no more in either, and what lives by it is over', async () => {
    const seats = await pair('langchain-reporting')
    const login = await loginOf('langchain-reporting')
    const service = await callerAt(gateway, provider, 'langchain-reporting')
    const answer = await service.post('/v1/revocations', { mine: 'all', reason: 'tested' })
    assert.equal(answer.status, 200, await answer.text())
    for (const { client } of seats) assert.ok((await client.end()).closed)
    for (let nth = 0; nth < 2; nth++) await assert.rejects(WireClient.login(login), /28000|57P01/)
  })

  test('access that somebody gives and takes back counts in both at once', async () => {
    const seats = await pair('alice', 'vault')
    const alice = await callerAt(gateway, provider, 'alice')
    const refused = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(seats.map(async ({ client }) => (await client.query('select 1')).errors[0]?.code))
    assert.deepEqual(await refused(), ['42501', '42501'])
    const asked = { target: 'vault', role: 'reader', life_ms: 600_000, reason: 'tested' }
    const answer = await alice.post('/v1/grants', asked)
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    const { id } = JSON.parse(text) as Line
    const given = await bob.post(`/v1/grants/${id}/decision`, { decision: 'grant', reason: 'tested' })
    assert.equal(given.status, 200, await given.text())
    assert.deepEqual(await refused(), [undefined, undefined])
    const revoked = await bob.remove(`/v1/grants/${id}`)
    assert.equal(revoked.status, 200, await revoked.text())
    assert.deepEqual(await refused(), ['42501', '42501'])
    for (const { client } of seats) client.close()
  })

  test('policies are in force in both: from files soon, from a person when the answer is there', async () => {
    const seats = await pair('alice')
    const rules = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(
        seats.map(async ({ client }) => {
          const [error] = (await client.query('select 1')).errors
          return /"(late\/\w+)"/.exec(error?.message ?? '')?.[1]
        }),
      )
    const erin = await callerAt(gateway, provider, 'erin')
    const { active } = await erin.get<{ readonly active: string }>('/v1/policies')
    const late = 'package sluice.rules.late\n\ndeny contains {"rule": "late/no"} if input.action.read_only\n'
    await writeFile(join(folder, 'policies', 'late.rego'), late)
    await until('both deny', async () => (await rules()).every((rule) => rule === 'late/no'), 30_000)
    const taken = await carol.post(`/v1/policies/${active}/activate`, { reason: 'tested' })
    assert.equal(taken.status, 200)
    assert.deepEqual(await rules(), [undefined, undefined])
    await rm(join(folder, 'policies', 'late.rego'))
    await until('the files agree', async () => {
      const { files } = await erin.get<{ readonly files: string }>('/v1/policies')
      return files === 'active'
    })
    for (const { client } of seats) client.close()
  })

  test('a rate is one for both', async () => {
    const [one, other] = await pair('alice', 'rated')
    let refused = 0
    for (const { client } of [one, one, one, one, other, other, other, other])
      refused += (await client.query('insert into t values (100)')).errors.length
    assert.ok(refused >= 2 && refused <= 3, `${refused} of 8 refused`)
    one.client.close()
    other.client.close()
  })

  test('facts of a subject are those of both', async () => {
    const [one, other] = await pair('bob', 'counted')
    const rows = (count: number): string => `select n from generate_series(1, ${count}) n`
    assert.equal((await one.client.query(rows(1_500))).rows.length, 1_500)
    assert.equal((await other.client.query(rows(600))).rows.length, 600)
    await until('both know', async () => {
      const answers = await Promise.all([one, other].map(({ client }) => client.query('select 1')))
      return answers.every(({ errors }) => errors[0]?.message.includes('two/rows') === true)
    })
    one.client.close()
    other.client.close()
  })

  test('what one changes of the tables the other knows soon, not when its picture is old', async () => {
    const [one, other] = await pair('alice')
    assert.equal((await one.client.query('create table u (first int, second int)')).errors.length, 0)
    assert.equal((await other.client.query('select first from u')).errors.length, 0)
    await one.client.query('alter table u rename column first to renamed')
    const isKnown = async (): Promise<boolean> =>
      (await other.client.query('select renamed from u')).errors.length === 0
    await until('the other knows it', isKnown, sqlLimits.catalogueLifeMs / 2)
    assert.equal((await one.client.query('select renamed from u')).errors.length, 0)
    one.client.close()
    other.client.close()
  })

  test('HTTP is served by both, and measured as one gateway', async () => {
    const headers = { 'x-sluice-authorization': `Bearer ${await demoToken(provider, 'alice')}` }
    const { url } = doorAt(gateway.http, '/shop-api', headers)
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        fetch(`${url}/anything`, { headers: { ...headers, connection: 'close' } }),
      ),
    )
    for (const { status } of answers) assert.equal(status, 200)
    await until('all are counted', async () => {
      const metrics = await (
        await fetch(`http://${gateway.metrics.host}:${gateway.metrics.port}/metrics`)
      ).text()
      const lines = metrics
        .split('\n')
        .filter((line) => line.startsWith('sluice_exchanges_total') && line.includes('"shop-api"'))
      return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0) === 8
    })
    const ready = await fetch(`http://${gateway.api.host}:${gateway.api.port}/readyz`)
    assert.equal(ready.status, 200)
  })

  test('connections that sessions take turns with are measured over both', async () => {
    const lent = async (): Promise<number> => {
      const { host, port } = gateway.metrics
      const text = await (await fetch(`http://${host}:${port}/metrics`)).text()
      return Number(/^sluice_pool_connections\{target="pooled",state="lent"\} (\d+)$/m.exec(text)?.[1] ?? 0)
    }
    const seats = await pair('alice', 'pooled')
    await until('each has lent one', async () => (await lent()) === 2)
    for (const { client } of seats) client.close()
    await until('both have them back', async () => (await lent()) === 0)
  })

  test('a port that nobody knows stays closed to who has no token', async () => {
    const socket = connect({ host: gateway.host, port: gateway.port })
    socket.on('error', () => {})
    socket.write(message.startup({ user: 'alice', database: 'shop' }))
    socket.write(message.password('nothing'))
    const [bytes] = (await new Promise((resolve) => {
      const parts: Buffer[] = []
      socket.on('data', (part: Buffer) => parts.push(part))
      socket.on('close', () => resolve([Buffer.concat(parts)]))
    })) as [Buffer]
    assert.match(bytes.toString('latin1'), /28000/)
  })
})
