import { createHash, randomBytes } from 'node:crypto'
import { isSameSecret, refusal, Refused, type Clock } from '@sluice/core'
import { Recent } from '../recent.ts'
import { Sealed } from './sealed.ts'
import { SignInError, type Begun, type SignedIn, type SignInIssuer, type SignInProvider } from './sign-in.ts'

/** A refresh token is good once: who asks again so soon with the same one is another tab of the same browser. */
const renewedMs = 60_000
const renewalsMax = 10_000
/** From the beginning of a sign-in to its answer. */
export const signInLifeMs = 600_000
const answersMax = 10_000

/** Sign-ins of browsers at every provider that the gateway knows. */
export class SignIns {
  readonly sealed: Sealed
  readonly #providers: ReadonlyMap<string, SignInProvider>
  /** States that came back: none does so twice. */
  readonly #answered: Recent<true>
  readonly #renewals: Recent<Promise<SignedIn>>

  constructor(providers: readonly SignInProvider[], sealed: Sealed, clock: Clock) {
    this.sealed = sealed
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]))
    this.#answered = new Recent(clock, signInLifeMs, answersMax)
    this.#renewals = new Recent(clock, renewedMs, renewalsMax)
  }

  get issuers(): readonly SignInIssuer[] {
    return Array.from(this.#providers.values(), ({ name, kind, label }) => ({ name, kind, label }))
  }

  /**
   * Where the browser goes, and what it must bring back. `redirect` is one address for each issuer, so that the answer of
   * one is never taken for that of another (RFC 9700 §4.4). Rejects with `SignInError`; throws `Refused` for an unknown
   * issuer.
   */
  async begin(
    issuer: string,
    redirect: string,
    again: boolean,
  ): Promise<{ readonly url: string; readonly begun: Begun }> {
    const provider = this.#provider(issuer)
    const begun = { issuer, state: secret(), verifier: secret(), nonce: secret() }
    return { url: await provider.begin(begun, redirect, again), begun }
  }

  /** `callback`: where the browser came back to, `issuer` by its path. Rejects with `SignInError`. */
  async finish(begun: Begun, issuer: string, callback: URL): Promise<SignedIn> {
    const states = callback.searchParams.getAll('state')
    const isOurs =
      states.length === 1 && isSameSecret(states[0] ?? '', begun.state) && issuer === begun.issuer
    if (!isOurs)
      throw new SignInError(
        'expired',
        'an answer of a provider fits no sign-in of the browser that brought it',
      )
    if (this.#answered.get(begun.state) !== undefined)
      throw new SignInError('expired', 'an answer of a provider came twice')
    this.#answered.put(begun.state, true)
    return this.#provider(issuer).finish(begun, callback)
  }

  /** The next token of the same login. Rejects with `SignInError`: `refused` where the login has ended. */
  renew(issuer: string, refresh: string): Promise<SignedIn> {
    const id = createHash('sha256').update(refresh).digest('base64url')
    const known = this.#renewals.get(id)
    if (known !== undefined) return known
    const renewal = this.#provider(issuer).renew(refresh)
    this.#renewals.put(id, renewal)
    // The provider was not there: the token is still good.
    renewal.catch((error: unknown) => {
      if (error instanceof SignInError && error.problem === 'unreachable') void this.#renewals.take(id)
    })
    return renewal
  }

  revoke(issuer: string, refresh: string): Promise<void> {
    return this.#provider(issuer).revoke(refresh)
  }

  #provider(name: string): SignInProvider {
    const provider = this.#providers.get(name)
    if (provider !== undefined) return provider
    throw new Refused(
      refusal('target_unknown', 'identity/sign_in', 'Nobody signs in at an issuer of that name.'),
    )
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url')
}
