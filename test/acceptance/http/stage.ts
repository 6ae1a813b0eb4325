import { fileURLToPath } from 'node:url'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider, type DemoSubject } from '@sluice/demo'
import {
  doorAt,
  startGateway,
  type Gateway,
  type GatewayOptions,
  type HttpBackend,
  type HttpDoor,
} from '../../src/index.ts'
import { startApi } from './api.ts'

/** An API with an answer of every kind, and two doors to it. */
export interface HttpStage extends AsyncDisposable {
  readonly api: HttpBackend
  readonly gateway: Gateway
  /** The API itself. */
  readonly direct: HttpDoor
  /** The same through Sluice, where everything is allowed but what `policies` name. */
  through(subject?: DemoSubject): Promise<HttpDoor>
  events(): Promise<readonly RecordedEvent[]>
}

export const policies: string = fileURLToPath(new URL('policies', import.meta.url))
export const target = 'api'
/** The same API, for which the gateway has a key. */
export const keyed = { name: 'keyed-api', key: 'key-of-the-gateway-alone' } as const

export async function openStage(
  options: Partial<Pick<GatewayOptions, 'provider' | 'store'>> = {},
): Promise<HttpStage> {
  await using parts = new AsyncDisposableStack()
  const api = await startApi()
  parts.defer(() => api.close())
  const provider = options.provider ?? (await startIdentityProvider({ port: 0 }))
  if (options.provider === undefined) parts.defer(() => provider.close())
  const gateway = await startGateway({
    ...options,
    provider,
    policies,
    targets: [
      { name: target, http: api },
      { name: keyed.name, http: api, secret: keyed.key },
    ],
  })
  parts.defer(() => gateway.close())
  const open = parts.move()
  return {
    api,
    gateway,
    direct: doorAt(api),
    through: (subject = 'langchain-reporting') => gateway.door(subject, target),
    events: () => gateway.events(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
