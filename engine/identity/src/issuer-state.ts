import { Refused, type Clock } from '@sluice/core'

/** Keys by which an issuer's tokens are checked. Times in milliseconds since 1970. */
export interface KeysState {
  /** When they were read last with success; `null`: nobody needed them yet. */
  readonly readMs: number | null
  readonly count: number
  /** Why the last attempt to read them failed; `null`: it did not. */
  readonly trouble: string | null
}

/** An issuer as this gateway has known it since its start. */
export interface IssuerState {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  /** What its tokens call it. */
  readonly issuer: string
  readonly audience: string
  /** Claim that groups are read from; `null`: they come from mappings alone. */
  readonly groupsClaim: string | null
  readonly mappings: number
  /** Whether people sign in there at the console. */
  readonly console: boolean
  /** `null`: its keys are in the configuration. */
  readonly keys: KeysState | null
  readonly tally: Tallied
}

export interface Tallied {
  /** Of its own: what a gateway token says for it later is not asked of it. */
  readonly accepted: number
  readonly acceptedMs: number | null
  /** Of those that say they are of it. */
  readonly refused: number
  /** The latest, by the closed name of its reason. */
  readonly lastRefusal: { readonly atMs: number; readonly rule: string } | null
  /** By reason, most first. */
  readonly reasons: readonly (readonly [string, number])[]
}

/** Counts what became of the tokens and assertions of one issuer. */
export class IssuerTally {
  readonly #clock: Pick<Clock, 'now'>
  #accepted = 0
  #acceptedMs: number | null = null
  #refused = 0
  #lastRefusal: Tallied['lastRefusal'] = null
  /** Rules are a closed list. */
  readonly #reasons = new Map<string, number>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  get state(): Tallied {
    return {
      accepted: this.#accepted,
      acceptedMs: this.#acceptedMs,
      refused: this.#refused,
      lastRefusal: this.#lastRefusal,
      reasons: [...this.#reasons].toSorted(([, one], [, two]) => two - one),
    }
  }

  /** Rejects as the work does. */
  async counting<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work()
      this.#accepted += 1
      this.#acceptedMs = this.#clock.now()
      return result
    } catch (error) {
      const rule = error instanceof Refused ? error.refusal.rule : 'identity/failed'
      this.#refused += 1
      this.#lastRefusal = { atMs: this.#clock.now(), rule }
      this.#reasons.set(rule, (this.#reasons.get(rule) ?? 0) + 1)
      throw error
    }
  }
}
