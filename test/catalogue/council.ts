import { fileURLToPath } from 'node:url'
import { startIssuer, type Issuer } from '../acceptance/issuer.ts'
import { startGateway, type Gateway, type GatewayOptions, type Login, type Place } from '../src/index.ts'
import type { Laboratory } from './laboratory.ts'

/** Who may be anybody: an issuer of its own mints tokens with whatever groups and names a case needs. */
export interface Person {
  readonly sub: string
  readonly groups?: readonly string[]
  readonly type?: 'human' | 'service'
}

/** Options of a gateway at which two of `dba` must agree to every DELETE. */
export async function councilOptions(lab: Laboratory, issuer: Issuer): Promise<GatewayOptions> {
  return {
    provider: issuer,
    policies: fileURLToPath(new URL('policies/pair', import.meta.url)),
    targets: [{ name: 'shop', login: lab.login('guarded') }],
    // One person with two accounts.
    owners: { 'demo#second-account': ['demo#ann'] },
  }
}

export interface Council extends AsyncDisposable {
  readonly gateway: Gateway
  readonly issuer: Issuer
}

export async function openCouncil(lab: Laboratory): Promise<Council> {
  await using parts = new AsyncDisposableStack()
  const issuer = await startIssuer()
  parts.defer(() => issuer.close())
  const gateway = await startGateway(await councilOptions(lab, issuer))
  parts.defer(() => gateway.close())
  const open = parts.move()
  return { gateway, issuer, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** Each call is another token of the same person. */
export function tokenOf(issuer: Issuer, { sub, groups = ['dba'], type = 'human' }: Person): string {
  return issuer.mint(600, { sub, groups, subject_type: type })
}

export function loginAs(place: Place, issuer: Issuer, person: Person): Login {
  return { ...place, user: person.sub, password: tokenOf(issuer, person), database: 'shop' }
}

export interface Answered {
  readonly status: number
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

/** A request to an API with somebody's token, or with none. */
export async function call(
  api: Place,
  token: string | null,
  path: string,
  body?: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const response = await fetch(`http://${api.host}:${api.port}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    json: isDocument(response) ? (JSON.parse(text) as Answered['json']) : {},
  }
}

function isDocument(response: Response): boolean {
  return /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '')
}
