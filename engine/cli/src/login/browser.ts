import { spawn } from 'node:child_process'
import * as oidc from 'openid-client'
import { asked, discover, loginOf, type LoginTerms } from './provider.ts'
import type { Login } from './logins.ts'
import { openLoopback } from './loopback.ts'

export interface BrowserPorts {
  /** Shows a person where to go; `opened`: the same for a browser that is started, whose arguments others can read. */
  readonly show: (url: string, opened: string) => void
  readonly signal: AbortSignal
}

/**
 * Authorization code with PKCE, and the answer at a port of loopback that is open for it alone. Rejects with
 * `LoginRefused` or `Unreachable`.
 */
export async function loginByBrowser(terms: LoginTerms, { show, signal }: BrowserPorts): Promise<Login> {
  const config = await discover(terms)
  using loopback = await openLoopback()
  const verifier = oidc.randomPKCECodeVerifier()
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()]
  const url = oidc.buildAuthorizationUrl(config, {
    ...terms.extra,
    redirect_uri: loopback.redirect,
    scope: terms.scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...(terms.scope.split(' ').includes('offline_access') ? { prompt: 'consent' } : {}),
  })
  const answered = loopback.answer(state, signal)
  show(url.href, loopback.leadingTo(url.href))
  const { current, tell } = await answered
  return concluded(tell, async () => {
    const tokens = await asked(terms.issuer, () =>
      oidc.authorizationCodeGrant(
        config,
        current,
        { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
        terms.extra,
      ),
    )
    return loginOf(terms, tokens, null)
  })
}

/** What is left to do when the browser is back, and what its page says then. */
export async function concluded(tell: (words: string) => void, rest: () => Promise<Login>): Promise<Login> {
  try {
    const login = await rest()
    tell('You are logged in. Go back to your terminal.')
    return login
  } catch (error) {
    tell('This did not work. Your terminal says why.')
    throw error
  }
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
