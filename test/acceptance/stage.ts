import { fileURLToPath } from 'node:url'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider, type DemoSubject } from '@sluice/demo'
import { startGateway, type Gateway } from '../src/gateway.ts'
import type { Login } from '../src/wire-client.ts'
import { startBackend } from './backend.ts'

/** A server with the suite's tables, and two doors to it. */
export interface Stage extends AsyncDisposable {
  /** The server itself, as the same user as the gateway. */
  readonly direct: Login
  /** The same through Sluice with the starter policies. */
  through(subject: DemoSubject): Promise<Login>
  /** Before each client: the same rows for everybody. */
  reset(): Promise<void>
  /** Everything in the gateway's log so far. */
  events(): Promise<readonly RecordedEvent[]>
  /** What the server says of itself, every statement that reached it included. */
  serverLog(): string
}

export const starterPolicies: string = fileURLToPath(new URL('../../policies/starter', import.meta.url))
export const target = 'shop'

export async function openStage(): Promise<Stage> {
  await using parts = new AsyncDisposableStack()
  const backend = await startBackend()
  parts.defer(() => backend.close())
  const gateway = await openGateway(parts, backend.login)
  const open = parts.move()
  return {
    direct: backend.login,
    through: (subject) => gateway.login(subject, target),
    reset: () => backend.reset(),
    events: () => gateway.events(),
    serverLog: () => backend.log(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

async function openGateway(
  parts: AsyncDisposableStack,
  login: Login,
): Promise<Pick<Gateway, 'login' | 'events'>> {
  // To see whether a difference is a client's own: every door leads to the server itself.
  if (process.env['SLUICE_ACCEPTANCE'] === 'direct')
    return { login: () => Promise.resolve(login), events: () => Promise.resolve([]) }
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const gateway = await startGateway({
    provider,
    policies: starterPolicies,
    targets: [{ name: target, login, labels: { env: 'test', data: 'pii' } }],
  })
  parts.defer(() => gateway.close())
  return gateway
}
