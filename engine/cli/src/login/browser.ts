import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import * as oidc from 'openid-client'
import { asked, discover, LoginRefused, loginOf, type LoginTerms } from './provider.ts'
import type { Login } from './logins.ts'

export interface BrowserPorts {
  /** Shows a person where to go. */
  readonly show: (url: string) => void
  readonly signal: AbortSignal
}

/** A person finds their password within this. */
const waitMs = 300_000
const path = '/callback'

/**
 * Authorization code with PKCE, and the answer at a port of loopback that is open for it alone (RFC 8252 §7.3). Rejects
 * with `LoginRefused` or `Unreachable`.
 */
export async function loginByBrowser(terms: LoginTerms, { show, signal }: BrowserPorts): Promise<Login> {
  const config = await discover(terms)
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const redirect = `http://127.0.0.1:${portOf(server)}${path}`
  try {
    const verifier = oidc.randomPKCECodeVerifier()
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
    const url = oidc.buildAuthorizationUrl(config, {
      ...terms.extra,
      redirect_uri: redirect,
      scope: terms.scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...(terms.scope.split(' ').includes('offline_access') ? { prompt: 'consent' } : {}),
    })
    const answered = answer(server, redirect, state, signal)
    show(url.href)
    const { current, tell } = await answered
    try {
      const tokens = await asked(terms.issuer, () =>
        oidc.authorizationCodeGrant(
          config,
          current,
          { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
          terms.extra,
        ),
      )
      const login = loginOf(terms, tokens, null)
      tell('You are logged in. Go back to your terminal.')
      return login
    } catch (error) {
      tell('This did not work. Your terminal says why.')
      throw error
    }
  } finally {
    server.close()
    server.closeIdleConnections()
  }
}

interface Answered {
  /** Where the browser was sent, with what the provider says. */
  readonly current: URL
  readonly tell: (words: string) => void
}

/** The first request that knows our state. Whoever does not has nothing to do with this login, and ends nothing. */
function answer(server: Server, redirect: string, state: string, signal: AbortSignal): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(waitMs)])
  const late = (): void =>
    reject(new LoginRefused('nobody logged in within five minutes: run sluice login again'))
  if (giveUp.aborted) late()
  else giveUp.addEventListener('abort', late, { once: true })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const current = new URL(request.url ?? '/', redirect)
    const ours =
      request.method === 'GET' && current.pathname === path && current.origin === new URL(redirect).origin
    if (!ours || request.headers.host !== current.host) return page(response, 404, 'There is nothing here.')
    const states = current.searchParams.getAll('state')
    if (states.length !== 1 || states[0] !== state)
      return page(response, 400, 'This is not the answer to a login that was begun here.')
    resolve({ current, tell: (words) => page(response, 200, words) })
  })
  return promise
}

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

/** The person's own browser, if there is one; the URL was shown anyway. */
export function openBrowser(url: string): void {
  const [opener, ...args] =
    process.platform === 'darwin'
      ? ['open']
      : process.platform === 'win32'
        ? ['rundll32', 'url.dll,FileProtocolHandler']
        : ['xdg-open']
  const child = spawn(opener ?? 'xdg-open', [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}
