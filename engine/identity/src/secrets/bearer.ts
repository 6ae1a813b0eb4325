import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import type { Answer } from './request.ts'
import { ShortLived } from './short-lived.ts'

/** A token that a cloud gives this gateway (RFC 6750). `request`: asks for one; the answer is of RFC 6749 §5.1. */
export function bearerToken(
  request: () => Promise<Answer>,
  clock: Pick<Clock, 'monotonic'>,
): ShortLived<string> {
  const now = (): number => clock.monotonic()
  return new ShortLived(async () => {
    const { status, json } = await request()
    // Azure's metadata service writes the number as a text.
    const { access_token: token, expires_in: seconds } = json ?? {}
    if (status !== 200 || typeof token !== 'string')
      throw new SecretError(`this gateway was given no token to ask with (${status})`)
    return { value: token, untilMs: now() + (Number(seconds) > 0 ? Number(seconds) * 1_000 : 0) }
  }, now)
}

/** With the token; once more with another one where it is no longer accepted. */
export async function withBearer(
  token: ShortLived<string>,
  ask: (headers: { readonly authorization: string }) => Promise<Answer>,
): Promise<Answer> {
  const answer = await ask({ authorization: `Bearer ${await token.get()}` })
  if (answer.status !== 401) return answer
  token.forget()
  return ask({ authorization: `Bearer ${await token.get()}` })
}
