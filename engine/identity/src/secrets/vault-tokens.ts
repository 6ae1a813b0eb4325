import type { Clock } from '@sluice/core'
import { SecretError } from './reference.ts'
import { within, type Answer } from './request.ts'
import type { AskVault } from './vault.ts'

/** How this gateway shows Vault who it is. What is read is read anew for each login. */
export type VaultAuth =
  /** A file that somebody else keeps fresh, such as Vault's own agent. */
  | { readonly kind: 'token'; readonly token: () => Promise<string> }
  | {
      readonly kind: 'approle'
      readonly mount: string
      readonly roleId: string
      readonly secretId: () => Promise<string>
    }
  | {
      readonly kind: 'kubernetes'
      readonly mount: string
      readonly role: string
      /** The pod's service account token. */
      readonly jwt: () => Promise<string>
    }

export interface HeldToken {
  readonly headers: Readonly<Record<string, string>>
  /** Whether it is good as far as is known. */
  readonly live: boolean
}

/** What Vault gives is renewed once this part of its life is over, which leaves time for some more attempts. */
export const renewedAfter: number = 2 / 3
const spareMsMax = 10_000

/** The last part of a life, in which nothing new begins: it must not end on the way. */
export function spareOf(lifeMs: number): number {
  return Math.min(spareMsMax, lifeMs / 10)
}

/** The token of Vault that this gateway acts with: got when it is needed, renewed while it can be, then got again. */
export class VaultTokens {
  readonly #auth: VaultAuth
  readonly #ask: AskVault
  readonly #clock: Clock
  /** Those in use: what one of them took ends with it. */
  readonly #all = new Set<Token>()
  #held: Promise<Token> | undefined

  constructor(auth: VaultAuth, ask: AskVault, clock: Clock) {
    this.#auth = auth
    this.#ask = ask
    this.#clock = clock
  }

  async token(): Promise<HeldToken> {
    const held = this.#held
    if (held !== undefined) {
      const token = await held
      if (token.live) return token
      // Of several who find that it is over, the first logs in.
      if (this.#held !== held) return this.token()
    }
    const getting = this.#logIn()
    this.#held = getting
    getting.catch(() => {
      if (this.#held === getting) this.#held = undefined
    })
    return getting
  }

  /**
   * Whether `attempt`, which was refused with `refused`, is not refused with a token got anew. Where it is not, that is
   * the token from now on; otherwise it is given back.
   */
  async withAnother<Result>(
    refused: HeldToken,
    attempt: (by: HeldToken) => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    const token = await this.#logIn()
    const result =
      token.headers['x-vault-token'] === refused.headers['x-vault-token'] ? undefined : await attempt(token)
    if (result === undefined) await this.#giveBack(token)
    else this.#held = Promise.resolve(token)
    return result
  }

  /** The tokens of this gateway's own end here, and with them whatever they took. Never rejects. */
  async close(): Promise<void> {
    await Promise.all([...this.#all].map((token) => this.#giveBack(token)))
  }

  async #giveBack(token: Token): Promise<void> {
    this.#all.delete(token)
    token.forget()
    if (this.#auth.kind === 'token') return
    await this.#ask('auth/token/revoke-self', { method: 'POST', headers: token.headers }).catch(() => {})
  }

  async #logIn(): Promise<Token> {
    const auth = this.#auth
    if (auth.kind === 'token') return this.#own(await auth.token(), null)
    const shown =
      auth.kind === 'approle'
        ? { role_id: auth.roleId, secret_id: await auth.secretId() }
        : { role: auth.role, jwt: await auth.jwt() }
    const answer = await this.#ask(`auth/${auth.mount}/login`, { method: 'POST', body: shown })
    const given = within(answer.json, 'auth')
    const { client_token: text } = given
    if (answer.status !== 200 || typeof text !== 'string') throw new SecretError(notLetIn(auth, answer))
    return this.#own(text, given)
  }

  #own(text: string, given: Readonly<Record<string, unknown>> | null): Token {
    const token = new Token(text, given, this.#ask, this.#clock)
    this.#all.add(token)
    return token
  }
}

function notLetIn({ kind }: VaultAuth, { status }: Answer): string {
  return `Vault does not let this gateway in by ${kind} (${status})`
}

class Token implements HeldToken {
  readonly headers: Readonly<Record<string, string>>
  readonly #ask: AskVault
  readonly #clock: Clock
  /** Monotonic. */
  #untilMs = Infinity
  #timer: Disposable | undefined

  /** `given`: what Vault said of its life; `null`: it is in other hands. */
  constructor(text: string, given: Readonly<Record<string, unknown>> | null, ask: AskVault, clock: Clock) {
    this.headers = { 'x-vault-token': text }
    this.#ask = ask
    this.#clock = clock
    if (given !== null) this.#goesOn(given)
  }

  get live(): boolean {
    return this.#clock.monotonic() < this.#untilMs
  }

  forget(): void {
    this.#untilMs = -Infinity
    this.#timer?.[Symbol.dispose]()
  }

  #goesOn({ lease_duration: seconds, renewable }: Readonly<Record<string, unknown>>): void {
    // Zero is the life of a token that does not end.
    const lifeMs = typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : Infinity
    this.#untilMs = this.#clock.monotonic() + lifeMs - spareOf(lifeMs)
    if (renewable !== true || lifeMs === Infinity) return
    this.#timer = this.#clock.after(lifeMs * renewedAfter, () => void this.#renew())
  }

  /** Where it cannot be renewed, the next who needs one logs in again. */
  async #renew(): Promise<void> {
    const answer = await this.#ask('auth/token/renew-self', { method: 'POST', headers: this.headers }).catch(
      () => undefined,
    )
    if (answer?.status === 200 && this.live) this.#goesOn(within(answer.json, 'auth'))
    // It was revoked, and what it took is gone.
    if (answer?.status === 403) this.forget()
  }
}
