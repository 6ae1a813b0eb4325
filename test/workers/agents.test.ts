import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { demoToken, freePort, startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  doorAt,
  enrolmentToken,
  httpAnswer,
  message,
  openssh,
  startAgentProcess,
  startBackend,
  startGatewayProcess,
  startHttpBackend,
  startSshd,
  WireClient,
  type AgentProcess,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
  type Login,
  type Sshd,
} from '../src/index.ts'
import { callerAt, isAlive, oneInEach, until, workersOf, type Caller, type Seated } from './stage.ts'

/** Callers come in at either worker, and reach what is behind an agent that is connected to neither. */

const policies = fileURLToPath(new URL('../catalogue/policies/open', import.meta.url))
const backWithinMs = 5_000

interface AgentRow {
  readonly id: string
  readonly connections: readonly { readonly streams: number | null }[]
}

suite('a gateway of two workers, with targets behind agents', () => {
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let api: HttpBackend
  let sshd: Sshd
  let gateway: GatewayProcess
  let agent: AgentProcess
  let carol: Caller
  let token: string
  let agentsPort: number

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-worker-agents-'))
    await mkdir(join(folder, 'data'))
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    api = await startHttpBackend(() => httpAnswer.json({ filler: 'x'.repeat(300_000) }))
    sshd = await startSshd()
    agentsPort = await freePort()
    gateway = await startGateway()
    carol = await callerAt(gateway, provider, 'carol')
    token = await demoToken(provider, 'alice')
  })
  after(async () => {
    await agent?.kill()
    await gateway?.stop()
    await sshd?.close()
    await api?.close()
    await backend?.close()
    await provider?.close()
    await rm(folder, { recursive: true, force: true })
  })

  function startGateway(): Promise<GatewayProcess> {
    const via = { via: 'vpc' }
    const login = backend.login('postgres')
    return startGatewayProcess({
      provider,
      policies,
      data: join(folder, 'data'),
      workers: 2,
      agents: `127.0.0.1:${agentsPort}`,
      targets: [
        { name: 'behind', login, settings: via },
        { name: 'direct', login },
        { name: 'beyond', login: { ...login, port: 1 }, settings: via },
        { name: 'api', http: api, settings: via },
        { name: 'host', ssh: sshd, user: sshd.user, secret: sshd.key, hostKey: sshd.hostKey, settings: via },
      ],
    })
  }

  async function startAgent(state: string): Promise<AgentProcess> {
    return startAgentProcess({
      gateways: [gateway.agents],
      allow: [backend.login('postgres').port, api.port, sshd.port].map((port) => `127.0.0.1:${port}`),
      state: join(folder, state),
      token: await enrolmentToken(gateway.api, provider, 'vpc'),
    })
  }

  const login = (database: string): Login => {
    const { host, port } = gateway
    return { host, port, user: 'alice', password: token, database }
  }

  const pair = (): Promise<readonly [Seated, Seated]> => oneInEach(gateway, login('behind'))

  async function works({ client }: Seated): Promise<void> {
    assert.deepEqual((await client.query('select 41 + 1')).rows, [['42']])
  }

  test('without an agent callers are told so, in either worker', async () => {
    for (let each = 0; each < 4; each++)
      await assert.rejects(WireClient.login(login('behind')), /No agent named vpc is connected/)
  })

  test('PostgreSQL answers the same in both, however much it is', async () => {
    agent = await startAgent('first')
    const direct = await WireClient.login(login('direct'))
    const sql = 'select n, md5(n::text), repeat(chr(97 + n % 26), 400) from generate_series(1, 20000) n'
    const { rows } = await direct.query(sql)
    const seats = await pair()
    for (const { client } of seats) assert.deepEqual((await client.query(sql)).rows, rows)
    const [row] = await carol.get<readonly AgentRow[]>('/v1/agents')
    assert.deepEqual(
      row?.connections.map(({ streams }) => (streams ?? 0) >= 2),
      [true],
      'one connection of the agent serves both',
    )
    for (const { client } of [...seats, { client: direct }]) client.close()
  })

  test('HTTP and SSH are served through it by either', async () => {
    const headers = { 'x-sluice-authorization': `Bearer ${token}`, connection: 'close' }
    const { url } = doorAt(gateway.http, '/api')
    const answers = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const answer = await fetch(`${url}/anything`, { headers })
        return [answer.status, (await answer.text()).length] as const
      }),
    )
    for (const [status, length] of answers) assert.deepEqual([status, length > 300_000], [200, true])
    const door = { ...gateway.ssh, user: 'host', token }
    for (let each = 0; each < 3; each++)
      assert.deepEqual(await openssh(door, 'cat; exit 3', { input: 'y'.repeat(200_000) }), {
        status: 3,
        stdout: 'y'.repeat(200_000),
        stderr: '',
      })
  })

  test('a cancel request goes the same way, from wherever it lands', async () => {
    const seats = await pair()
    const answers = seats.map(({ client }) => client.query('select pg_sleep(20)'))
    await until('both run', async () => {
      const sql = `select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(20)%' and pid <> pg_backend_pid()`
      return (await backend.run('postgres', sql)).rows[0]?.[0] === '2'
    })
    for (const { key } of seats) {
      const canceller = await WireClient.connect(gateway)
      canceller.send(message.cancelRequest(key.readInt32BE(0), key.subarray(4)))
      canceller.close()
    }
    for (const { errors } of await Promise.all(answers)) assert.equal(errors[0]?.code, '57014')
    for (const { client } of seats) client.close()
  })

  test('what an agent refuses is refused to callers as without workers', async () => {
    await assert.rejects(WireClient.login(login('beyond')), /agent vpc does not let this gateway through/)
  })

  test('an agent that is killed cuts what goes through it, in both; one that comes serves both again', async () => {
    const seats = await pair()
    const waiting = seats.map(({ client }) => client.query('select pg_sleep(30)'))
    await agent.kill()
    for (const answer of await Promise.all(waiting)) assert.ok(answer.closed || answer.errors.length > 0)
    await assert.rejects(WireClient.login(login('behind')))
    agent = await startAgent('first')
    const again = await pair()
    for (const seat of again) await works(seat)
    for (const { client } of again) client.close()
  })

  test('a worker that is killed takes its own streams along, and no other one', async () => {
    const [victim, survivor] = await pair()
    const open = async (): Promise<number> => {
      const [row] = (await carol.get<readonly AgentRow[]>('/v1/agents')).filter(
        ({ connections }) => connections.length > 0,
      )
      return row?.connections[0]?.streams ?? -1
    }
    const before = await open()
    process.kill(victim.worker, 'SIGKILL')
    assert.ok((await victim.client.end()).closed)
    await works(survivor)
    await until('its streams are closed', async () => (await open()) < before, backWithinMs)
    await until('another one has taken its place', async () => {
      const workers = await workersOf(gateway)
      return workers.length === 2 && !workers.includes(victim.worker)
    })
    for (const seat of await pair()) {
      await works(seat)
      seat.client.close()
    }
    survivor.client.close()
  })

  test('somebody whom nobody knows is refused at the port of agents, and that is on record', async () => {
    const other = await mkdtemp(join(folder, 'stranger-'))
    const stranger = await startAgentProcess({
      gateways: [gateway.agents],
      allow: ['127.0.0.1:1'],
      state: other,
      token: (await enrolmentToken(gateway.api, provider, 'vpc')).replace(
        /\.[\w-]{43}\./,
        `.${'a'.repeat(43)}.`,
      ),
    })
    assert.equal(await stranger.ended, 1)
    const erin = await callerAt(gateway, provider, 'erin')
    await until('it is on record', async () => {
      const events = await erin.text('/v1/events')
      return /"AuthenticationFailed"[^\n]*agent\/token/.test(events)
    })
  })

  test('a supervisor that is killed takes all of it along, and the next one has the agent back', async () => {
    const seats = await pair()
    const workers = await workersOf(gateway)
    await gateway.kill()
    await until('no worker outlives it', () => !workers.some(isAlive), 2_000)
    for (const { client } of seats) assert.ok((await client.end()).closed)
    gateway = await startGateway()
    const isBack = (): Promise<boolean> =>
      WireClient.login(login('behind')).then(
        (client) => (client.close(), true),
        () => false,
      )
    await until('the agent is back', isBack, backWithinMs)
  })
})
