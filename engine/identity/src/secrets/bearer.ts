import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import type { Answer } from './request.ts'

/** A token is not used in the last part of its life: it must not end on the way. */
const spareMs = 60_000

/** A token that a cloud gives this gateway for a while (RFC 6750): asked for when needed, by one for all. */
export class BearerToken {
  readonly #request: () => Promise<Answer>
  readonly #clock: Pick<Clock, 'monotonic'>
  #held: { readonly token: Promise<string>; untilMs: number } | undefined

  /** `request`: asks for one; the answer is of RFC 6749 §5.1. */
  constructor(request: () => Promise<Answer>, clock: Pick<Clock, 'monotonic'>) {
    this.#request = request
    this.#clock = clock
  }

  token(): Promise<string> {
    if (this.#held !== undefined && this.#clock.monotonic() < this.#held.untilMs) return this.#held.token
    const held = { token: Promise.resolve(''), untilMs: Infinity }
    held.token = this.#get((lifeMs) => (held.untilMs = this.#clock.monotonic() + lifeMs - spareMs))
    this.#held = held
    held.token.catch(() => this.#drop(held))
    return held.token
  }

  /** The last one was refused. */
  forget(): void {
    this.#held = undefined
  }

  async #get(lives: (ms: number) => void): Promise<string> {
    const { status, json } = await this.#request()
    // Azure's metadata service writes the number as a text.
    const { access_token: token, expires_in: seconds } = json ?? {}
    if (status !== 200 || typeof token !== 'string')
      throw new SecretError(`this gateway was given no token to ask with (${status})`)
    lives(Number(seconds) > 0 ? Number(seconds) * 1_000 : 0)
    return token
  }

  #drop(held: object): void {
    if (this.#held === held) this.#held = undefined
  }
}

/** With the token; once more with another one where it is no longer accepted. */
export async function withBearer(
  bearer: BearerToken,
  ask: (headers: { readonly authorization: string }) => Promise<Answer>,
): Promise<Answer> {
  const answer = await ask({ authorization: `Bearer ${await bearer.token()}` })
  if (answer.status !== 401) return answer
  bearer.forget()
  return ask({ authorization: `Bearer ${await bearer.token()}` })
}
