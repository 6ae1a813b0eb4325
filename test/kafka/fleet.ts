import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { demoToken, freePort, startIdentityProvider, type DemoSubject } from '@sluice/demo'
import { startBackend } from '../acceptance/backend.ts'
import { startGatewayProcess, type GatewayProcess } from '../src/gateway-process.ts'
import { WireClient, type Place } from '../src/wire-client.ts'

/** Several gateways in processes of their own, on one log, before one server of which deletes are held. */
export interface Fleet extends AsyncDisposable {
  /** The server behind them. */
  readonly backend: Place
  /** `workers`: in so many processes of its own. */
  start(name: string, workers?: number): Promise<Member>
  /** Directly, past every gateway. */
  rows(sql: string): Promise<readonly (string | null)[][]>
}

export interface Member extends GatewayProcess {
  readonly name: string
  /** To the target that is reached directly, where no other one is named. */
  connect(subject: DemoSubject, database?: string): Promise<WireClient>
  ask(subject: DemoSubject, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer>
  /** What the log holds, as an auditor reads it here. */
  events(): Promise<readonly LoggedEvent[]>
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface LoggedEvent {
  readonly type: string
  readonly stream: string
  readonly writer: string
  readonly epoch: number
  readonly time: number
  readonly data: Readonly<Record<string, unknown>>
}

/** Allows everything but deletes, which wait for people. */
const policies = fileURLToPath(new URL('policies/all', import.meta.url))
const target = 'shop'

export async function openFleet(
  brokers: readonly string[],
  log: Readonly<Record<string, unknown>> = { replication: 1, allow_unsafe: ['single_broker'] },
  /** By whom further targets are reached, each of the name of its agents. */
  agents: readonly string[] = [],
): Promise<Fleet> {
  await using parts = new AsyncDisposableStack()
  const root = await mkdtemp(join(tmpdir(), 'sluice-fleet-'))
  parts.defer(() => rm(root, { recursive: true, force: true }))
  const backend = await startBackend()
  parts.defer(() => backend.close())
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const prefix = `${randomBytes(6).toString('hex')}.`
  const open = parts.move()
  const keys = join(root, 'keys')
  /** Where agents connect, also after a gateway was started anew. */
  const ports = new Map<string, number>()
  let first = true

  async function start(name: string, workers?: number): Promise<Member> {
    const data = join(root, name)
    await mkdir(data, { recursive: true, mode: 0o700 })
    // All gateways of one log have the same keys.
    if (!first) await cp(keys, join(data, 'keys'), { recursive: true })
    const port = ports.get(name) ?? (await freePort())
    ports.set(name, port)
    const gateway = await startGatewayProcess({
      ...(agents.length === 0 ? {} : { agents: `127.0.0.1:${port}` }),
      provider,
      policies,
      data,
      ...(workers === undefined ? {} : { workers }),
      log: { kind: 'kafka', brokers, prefix, gateway: name, ...log },
      targets: [
        { name: target, login: backend.login },
        ...agents.map((via) => ({ name: via, login: backend.login, settings: { via } })),
      ],
    })
    open.defer(async () => {
      gateway.resume()
      await gateway.kill()
    })
    if (first) await cp(join(data, 'keys'), keys, { recursive: true })
    first = false
    const token = (subject: DemoSubject): Promise<string> => demoToken(provider, subject)
    const ask: Member['ask'] = async (subject, method, path, body) => {
      const { host, port } = gateway.api
      const response = await fetch(`http://${host}:${port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await token(subject)}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      const json = /\bjson/.test(response.headers.get('content-type') ?? '')
      return { status: response.status, body: json ? (JSON.parse(text) as unknown) : text }
    }
    return {
      ...gateway,
      name,
      ask,
      connect: async (subject, database = target) =>
        WireClient.login({
          host: gateway.host,
          port: gateway.port,
          user: subject,
          password: await token(subject),
          database,
        }),
      async events() {
        const { body } = await ask('erin', 'GET', '/v1/events')
        const lines = String(body).split('\n')
        return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LoggedEvent)
      },
    }
  }

  return {
    start,
    backend: backend.login,
    async rows(sql) {
      const client = await WireClient.login(backend.login)
      try {
        const { rows, errors } = await client.query(sql)
        assert.deepEqual(errors, [])
        return rows.map((row) => [...row])
      } finally {
        client.close()
      }
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** What `look` finds, as soon as it finds something. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const until = performance.now() + withinMs
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(performance.now() < until, `${what}: not within ${withinMs} ms`)
    await sleep(100)
  }
}
