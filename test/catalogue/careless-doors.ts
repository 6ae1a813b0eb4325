import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway, type Place } from '../src/index.ts'
import { startCarelessApi, type CarelessApi } from './careless-api.ts'
import type { Entrance } from './http-case.ts'

/** The careless API with and without Sluice in front of it. */
export interface Doors {
  readonly api: CarelessApi
  readonly gateway: Place
  readonly entrance: Entrance
  /** What the gateway shows to the API. */
  readonly credential: string
}

const credential = 'key-of-the-gateway-alone'
const policies = fileURLToPath(new URL('policies/http', import.meta.url))

export async function openDoors(parts: AsyncDisposableStack): Promise<Doors> {
  const api = await startCarelessApi()
  parts.defer(() => api.close())
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const settings = { case: 'insensitive' }
  const targets = [{ name: 'careless', http: api, secret: credential, settings }]
  const gateway = await startGateway({ provider, policies, targets })
  parts.defer(() => gateway.close())
  const { prefix, headers } = await gateway.door('langchain-reporting', 'careless')
  const [[name, value] = ['', '']] = Object.entries(headers)
  const entrance = { prefix, token: value.replace('Bearer ', ''), authorization: `${name}: ${value}\r\n` }
  return { api, gateway: gateway.http, entrance, credential }
}
