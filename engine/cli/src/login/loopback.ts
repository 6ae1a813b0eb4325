import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { LoginRefused } from './provider.ts'

/** A person finds their password within this. */
const waitMs = 300_000
const path = '/callback'

/** A port of loopback that is open for one login (RFC 8252 §7.3). */
export interface Loopback extends Disposable {
  /** Where the browser is to be sent with the answer. */
  readonly redirect: string
  /** The first request that knows our state. Whoever does not has nothing to do with this login, and ends nothing. */
  answer(state: string, signal: AbortSignal): Promise<Answered>
  /**
   * An address here that leads to another one, once. It is for the arguments of programs, which other people of the machine can
   * read: by it nobody learns what identifies the login without ending it.
   */
  leadingTo(url: string): string
}

export interface Answered {
  /** Where the browser was sent, with what the provider says. */
  readonly current: URL
  readonly tell: (words: string) => void
}

export async function openLoopback(): Promise<Loopback> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${portOf(server)}`
  const answered = Promise.withResolvers<Answered>()
  // Nobody may be waiting for it yet.
  answered.promise.catch(() => {})
  let expected: string | undefined
  let lead: { readonly path: string; readonly url: string; used: boolean } | undefined

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const current = URL.canParse(request.url ?? '', origin) ? new URL(request.url ?? '', origin) : null
    if (request.method !== 'GET' || current?.origin !== origin || request.headers.host !== current.host)
      return page(response, 404, nothing)
    if (current.pathname === lead?.path) {
      if (lead.used) {
        answered.reject(new LoginRefused(openedTwice))
        return page(response, 410, openedTwice)
      }
      lead.used = true
      response.setHeader('location', lead.url)
      return page(response, 302, 'Log in there.')
    }
    if (current.pathname !== path) return page(response, 404, nothing)
    const states = current.searchParams.getAll('state')
    if (expected === undefined || states.length !== 1 || states[0] !== expected)
      return page(response, 400, 'This is not the answer to a login that was begun here.')
    answered.resolve({ current, tell: (words) => page(response, 200, words) })
  })

  return {
    redirect: `${origin}${path}`,
    answer(state, signal) {
      expected = state
      const giveUp = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
      const late = (): void => answered.reject(new LoginRefused(tooLate))
      if (giveUp.aborted) late()
      else giveUp.addEventListener('abort', late, { once: true })
      return answered.promise
    },
    leadingTo(url) {
      lead = { path: `/${randomBytes(24).toString('base64url')}`, url, used: false }
      return `${origin}${lead.path}`
    },
    [Symbol.dispose]() {
      server.close()
      server.closeIdleConnections()
    },
  }
}

const nothing = 'There is nothing here.'
const tooLate = 'nobody logged in within five minutes: run sluice login again'
const openedTwice =
  'the address of this login was opened twice, so somebody else may have it: nothing was kept. Run sluice login again'

function page(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    connection: 'close',
  })
  response.end(`${words}\n`)
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return address.port
}
