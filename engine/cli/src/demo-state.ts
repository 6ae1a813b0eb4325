import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { exchangeToken, tokenFrom, type TokenBinding } from './token-exchange.ts'

/** What `npm start` leaves in its data folder, readable by its owner only, for the commands beside it. */
export interface DemoState {
  readonly api: string
  /** The gateway's own addresses, by protocol. */
  readonly listen: Readonly<Record<string, string>>
  /** The backends behind it, with the credentials that only the gateway should use. */
  readonly direct: Readonly<Record<string, string>>
  /** Its configuration, over which a file of its user may be laid. */
  readonly config?: object
  readonly identity: {
    readonly token_endpoint: string
    /** The token request of each demo subject. */
    readonly requests: Readonly<Record<string, Readonly<Record<string, string>>>>
    /** How a person logs in there, and the password of all of them at this start. */
    readonly login: {
      readonly issuer: string
      readonly client_id: string
      readonly resource: string
      readonly password: string
    }
  }
}

export function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(env['SLUICE_DATA'] ?? '.sluice')
}

export function demoStateFile(data: string): string {
  return join(data, 'demo.json')
}

/** `null` when no demo was started here. */
export async function demoState(
  env: Readonly<Record<string, string | undefined>>,
): Promise<DemoState | null> {
  try {
    return JSON.parse(await readFile(demoStateFile(dataFolder(env)), 'utf8')) as DemoState
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** A gateway token of a demo subject. */
export async function demoToken(demo: DemoState, name: string, binding: TokenBinding = {}): Promise<string> {
  return (await exchangeToken(demo.api, await demoAccessToken(demo, name), binding)).token
}

/** What the demo's provider says of its subject. */
export async function demoAccessToken(demo: DemoState, name: string): Promise<string> {
  const { requests } = demo.identity
  const request = Object.hasOwn(requests, name) ? requests[name] : undefined
  if (request === undefined)
    throw new Error(`the demo has no subject "${name}", only ${Object.keys(requests).join(', ')}`)
  return (await tokenFrom(demo.identity.token_endpoint, request)).access_token
}
