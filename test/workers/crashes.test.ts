import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { limits } from '@sluice/core'
import { demoToken, startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { verifyLog } from '@sluice/journal'
import {
  leftToWhole,
  message,
  startBackend,
  startGatewayProcess,
  WireClient,
  type Backend,
  type GatewayProcess,
  type Login,
} from '../src/index.ts'
import { callerAt, isAlive, oneInEach, until, workersOf, type Seated } from './stage.ts'

/** What is left when one of the processes of a gateway is gone, and that the log says it. */

const policies = fileURLToPath(new URL('policies/two', import.meta.url))

interface SessionLine {
  readonly id: string
  readonly state: string
}

suite('a gateway of two workers, one of which dies', () => {
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: GatewayProcess

  const start = async (): Promise<void> => {
    gateway = await startGatewayProcess({
      provider,
      policies,
      data: join(folder, 'data'),
      workers: 2,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
    })
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-crashes-'))
    await mkdir(join(folder, 'data'))
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int); insert into t select generate_series(1, 10)')
    await start()
  })
  after(async () => {
    await gateway?.stop()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function pair(): Promise<readonly [Seated, Seated]> {
    const { host, port } = gateway
    const password = await demoToken(provider, 'alice')
    const login: Login = { host, port, user: 'alice', password, database: 'shop' }
    return oneInEach(gateway, login)
  }

  /** Inserts one row after another until it is cut off; how many were acknowledged. */
  async function insertion(client: WireClient, of: number): Promise<number> {
    for (let done = 0; ; done++) {
      const { tags, closed } = await client.query(`insert into load values (${of}, ${done})`)
      if (tags[0] !== 'INSERT 0 1') return (assert.ok(closed, 'nobody is answered but served'), done)
    }
  }

  async function rows(of: number): Promise<number> {
    const { rows: found } = await backend.run('postgres', `select count(*) from load where worker = ${of}`)
    return Number(found[0]?.[0])
  }

  test('a worker that is killed under load: its callers see the end, the others nothing, the log says unknown', async () => {
    await backend.run('postgres', 'create table load (worker int, nth int)')
    const bob = await callerAt(gateway, provider, 'bob')
    const erin = await callerAt(gateway, provider, 'erin')
    const [victim, survivor] = await pair()
    const held = await pair().then(([one, other]) =>
      one.worker === victim.worker ? [one, other] : [other, one],
    )
    const [holding, spare] = held as [Seated, Seated]
    spare.client.close()
    holding.client.send(message.query('delete from t where a = 1'))
    let approval = ''
    await until('somebody is asked', async () => {
      const [first] = await bob.get<readonly SessionLine[]>('/v1/approvals')
      approval = first?.id ?? ''
      return first?.state === 'pending'
    })
    const lost = insertion(victim.client, 1)
    const kept = insertion(survivor.client, 2)
    await until('there is load', async () => (await rows(1)) > 50 && (await rows(2)) > 50)
    process.kill(victim.worker, 'SIGKILL')
    const acknowledged = await lost
    const performed = await rows(1)
    assert.ok(performed === acknowledged || performed === acknowledged + 1, `${performed}, ${acknowledged}`)
    assert.ok((await holding.client.end()).closed)

    const before = await rows(2)
    await until('the other goes on', async () => (await rows(2)) > before + 20)
    await until('another one has taken its place', async () => {
      const workers = await workersOf(gateway)
      return workers.length === 2 && !workers.includes(victim.worker)
    })
    const again = await pair()
    for (const { client } of again) assert.deepEqual((await client.query('select 1')).rows, [['1']])

    let sessions: readonly SessionLine[] = []
    await until('the log tells of its sessions', async () => {
      sessions = await erin.get<readonly SessionLine[]>('/v1/sessions?all=true')
      return sessions.filter(({ state }) => state === 'lost').length === 2
    })
    const outcomes = new Map<string, number>()
    for (const { id } of sessions.filter(({ state }) => state === 'lost')) {
      const exchanges = await erin.get<readonly { readonly outcome: string }[]>(
        `/v1/sessions/${id}/exchanges?last=1000`,
      )
      for (const { outcome } of exchanges) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    assert.ok(!outcomes.has('running') && !outcomes.has('held'), JSON.stringify([...outcomes]))
    assert.equal(outcomes.get('expired'), 1, 'nobody waits for what was held')
    assert.ok((outcomes.get('unknown') ?? 0) <= 1, 'one statement at a time was under way')
    const ended = await bob.get<SessionLine>(`/v1/approvals/${approval}`)
    assert.equal(ended.state, 'expired')
    const late = await bob.post(`/v1/approvals/${approval}/votes`, { vote: 'approve', reason: 'late' })
    assert.equal(late.status, 409)
    assert.deepEqual((await backend.run('postgres', 'select count(*) from t')).rows, [['10']])

    survivor.client.send(message.terminate)
    for (const { client } of again) client.close()
    survivor.client.destroy()
    await kept.catch(() => {})
  })

  test(
    'both workers killed at once: the ports are closed for a moment, and the same again',
    { skip: leftToWhole },
    async () => {
      const before = await workersOf(gateway)
      for (const worker of before) process.kill(worker, 'SIGKILL')
      await until('both are there again', async () => {
        const workers = await workersOf(gateway)
        return workers.length === 2 && workers.every((worker) => !before.includes(worker))
      })
      await until('it is ready', async () => {
        const answer = await fetch(`http://${gateway.api.host}:${gateway.api.port}/readyz`)
        return answer.status === 200
      })
      const seats = await pair()
      for (const { client } of seats) {
        assert.deepEqual((await client.query('select 1')).rows, [['1']])
        client.close()
      }
    },
  )

  test('the supervisor is killed under load: workers stop at once, and what was performed is in the log', async () => {
    await backend.run('postgres', 'truncate load')
    const seats = await pair()
    const workers = await workersOf(gateway)
    const running = seats.map(({ client }, nth) => insertion(client, nth))
    await until('there is load', async () => (await rows(0)) > 50 && (await rows(1)) > 50)
    await gateway.kill()
    await until('no worker outlives it', () => !workers.some(isAlive), 2_000)
    const acknowledged = await Promise.all(running)
    const performed = [await rows(0), await rows(1)]
    for (const [nth, done] of acknowledged.entries()) {
      const rowsOf = performed[nth] ?? 0
      assert.ok(rowsOf === done || rowsOf === done + 1, `${rowsOf}, ${done}`)
    }
    await assert.rejects(WireClient.connect(gateway), 'the port is closed')

    await start()
    const erin = await callerAt(gateway, provider, 'erin')
    let decided = 0
    await until('the log was read', async () => {
      const sessions = await erin.get<readonly SessionLine[]>('/v1/sessions?all=true')
      const lost = sessions.filter(({ state }) => state === 'lost').slice(-2)
      decided = 0
      for (const { id } of lost) {
        const exchanges = await erin.get<readonly { readonly effect: string | null }[]>(
          `/v1/sessions/${id}/exchanges?last=1000`,
        )
        decided += exchanges.filter(({ effect }) => effect === 'allow').length
      }
      return decided > 0
    })
    assert.ok(
      decided >= (performed[0] ?? 0) + (performed[1] ?? 0),
      `${decided} decisions, ${performed.join(' and ')} rows`,
    )
    const [one, other] = await pair()
    for (const { client } of [one, other]) {
      assert.deepEqual((await client.query('select 1')).rows, [['1']])
      client.close()
    }
  })

  test(
    'stops in its time: what runs may finish, who waits is told, and the log is whole',
    { skip: leftToWhole },
    async () => {
      const [idle, busy] = await pair()
      busy.client.send(message.query('select pg_sleep(1)'))
      await until('it runs', async () => {
        const sql = `select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(1)%' and pid <> pg_backend_pid()`
        return (await backend.run('postgres', sql)).rows[0]?.[0] === '1'
      })
      const workers = await workersOf(gateway)
      const started = performance.now()
      const stopping = gateway.stop()
      assert.equal((await idle.client.end()).errors[0]?.code, '57P01')
      assert.equal((await busy.client.end()).types, 'TDCZE')
      await stopping
      assert.ok(performance.now() - started < limits.drainMs + 1_000)
      assert.equal(await gateway.ended, 0)
      await sleep(50)
      assert.deepEqual(workers.filter(isAlive), [])
      const { findings, events } = await verifyLog(join(folder, 'data', 'log'))
      assert.deepEqual(findings, [])
      assert.ok(events > 500)
    },
  )
})

suite('serve --workers', () => {
  test('says what is wrong with a number that it cannot use', async () => {
    const { sluice } = await import('@sluice/cli')
    for (const wrong of ['0', '65', 'two', '-1', '1.5']) {
      let said = ''
      const io = {
        env: {},
        signal: new AbortController().signal,
        out: () => {},
        error: (text: string) => void (said += text),
      }
      assert.equal(await sluice(['serve', '--config', 'nowhere.yaml', `--workers=${wrong}`], io), 2)
      assert.match(said, /a whole number from 1 to 64 is needed/)
    }
  })
})
