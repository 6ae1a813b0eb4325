import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { demoToken, freePort, startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { startDroppingProxy } from './dropping-proxy.ts'
import { recoveryCallers, type Protocol, type RecoveryCallers } from './recovery-callers.ts'
import {
  enrolmentToken,
  httpAnswer,
  startAgentProcess,
  startBackend,
  startGatewayProcess,
  startHttpBackend,
  startSshd,
  type AgentProcess,
  type Backend,
  type GatewayProcess,
  type HttpBackend,
  type Sshd,
} from '../src/index.ts'

/** Every protocol through an agent: whatever dies, what runs has a clear end, and what is new works again soon. */

const policies = fileURLToPath(new URL('../catalogue/policies/open', import.meta.url))
/** From the moment in which things are as they should be again. */
const backWithinMs = 5_000
const protocols: readonly Protocol[] = ['postgres', 'http', 'ssh']

const inTime = <T>(end: Promise<T>, ms: number): Promise<T | string> =>
  Promise.race([end, sleep(ms, 'nothing is heard of it', { ref: false })])

async function* never(): AsyncGenerator<string> {
  await sleep(60_000, undefined, { ref: false })
  yield ''
}

for (const workers of [1, 2])
  suite(`recovery through agents, ${workers === 1 ? 'in one process' : `with ${workers} workers`}`, () => {
    const parts = new AsyncDisposableStack()
    let folder: string
    let provider: IdentityProvider
    let backend: Backend
    let api: HttpBackend
    let sshd: Sshd
    let gateway: GatewayProcess
    let agent: AgentProcess
    let callers: RecoveryCallers
    let agentsPort: number

    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sluice-recovery-'))
      parts.defer(() => rm(folder, { recursive: true, force: true }))
      await mkdir(join(folder, 'data'))
      provider = await startIdentityProvider({ port: 0 })
      parts.defer(() => provider.close())
      backend = await startBackend()
      parts.defer(() => backend.close())
      api = await startHttpBackend(({ address }) =>
        address.endsWith('/slow') ? never() : httpAnswer.json({ address }),
      )
      parts.defer(() => api.close())
      sshd = await startSshd()
      parts.defer(() => sshd.close())
      agentsPort = await freePort()
      gateway = await startGateway()
      parts.defer(() => gateway.stop())
      agent = await startAgent('first')
      parts.defer(() => agent.kill())
      const token = await demoToken(provider, 'alice')
      callers = recoveryCallers({ gateway: () => gateway, token, backend, sshd, api })
    })
    after(() => parts.disposeAsync())

    function startGateway(): Promise<GatewayProcess> {
      const settings = { via: 'vpc' }
      return startGatewayProcess({
        provider,
        policies,
        data: join(folder, 'data'),
        ...(workers === 1 ? {} : { workers }),
        agents: `127.0.0.1:${agentsPort}`,
        targets: [
          { name: 'shop', login: backend.login('postgres'), settings },
          { name: 'api', http: api, settings },
          { name: 'host', ssh: sshd, user: sshd.user, secret: sshd.key, hostKey: sshd.hostKey, settings },
        ],
      })
    }

    async function startAgent(state: string, port = agentsPort): Promise<AgentProcess> {
      return startAgentProcess({
        gateways: [{ host: '127.0.0.1', port }],
        allow: [backend.login('postgres').port, api.port, sshd.port].map((each) => `127.0.0.1:${each}`),
        state: join(folder, state),
        token: await enrolmentToken(gateway.api, provider, 'vpc'),
      })
    }

    /** One new session of each protocol, from its login to its end. */
    async function allWork(): Promise<void> {
      for (const protocol of protocols) {
        const late = performance.now() + backWithinMs
        let why: string | undefined
        for (;;) {
          why = await inTime(
            callers.session(protocol).then(
              () => undefined,
              (error: unknown) => (error instanceof Error ? error.message : 'it failed'),
            ),
            backWithinMs,
          )
          if (why === undefined) break
          assert.ok(performance.now() < late, `${protocol} is not back: ${why}`)
          await sleep(20)
        }
      }
    }

    /** What runs then ends, in each protocol's own words. */
    async function allAreTold(happens: () => Promise<void> | void, withinMs: number): Promise<void> {
      const running = await Promise.all(protocols.map((protocol) => callers.running(protocol)))
      await happens()
      const [postgres, http, ssh] = await Promise.all(running.map(({ end }) => inTime(end, withinMs)))
      assert.match(postgres ?? '', /^closed|08006|57P01|58/)
      assert.match(http ?? '', /^502 .*target|^cut/)
      assert.match(ssh ?? '', /^255 begun\n.*sluice: The connection to the target was lost/s)
    }

    test('an agent is killed while something runs', async () => {
      await allWork()
      const kept = await callers.connection()
      await allAreTold(() => agent.kill(), 2_000)
      await assert.rejects(kept.runs(), /No agent named vpc is connected/)
      agent = await startAgent('first')
      await allWork()
      await kept.runs()
      kept.close()
    })

    test('a network swallows everything while something runs', async () => {
      await agent.stop()
      const proxy = await startDroppingProxy({ host: '127.0.0.1', port: agentsPort })
      parts.defer(() => proxy.close())
      agent = await startAgent('first', proxy.port)
      await allWork()
      await allAreTold(() => proxy.swallow(), backWithinMs)
      await allWork()
    })

    test('the gateway is killed while something runs', async () => {
      await agent.stop()
      agent = await startAgent('first')
      const running = await Promise.all(protocols.map((protocol) => callers.running(protocol)))
      await gateway.kill()
      await Promise.all(running.map(({ end }) => end))
      gateway = await startGateway()
      await allWork()
    })

    test('of two agents one is killed under load, and no new connection is lost', async () => {
      const second = await startAgent('second')
      let going = true
      let killedAt = Infinity
      const failures: string[] = []
      const sessions = { postgres: 0, http: 0, ssh: 0 }
      const load = protocols.flatMap((protocol) =>
        Array.from({ length: 3 }, async () => {
          while (going) {
            const began = performance.now()
            try {
              await callers.session(protocol)
              sessions[protocol]++
            } catch (error) {
              // What was under way at that moment is not sent twice.
              if (began > killedAt + 50)
                failures.push(`${protocol}, ${(began - killedAt).toFixed()} ms after: ${String(error)}`)
            }
          }
        }),
      )
      await sleep(1_000)
      killedAt = performance.now()
      await second.kill()
      await sleep(1_500)
      going = false
      await Promise.all(load)
      assert.deepEqual(failures, [])
      for (const protocol of protocols)
        assert.ok(sessions[protocol] > 6, `only ${sessions[protocol]} of ${protocol}`)
    })
  })
