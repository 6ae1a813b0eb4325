import { createHash, randomBytes } from 'node:crypto'
import { isLoopback } from '@sluice/core/addresses'
import { clientAt } from '../client.ts'
import { hostOf } from '../config/address.ts'
import { tokenFrom } from '../token-exchange.ts'
import { concluded, type BrowserPorts } from './browser.ts'
import type { Login } from './logins.ts'
import { openLoopback } from './loopback.ts'
import { LoginRefused } from './provider.ts'

/**
 * A login at a provider of SAML, through the API of the gateway that trusts it. The code that comes back to loopback is good only
 * with the verifier of this process, and the state is its own, so nobody else's answer ends here. What it gives is a gateway token,
 * which cannot be renewed: an assertion is used once. Rejects with `LoginRefused` or `Unreachable`.
 */
export async function loginBySaml(
  issuer: string,
  gateway: string,
  { show, signal }: BrowserPorts,
): Promise<Login> {
  using loopback = await openLoopback()
  const [state, verifier] = [randomText(), randomText()]
  const begun = await clientAt(gateway, null, signal).post(
    `/v1/saml/${encodeURIComponent(issuer)}/requests`,
    {
      redirect_uri: loopback.redirect,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    },
  )
  const { login_url: url } = (await begun.json()) as { readonly login_url: string }
  if (!isForBrowsers(url))
    throw new LoginRefused('the gateway sends the browser to an address that is not https')
  const answered = loopback.answer(state, signal)
  show(url, loopback.leadingTo(url))
  const { current, tell } = await answered
  return concluded(tell, async () => {
    const answer = await tokenFrom(new URL('/v1/token', gateway).href, {
      grant_type: 'authorization_code',
      code: current.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: loopback.redirect,
    })
    const { access_token: token, expires_in: seconds = 0, subject = issuer } = answer
    return {
      issuer,
      gateway,
      client_id: '',
      scope: '',
      extra: {},
      subject,
      access_token: token,
      expires_ms: Date.now() + seconds * 1000,
      refresh_token: null,
    }
  })
}

function randomText(): string {
  return randomBytes(32).toString('base64url')
}

function isForBrowsers(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(hostOf(url)))
}
