import { createHash, randomBytes } from 'node:crypto'
import { isSameSecret, refusal, Refused, type Clock, type Subject } from '@sluice/core'
import { refuse } from '../refuse.ts'
import { subjectOf } from '../subject.ts'
import { bounds } from './bounds.ts'
import { readAssertion, type SamlClaims } from './assertion.ts'
import { Effort } from './effort.ts'
import type { SamlProvider } from './provider.ts'
import { Recent } from '../recent.ts'
import { responseOf } from './response.ts'

/** Whoever starts a login: a program on the machine of the person, which listens on loopback (RFC 8252 §7.3). */
export interface LoginStart {
  readonly redirect_uri: string
  /** Comes back unchanged, so that the program knows its own login. */
  readonly state: string
  /** RFC 7636, S256: only who started the login can take its result. */
  readonly code_challenge: string
}

export interface StartedLogin {
  readonly login_url: string
  readonly expires_in: number
}

/** What a login gives, once. */
export interface LoggedIn {
  readonly subject: Subject
  /** When the provider vouched for it, and for how long; milliseconds since 1970. */
  readonly issuedAt: number
  readonly expiresAt: number
}

interface Pending extends LoginStart {
  readonly provider: string
  readonly requestId: string
}

interface Issued extends LoggedIn, Pick<LoginStart, 'code_challenge' | 'redirect_uri'> {}

/**
 * SAML web logins (Profiles 2.0 §4.1) that end at a program: begun here, answered once, handed over by a code. What is
 * under way is in the memory of this gateway: no other accepts the answer, and a restart means to begin again.
 */
export class SamlLogins {
  readonly #providers: ReadonlyMap<string, SamlProvider>
  readonly #clock: Clock
  readonly #pending: Recent<Pending>
  readonly #codes: Recent<Issued>
  readonly #effort: Effort
  /** Ids of assertions that were used, until they are too old anyway. Milliseconds since 1970. */
  readonly #used = new Map<string, number>()

  constructor(providers: readonly SamlProvider[], clock: Clock) {
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]))
    this.#clock = clock
    this.#pending = new Recent(clock, bounds.loginLifeMs, bounds.loginsMax)
    this.#codes = new Recent(clock, bounds.codeLifeMs, bounds.loginsMax)
    this.#effort = new Effort(clock)
  }

  metadata(name: string): string {
    return this.#provider(name).metadata
  }

  /** Throws `Refused`. */
  async start(name: string, login: LoginStart): Promise<StartedLogin> {
    this.#provider(name)
    checkStart(login)
    return this.startHere(name, login)
  }

  /** The same for a page of this gateway, which says itself where the result goes. */
  async startHere(name: string, login: LoginStart, again = false): Promise<StartedLogin> {
    const provider = this.#provider(name)
    const requestId = `_${randomBytes(20).toString('hex')}`
    const relayState = randomBytes(16).toString('base64url')
    this.#pending.put(relayState, { ...login, provider: name, requestId })
    const url = await provider.loginUrl(requestId, relayState, again)
    return { login_url: url, expires_in: bounds.loginLifeMs / 1000 }
  }

  /** What the provider had the browser post. Gives where the browser goes now. Throws `Refused`. */
  async finish(name: string, samlResponse: string, relayState: string): Promise<string> {
    const provider = this.#provider(name)
    // Nothing is read for whoever has not begun.
    const pending = this.#pending.get(relayState)
    if (pending === undefined || pending.provider !== name) refuseUnasked()
    const { claims, subject } = await this.#effort.of(() =>
      provider.tally
        .counting(() => this.#read(samlResponse, pending.requestId, provider))
        .catch((error: unknown) => {
          // One answer, good or bad: who has another one begins again.
          this.#pending.take(relayState)
          throw error
        }),
    )
    this.#use(`${name} ${claims.assertionId}`, claims.replayableUntil)
    if (this.#pending.take(relayState) === undefined)
      refuse('replayed', 'The assertion was used before: begin again.')
    const code = randomBytes(32).toString('base64url')
    const { code_challenge, redirect_uri, state } = pending
    const { issuedAt, expiresAt } = claims
    this.#codes.put(code, { subject, issuedAt, expiresAt, code_challenge, redirect_uri })
    const back = new URL(redirect_uri)
    back.searchParams.set('code', code)
    back.searchParams.set('state', state)
    return back.href
  }

  /** Throws `Refused`. */
  async #read(
    samlResponse: string,
    requestId: string,
    provider: SamlProvider,
  ): Promise<{ readonly claims: SamlClaims; readonly subject: Subject }> {
    const response = responseOf(samlResponse)
    const { inResponseTo, destination } = response
    if (requestId !== inResponseTo) refuseUnasked()
    if (destination !== null && destination !== provider.recipient)
      refuse('recipient', 'The assertion is for another address.')
    const { url: issuer, audience, recipient, subjectClaim, groupsClaim } = provider
    const now = this.#clock.now()
    const expected = { issuer, audience, recipient, inResponseTo, subjectClaim, groupsClaim, now }
    const claims = readAssertion(await provider.verify(response), expected)
    return { claims, subject: subjectOf(claims, provider) }
  }

  /** `undefined`: the code is none, was used, or is somebody else's; whichever, it is used up. */
  redeem(code: string, verifier: string, redirectUri: string): LoggedIn | undefined {
    const issued = this.#codes.take(code)
    if (issued === undefined || issued.redirect_uri !== redirectUri) return undefined
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    return isSameSecret(challenge, issued.code_challenge) ? issued : undefined
  }

  #provider(name: string): SamlProvider {
    const provider = this.#providers.get(name)
    if (provider !== undefined) return provider
    throw new Refused(
      refusal('target_unknown', 'identity/saml', 'There is no SAML issuer of that name here.'),
    )
  }

  #use(id: string, until: number): void {
    const now = this.#clock.now()
    for (const [used, end] of this.#used) if (end <= now) this.#used.delete(used)
    if (this.#used.has(id)) refuse('replayed', 'The assertion was used before: begin again.')
    // Only a provider can fill this, and forgetting one would let it in again.
    if (this.#used.size >= bounds.loginsMax) refuse('replayed', 'Too many logins at once: try again later.')
    this.#used.set(id, until)
  }
}

function refuseUnasked(): never {
  refuse('in_response_to', 'The assertion does not answer a login that began here: begin again.')
}

/** The result goes to a program on the machine of the browser and nowhere else, whatever a form may ask. */
function checkStart({ redirect_uri: uri, state, code_challenge: challenge }: LoginStart): void {
  const loopback = /^http:\/\/(127\.0\.0\.1|\[::1\]):[1-9]\d{0,4}(\/[A-Za-z0-9._~/-]{0,200})?$/
  if (!loopback.test(uri) || !URL.canParse(uri))
    refuse('redirect', 'redirect_uri must be http on 127.0.0.1 or [::1], with a port and without a query.')
  if (!/^[A-Za-z0-9._~-]{16,256}$/.test(state))
    refuse('redirect', 'state must be 16 to 256 characters of A-Z, a-z, 0-9 and . _ ~ -')
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge))
    refuse('redirect', 'code_challenge must be the base64url of a SHA-256 (RFC 7636, S256).')
}
