import { apiOf, apiUrl } from './api-url.ts'
import { Unreachable, type Io } from './command.ts'
import { accessToken, loginFor } from './login/access-token.ts'
import { demoState, demoToken, type DemoState } from './demo-state.ts'

/** The API as commands see it: `SLUICE_URL`, `SLUICE_TOKEN`, who logged in, or the demo's auditor, who can look but never act. */
export interface Client {
  get(path: string): Promise<Response>
  /** Sends `body` as JSON. */
  post(path: string, body: object): Promise<Response>
  delete(path: string, body: object): Promise<Response>
}

/** `as`: a subject of the demo, whatever token the environment holds. */
export async function connectApi(io: Io, as?: string): Promise<Client> {
  const demo = await demoState(io.env)
  const base = apiOf(io.env, demo)
  return clientAt(base, as === undefined ? await tokenOf(io, demo, base) : await tokenAs(as, demo), io.signal)
}

/** `null`: without a token. */
export function clientAt(base: string, token: string | null, signal: AbortSignal): Client {
  const headers: Readonly<Record<string, string>> = token === null ? {} : { authorization: `Bearer ${token}` }
  const send = (method: string, path: string, body: object): Promise<Response> =>
    fetchOrExplain(new URL(path, base), {
      method,
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
  return {
    get: (path) => fetchOrExplain(new URL(path, base), { headers, signal }),
    post: (path, body) => send('POST', path, body),
    delete: (path, body) => send('DELETE', path, body),
  }
}

async function tokenOf(io: Io, demo: DemoState | null, base: string): Promise<string> {
  const token = io.env['SLUICE_TOKEN']
  if (token !== undefined) return token
  const login = await loginFor(io.env, undefined)
  if (login !== null) {
    // It opens whatever the provider says, and for longer than a token of a gateway does.
    apiUrl(base)
    return accessToken(io.env, login)
  }
  if (demo !== null) return demoToken(demo, 'erin')
  throw new Unreachable(
    'log in with: sluice login, or set SLUICE_TOKEN (and SLUICE_URL), or start the demo with: npm start',
  )
}

function tokenAs(name: string, demo: DemoState | null): Promise<string> {
  if (demo === null)
    throw new Unreachable('--as is for the demo, and none was started here: run npm start first')
  return demoToken(demo, name)
}

async function fetchOrExplain(
  url: URL,
  request: RequestInit & { readonly signal: AbortSignal },
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, request)
  } catch (error) {
    if (request.signal.aborted) throw error
    throw new Unreachable(
      `no gateway answers at ${url.origin}: is it running? Start the demo with: npm start`,
    )
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => ({}))) as Problem
  const what = `${url.pathname} answered ${response.status}: ${problem.detail ?? response.statusText}`
  throw new Answered(what, problem)
}

/** As far as RFC 9457 names it. */
interface Problem {
  readonly detail?: string
  readonly [more: string]: unknown
}

/** A gateway that does not do what it was asked, and says why. */
export class Answered extends Error {
  readonly problem: Problem
  constructor(what: string, problem: Problem) {
    super(what)
    this.problem = problem
  }
}
