import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sluice } from '@sluice/cli'
import { demoToken, freePort, startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import {
  authority,
  enrolmentToken,
  httpAnswer,
  issuedBy,
  message,
  startAgentProcess,
  startBackend,
  startGatewayProcess,
  startHttpBackend,
  WireClient,
  type AgentProcess,
  type Authority,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
  type Login,
} from '../src/index.ts'
import { listen, type Listener } from '../src/listener.ts'
import { startDroppingProxy, type DroppingProxy } from './dropping-proxy.ts'
import { eventually } from './tunnel-stage.ts'

/** PostgreSQL and HTTP through agents: every process is a real one, and each of them dies once. */

const policies = fileURLToPath(new URL('../catalogue/policies/open', import.meta.url))
/** From the moment in which things are as they should be again. */
const backWithinMs = 5_000

suite('targets behind agents', () => {
  const parts = new AsyncDisposableStack()
  let folder: string
  let provider: IdentityProvider
  let backend: Backend
  let api: HttpBackend
  let gateway: GatewayProcess
  let agentsPort: number
  let token: string
  let allow: string[]
  let certificates: Authority
  let secure: Server
  /** Says half of an answer, whose end is the end of the connection. */
  let halves: Listener
  const running = new Set<AgentProcess>()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-agents-'))
    parts.defer(() => rm(folder, { recursive: true, force: true }))
    provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    api = await startHttpBackend(({ address }) => httpAnswer.json({ address, filler: 'x'.repeat(100_000) }))
    parts.defer(() => api.close())
    agentsPort = await freePort()
    certificates = authority('Test CA')
    secure = createServer(
      issuedBy(certificates, ['localhost']),
      (_request, answer) => void answer.end('of localhost'),
    )
    parts.defer(() => void secure.close())
    await once(secure.listen(0, '127.0.0.1'), 'listening')
    halves = await listen((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhalf of it'))
    })
    parts.defer(() => halves.close())
    allow = [backend.login('postgres').port, api.port, halves.port].map((port) => `127.0.0.1:${port}`)
    for (const host of ['localhost', '127.0.0.1']) allow.push(`${host}:${securePort()}`)
    await mkdir(join(folder, 'gateway'), { mode: 0o700 })
    gateway = await startGateway()
    parts.defer(() => gateway.stop())
    token = await demoToken(provider, 'alice')
  })

  after(async () => {
    for (const agent of running) await agent.kill()
    await parts.disposeAsync()
  })

  const securePort = (): number => (secure.address() as AddressInfo).port

  function startGateway(): Promise<GatewayProcess> {
    const login = backend.login('postgres')
    const via = { via: 'vpc' }
    const verified = { tls: 'verify-full', authority: certificates.cert } as const
    return startGatewayProcess({
      provider,
      policies,
      data: join(folder, 'gateway'),
      agents: `127.0.0.1:${agentsPort}`,
      targets: [
        { name: 'direct', login },
        { name: 'behind', login, settings: via },
        { name: 'beyond', login: { ...login, port: 1 }, settings: via },
        { name: 'api', http: api },
        { name: 'api-behind', http: api, settings: via },
        { name: 'secure', http: { host: 'localhost', port: securePort() }, ...verified, settings: via },
        // The certificate there is for another name.
        { name: 'impostor', http: { host: '127.0.0.1', port: securePort() }, ...verified, settings: via },
        { name: 'halves', http: halves, settings: via },
        { name: 'nowhere', http: api, settings: { via: 'none' } },
      ],
    })
  }

  async function startAgent(
    state: string,
    at: { readonly port: number } = { port: agentsPort },
  ): Promise<AgentProcess> {
    const agent = await startAgentProcess({
      gateways: [{ host: '127.0.0.1', port: at.port }],
      allow,
      state: join(folder, state),
      token: await enrolmentToken(gateway.api, provider, 'vpc'),
    })
    running.add(agent)
    return agent
  }

  const login = (database: string): Login => ({
    host: gateway.host,
    port: gateway.port,
    user: 'alice',
    password: token,
    database,
  })

  /** One new session, from its login to its end. */
  async function oneSession(database = 'behind'): Promise<void> {
    const client = await WireClient.login(login(database))
    try {
      const answer = await client.query('select 41 + 1')
      assert.deepEqual(answer.rows, [['42']], answer.text)
    } finally {
      client.close()
    }
  }

  const works = (): Promise<boolean> =>
    oneSession().then(
      () => true,
      () => false,
    )

  test('without an agent the refusal says so, and nothing goes there directly', async () => {
    await assert.rejects(oneSession(), /No agent named vpc is connected/)
    await oneSession('direct')
  })

  test('PostgreSQL answers the same through an agent as without it', async () => {
    const agent = await startAgent('first')
    assert.match(agent.said(), /enrolled as vpc, agt_/)
    const [direct, behind] = [
      await WireClient.login(login('direct')),
      await WireClient.login(login('behind')),
    ]
    for (const sql of [
      'select n, md5(n::text), n * 1.5 from generate_series(1, 20000) n',
      'select repeat(chr(97 + n % 26), 500000) from generate_series(1, 8) n',
      'select 1 / 0',
      'create temp table t as select 1 as a; insert into t values (2); select * from t order by 1; drop table t',
      "select 'é', null, ''",
    ]) {
      const [one, other] = [await direct.query(sql), await behind.query(sql)]
      assert.equal(one.types, other.types, sql)
      assert.deepEqual(one.rows, other.rows)
      assert.deepEqual(
        one.errors.map(({ code }) => code),
        other.errors.map(({ code }) => code),
      )
    }
    direct.close()
    behind.close()
  })

  test('a cancel request goes through the agent as well', async () => {
    const client = await WireClient.connect(gateway)
    const greeting = await client.start(login('behind'))
    const key = greeting.messages.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8)
    const answer = client.query('select pg_sleep(600)')
    const running = `select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(600)%' and pid <> pg_backend_pid()`
    // One that comes before the statement does nothing.
    await eventually(async () => (await backend.run('postgres', running)).rows[0]?.[0] === '1')
    const canceller = await WireClient.connect(gateway)
    canceller.send(message.cancelRequest(key.readInt32BE(0), key.subarray(4)))
    assert.deepEqual(
      (await answer).errors.map(({ code }) => code),
      ['57014'],
    )
    canceller.close()
    client.close()
  })

  test('HTTP answers the same through an agent as without it', async () => {
    const [one, other] = [await get('/api/a?b=c'), await get('/api-behind/a?b=c')]
    assert.equal(one.status, 200)
    assert.deepEqual(other, one)
    const many = await Promise.all(Array.from({ length: 20 }, () => get('/api-behind/many')))
    assert.deepEqual(new Set(many.map(({ status }) => status)), new Set([200]))
  })

  async function get(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const answer = await fetch(`http://${gateway.http.host}:${gateway.http.port}${path}`, {
      headers: { 'x-sluice-authorization': `Bearer ${token}` },
    })
    return { status: answer.status, body: await answer.text() }
  }

  test('an address off the list of the agent is refused, in words for people and without the address', async () => {
    await assert.rejects(oneSession('beyond'), (error: Error) => {
      assert.match(error.message, /agent vpc does not let this gateway through/)
      assert.doesNotMatch(error.message, /127\.0\.0\.1/)
      return true
    })
  })

  test('an answer whose agent was killed is cut, and never a whole one', async () => {
    const answer = await fetch(`http://${gateway.http.host}:${gateway.http.port}/halves/x`, {
      headers: { 'x-sluice-authorization': `Bearer ${token}` },
    })
    assert.equal(answer.status, 200)
    const [agent] = running
    await agent?.kill()
    running.delete(agent as AgentProcess)
    const body: unknown = await answer.text().catch((error: unknown) => error)
    assert.ok(body instanceof Error, `it was taken for whole: ${String(body)}`)
    assert.match((await ran('audit', 'tail')).out, /ResponseCompleted .* cut target_unreachable, 0 rows/)
    await startAgent('first')
    await eventually(works, backWithinMs)
  })

  test('new sessions work again after an agent was killed and started anew', async () => {
    const [agent] = running
    await agent?.kill()
    running.delete(agent as AgentProcess)
    await eventually(async () => !(await works()), backWithinMs)
    await startAgent('first')
    await eventually(works, backWithinMs)
  })

  test('new sessions work again after the gateway was killed and started anew', async () => {
    await gateway.kill()
    gateway = await startGateway()
    await eventually(works, backWithinMs)
  })

  test('a network that swallows everything is noticed, and the way around it is found', async () => {
    const proxy: DroppingProxy = await startDroppingProxy({ host: '127.0.0.1', port: agentsPort })
    parts.defer(() => proxy.close())
    const [agent] = running
    await agent?.stop()
    running.delete(agent as AgentProcess)
    await startAgent('first', proxy)
    await eventually(works, backWithinMs)
    const open = await WireClient.login(login('behind'))
    proxy.swallow()
    await eventually(works, backWithinMs)
    const answer = await open.query('select 1')
    assert.ok(answer.closed || answer.errors.length > 0, 'what went through the lost connection has ended')
    open.close()
  })

  test('of two agents one is killed under load, and no new session is lost', async () => {
    const second = await startAgent('second')
    let going = true
    let sessions = 0
    const failures = new Set<string>()
    const load = Array.from({ length: 6 }, async () => {
      while (going) {
        const client = await WireClient.login(login('behind')).catch(
          (error: Error) => void failures.add(error.message),
        )
        client?.close()
        sessions++
      }
    })
    await eventually(() => sessions > 12)
    await second.kill()
    running.delete(second)
    const before = sessions
    await eventually(() => sessions > before + 30)
    going = false
    await Promise.all(load)
    assert.deepEqual([...failures], [])
  })

  test('TLS to the target is between the gateway and the target, by the name of the target', async () => {
    assert.deepEqual(await get('/secure/x'), { status: 200, body: 'of localhost' })
    const impostor = await get('/impostor/x')
    assert.equal(impostor.status, 502)
    assert.match(impostor.body, /certificate could not be verified/)
  })

  test('the agents are listed, and told apart from who has gone', async () => {
    const { code, out } = await ran('agents', 'ls', '--json')
    assert.equal(code, 0)
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    const connected = rows.filter(({ state }) => state === 'connected')
    assert.equal(connected.length, 1)
    assert.equal(connected[0]?.['name'], 'vpc')
    assert.equal(typeof connected[0]?.['streams'], 'number')
    assert.deepEqual(connected[0]?.['allows'], allow)
    assert.ok(rows.some(({ state, gateway: at }) => state === 'enrolled' && at === null))
    const table = (await ran('agents', 'ls')).out
    assert.match(table, /^name +id +state +version +since +streams +certificate until +gateway$/m)
    assert.match(table, /^vpc +agt_\w+ +connected +\d+\.\d+\.\d+ /m)
    assert.equal((await ran('agents', 'ls', '--for', '1h')).code, 2)
    assert.equal((await ran('agents', 'enrol', 'Not A Name')).code, 1)
  })

  test('doctor says whether a target can be reached by an agent, and what to do', async () => {
    const config = join(folder, 'gateway', 'sluice.yaml')
    const { out } = await ran('doctor', '--config', config)
    assert.match(out, /^ok {4}target behind: 127\.0\.0\.1:\d+ is reached by the agent vpc \(1 connected\)$/m)
    assert.match(
      out,
      /^FAIL {2}target beyond: the agent vpc does not let .* start it with --allow 127\.0\.0\.1:1$/m,
    )
    assert.match(out, /^FAIL {2}target nowhere: no agent named none has enrolled: sluice agents enrol none/m)
  })

  test('an agent that is removed ends with what to do, and its sessions with it', async () => {
    const open = await WireClient.login(login('behind'))
    const [agent] = running
    const id = /as vpc, (agt_\w+)/.exec(agent?.said() ?? '')?.[1] ?? ''
    assert.equal((await ran('agents', 'rm', id, '--reason', 'retired')).code, 0)
    assert.equal(await agent?.ended, 1)
    assert.match(agent?.said() ?? '', /was removed: to have it back, enrol it anew/)
    const answer = await open.query('select 1')
    assert.ok(answer.closed || answer.errors.length > 0)
    open.close()
    assert.equal((await ran('agents', 'rm', id)).code, 1)
    const { out } = await ran('audit', 'tail')
    assert.ok(/AgentLeft .*vpc: it was removed/.test(out) && /AgentRemoved .*: retired/.test(out))
  })

  test('an agent that cannot begin says why', async () => {
    const state = join(folder, 'none')
    const options = ['--gateway', `127.0.0.1:${agentsPort}`, '--state', state]
    const noToken = await ran('agent', ...options, '--allow', '10.0.0.1:1')
    assert.deepEqual([noToken.code, /give it a token \(sluice agents enrol/.test(noToken.error)], [2, true])
    assert.equal((await ran('agent', ...options)).code, 2)
    assert.equal((await ran('agent', ...options, '--allow', '*')).code, 2)
    const used = join(folder, 'token')
    await writeFile(used, `slua_agt_${'0'.repeat(26)}.${'a'.repeat(43)}.${'a'.repeat(43)}\n`)
    const unknown = await ran('agent', ...options, '--allow', '10.0.0.1:1', '--token-file', used)
    assert.deepEqual([unknown.code, /not the one that the token is for/.test(unknown.error)], [3, true])
  })

  /** A command of an operator, in this process. */
  async function ran(...args: readonly string[]): Promise<{ code: number; out: string; error: string }> {
    let [out, error] = ['', '']
    const code = await sluice(args, {
      env: {
        SLUICE_URL: `http://${gateway.api.host}:${gateway.api.port}`,
        SLUICE_TOKEN: await demoToken(provider, args[0] === 'audit' ? 'erin' : 'carol'),
        SLUICE_DATA: join(folder, 'operator'),
        TARGET_0_PASSWORD: 'x',
      },
      signal: new AbortController().signal,
      out: (text) => (out += text),
      error: (text) => (error += text),
    })
    return { code, out, error }
  }
})
