import { Unreachable, type Io } from './command.ts'
import { demoState, demoToken } from './demo-state.ts'

/** The API as commands see it: `SLUICE_URL`, `SLUICE_TOKEN`, or the demo's auditor, who can look but never act. */
export interface Client {
  get(path: string): Promise<Response>
}

export async function connectApi(io: Io): Promise<Client> {
  const demo = await demoState(io.env)
  const base = io.env['SLUICE_URL'] ?? demo?.api ?? 'http://127.0.0.1:7400'
  const token = io.env['SLUICE_TOKEN'] ?? (demo === null ? undefined : await demoToken(demo, 'erin'))
  if (token === undefined)
    throw new Unreachable('set SLUICE_TOKEN (and SLUICE_URL), or start the demo with: npm start')
  return {
    get: (path) => fetchOrExplain(new URL(path, base), token, io.signal),
  }
}

async function fetchOrExplain(url: URL, token: string, signal: AbortSignal): Promise<Response> {
  let response: Response
  try {
    response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal })
  } catch (error) {
    if (signal.aborted) throw error
    throw new Unreachable(
      `no gateway answers at ${url.origin}: is it running? Start the demo with: npm start`,
    )
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => ({}))) as { detail?: string }
  throw new Error(`${url.pathname} answered ${response.status}: ${problem.detail ?? response.statusText}`)
}
