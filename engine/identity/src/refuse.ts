import { refusal, Refused } from '@sluice/core'

/** The token is not accepted. `message` is shown to the caller: it never echoes anything of the token. */
export function refuse(rule: string, message: string, cause?: unknown): never {
  throw new Refused(refusal('token_refused', `identity/${rule}`, message), { cause })
}

/** The token was good and its life is over. */
export function refuseExpired(): never {
  throw new Refused(
    refusal('token_expired', 'identity/expired', 'The token has expired: connect again with a new one.'),
  )
}
