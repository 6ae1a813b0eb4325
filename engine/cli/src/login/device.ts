import * as oidc from 'openid-client'
import { printable } from '../printable.ts'
import { asked, discover, loginOf, LoginRefused, type LoginTerms } from './provider.ts'
import type { Login } from './logins.ts'

export interface DevicePorts {
  /** Shows a person where to go, and the code that must stand there. */
  readonly show: (url: string, code: string) => void
  readonly signal: AbortSignal
}

/**
 * For a machine without a browser (RFC 8628): a person confirms a code on another one, and the provider is asked as often
 * as it says. Rejects with `LoginRefused` or `Unreachable`.
 */
export async function loginByDevice(terms: LoginTerms, { show, signal }: DevicePorts): Promise<Login> {
  const config = await discover(terms)
  if (config.serverMetadata().device_authorization_endpoint === undefined)
    throw new LoginRefused(`${terms.issuer} has no login by device: leave --device out`)
  const device = await asked(terms.issuer, () =>
    oidc.initiateDeviceAuthorization(config, { ...terms.extra, scope: terms.scope }),
  )
  show(printable(device.verification_uri_complete ?? device.verification_uri), printable(device.user_code))
  const late = AbortSignal.timeout(device.expires_in * 1000)
  const tokens = await asked(terms.issuer, () =>
    oidc.pollDeviceAuthorizationGrant(config, device, terms.extra, {
      signal: AbortSignal.any([signal, late]),
    }),
  ).catch((error: unknown) => {
    if (late.aborted)
      throw new LoginRefused('nobody confirmed the code in time: run sluice login --device again', {
        cause: error,
      })
    throw error
  })
  return loginOf(terms, tokens, null)
}
