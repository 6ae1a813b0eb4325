import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway, type Gateway } from '../src/gateway.ts'
import { startRelay, type Relay } from '../src/relay.ts'
import type { Login } from '../src/wire-client.ts'
import { startBackend, type Backend } from './backend.ts'
import { connected } from './clients/node-postgres.ts'

/** A server of which every change waits for `bob` or `carol`. */
export interface HoldingStage extends AsyncDisposable {
  /** The server itself, as the same user as the gateway. */
  readonly direct: Login
  /** The same through Sluice, and what passes between the client and Sluice. */
  through(): Promise<Login>
  readonly relay: Relay
  /** Before each client: three rows for everybody who deletes some. */
  reset(labels: readonly string[]): Promise<void>
  /** The reference of the next request for an approval that nobody was told of yet. */
  asked(): Promise<string>
  /** As bob; the status of the answer. */
  vote(id: string, vote: 'approve' | 'reject'): Promise<number>
  /** How an approval that nobody needs any more ended: the type of the event. */
  ending(id: string): Promise<string>
  /** What the server says of itself, every statement that reached it included. */
  serverLog(): string
}

const policies = fileURLToPath(new URL('policies/holds', import.meta.url))
const target = 'shop'
/** Three interpreters that start at once on a busy machine are slow to ask. */
const patienceMs = 60_000

export async function openHoldingStage(): Promise<HoldingStage> {
  await using parts = new AsyncDisposableStack()
  const backend = await startBackend()
  parts.defer(() => backend.close())
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const gateway = await startGateway({
    provider,
    policies,
    targets: [{ name: target, login: backend.login }],
  })
  parts.defer(() => gateway.close())
  const relay = await startRelay(gateway)
  parts.defer(() => relay.close())
  const open = parts.move()
  const told = new Set<string>()
  return {
    direct: backend.login,
    relay,
    through: async () => {
      const login = await gateway.login('langchain-reporting', target)
      return { ...login, host: relay.host, port: relay.port }
    },
    reset: (labels) => filled(backend, labels),
    asked: async () => {
      const id = await found(gateway, (event) =>
        event.type === 'ApprovalRequested' && !told.has(event.data.approval) ? event.data.approval : null,
      )
      told.add(id)
      return id
    },
    vote: (id, vote) => voted(gateway, id, vote),
    ending: (id) =>
      found(gateway, ({ type, data }) =>
        endings.has(type) && 'approval' in data && data.approval === id ? type : null,
      ),
    serverLog: () => backend.log(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

const endings: ReadonlySet<string> = new Set([
  'ApprovalCancelled',
  'ApprovalExpired',
  'ApprovalRejected',
  'ApprovalConsumed',
])

async function filled(backend: Backend, labels: readonly string[]): Promise<void> {
  await backend.reset()
  await connected(backend.login, async (client) => {
    for (const [index, label] of labels.entries())
      await client.query(
        `INSERT INTO jobs (id, label, amount, document)
         SELECT $1 + n, $2 || ' ' || n, n * 1.25, repeat('long ', 1000 * n::int) FROM generate_series(1, 3) n`,
        [100 * (index + 1), label],
      )
  })
}

/** What an event of the log says, as soon as there is such an event. */
async function found(gateway: Gateway, look: (event: RecordedEvent) => string | null): Promise<string> {
  const deadline = performance.now() + patienceMs
  for (;;) {
    for (const event of await gateway.events()) {
      const answer = look(event)
      if (answer !== null) return answer
    }
    assert.ok(performance.now() < deadline, `not in the log after ${patienceMs} ms`)
    await sleep(50)
  }
}

async function voted(gateway: Gateway, id: string, vote: 'approve' | 'reject'): Promise<number> {
  const { password } = await gateway.login('bob', target)
  const { host, port } = gateway.api
  const response = await fetch(`http://${host}:${port}/v1/approvals/${id}/votes`, {
    method: 'POST',
    headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json' },
    body: JSON.stringify({ vote, reason: 'tested' }),
  })
  await response.body?.cancel()
  return response.status
}
