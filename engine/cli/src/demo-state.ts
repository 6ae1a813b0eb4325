import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Unreachable } from './command.ts'

/** What `npm start` leaves in its data folder, readable by its owner only, for the commands beside it. */
export interface DemoState {
  readonly api: string
  /** The gateway's own addresses, by protocol. */
  readonly listen: Readonly<Record<string, string>>
  /** The backends behind it, with the credentials that only the gateway should use. */
  readonly direct: Readonly<Record<string, string>>
  readonly identity: {
    readonly token_endpoint: string
    /** The token request of each demo subject. */
    readonly requests: Readonly<Record<string, Readonly<Record<string, string>>>>
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

/** A gateway token of a demo subject: the provider's token, exchanged (RFC 8693). */
export async function demoToken(demo: DemoState, name: string): Promise<string> {
  const { requests } = demo.identity
  const request = Object.hasOwn(requests, name) ? requests[name] : undefined
  if (request === undefined)
    throw new Error(`the demo has no subject "${name}", only ${Object.keys(requests).join(', ')}`)
  const provider = await tokenFrom(demo.identity.token_endpoint, request)
  return exchangeToken(demo.api, provider)
}

/** A provider's access token in, a short-lived gateway token out. */
export function exchangeToken(api: string, subjectToken: string): Promise<string> {
  return tokenFrom(new URL('/v1/token', api).href, {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: subjectToken,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  })
}

interface TokenAnswer {
  readonly access_token?: string
  readonly error?: string
  readonly error_description?: string
}

async function tokenFrom(endpoint: string, form: Readonly<Record<string, string>>): Promise<string> {
  let response: Response
  try {
    response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(form) })
  } catch {
    throw new Unreachable(
      `${new URL(endpoint).origin} does not answer: is it running? Start the demo with: npm start`,
    )
  }
  const answer = (await response.json().catch(() => ({}))) as TokenAnswer
  if (answer.access_token !== undefined) return answer.access_token
  throw new Error(`no token: ${answer.error_description ?? answer.error ?? response.statusText}`)
}
