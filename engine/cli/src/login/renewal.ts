import * as oidc from 'openid-client'
import { LoginEnded, type Login } from './logins.ts'
import { asked, discover, LoginRefused, loginOf } from './provider.ts'

/** The refresh token grant; the answer has the next refresh token where the provider rotates them. */
export async function renew(login: Login, name: string): Promise<Login> {
  const again =
    login.gateway === undefined
      ? `run sluice login ${name} --issuer ${login.issuer} --client-id ${login.client_id}`
      : `run sluice login ${name} --saml ${login.issuer}`
  const { refresh_token: token } = login
  if (token === null) {
    if (login.expires_ms !== null && login.expires_ms > Date.now()) return login
    const why =
      login.gateway === undefined ? 'the provider gave no refresh token' : 'SAML has nothing to renew it with'
    throw new LoginEnded(`the login at ${name} has expired, and ${why}: ${again}`)
  }
  try {
    const config = await discover(login)
    const renewed = await asked(login.issuer, () => oidc.refreshTokenGrant(config, token, login.extra))
    return loginOf(login, renewed, login)
  } catch (error) {
    if (error instanceof LoginRefused)
      throw new LoginEnded(`the login at ${name} has ended (${error.message}): ${again}`)
    // The provider is down: what is left of the token still serves.
    if (login.expires_ms !== null && login.expires_ms > Date.now()) return login
    throw error
  }
}
