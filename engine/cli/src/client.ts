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
  if (as !== undefined) return clientAt(base, await tokenAs(as, demo), io.signal)
  const own = await tokenOf(io, base)
  if (own !== null) return clientAt(base, own, io.signal)
  if (demo === null)
    throw new Unreachable(
      'log in with: sluice login, or set SLUICE_TOKEN (and SLUICE_URL), or start the demo with: npm start',
    )
  return saying(clientAt(base, await demoToken(demo, onlooker), io.signal), demo)
}

/** As whom the demo is read. */
const onlooker = 'erin'

/** Nobody named a person, so whoever is refused learns who asked. */
function saying(client: Client, demo: DemoState): Client {
  const others = Object.keys(demo.identity.requests).filter((name) => name !== onlooker)
  const note = `asked as ${onlooker}, who looks at the demo and changes nothing: --as is one of ${others.join(', ')}`
  const explained = async (answer: Promise<Response>): Promise<Response> => {
    try {
      return await answer
    } catch (error) {
      if (error instanceof Answered && error.status === 403)
        throw new Answered(`${error.message}\n${note}`, error.status, error.problem)
      throw error
    }
  }
  return {
    get: (path) => explained(client.get(path)),
    post: (path, body) => explained(client.post(path, body)),
    delete: (path, body) => explained(client.delete(path, body)),
  }
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

/** `null`: nobody is logged in, and no token is set. */
async function tokenOf(io: Io, base: string): Promise<string | null> {
  const token = io.env['SLUICE_TOKEN']
  if (token !== undefined) return token
  const login = await loginFor(io.env, undefined)
  if (login === null) return null
  // It opens whatever the provider says, and for longer than a token of a gateway does.
  apiUrl(base)
  return accessToken(io.env, login)
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
  throw new Answered(what, response.status, problem)
}

/** As far as RFC 9457 names it. */
interface Problem {
  readonly detail?: string
  readonly [more: string]: unknown
}

/** A gateway that does not do what it was asked, and says why. */
export class Answered extends Error {
  readonly status: number
  readonly problem: Problem
  constructor(what: string, status: number, problem: Problem) {
    super(what)
    this.status = status
    this.problem = problem
  }
}
