import {
  concerns,
  limits,
  type Authenticator,
  type Clock,
  type Identity,
  type Revocation,
  type Standing,
} from '@sluice/core'

/** Who showed a proof at this gateway, as the token said. */
export interface Seen {
  readonly identity: Identity
  readonly at: number
}

export interface AcquaintancePorts {
  readonly clock: Pick<Clock, 'now'>
  /** The groups of somebody that count now. */
  readonly standing: Pick<Standing, 'groupsOf'>
}

/**
 * The people whom this gateway knows by their own tokens. Somebody else's word for who clicked (a chat's, say) becomes
 * an identity only of one of them, with what their tokens told.
 */
export class Acquaintances {
  readonly #ports: AcquaintancePorts
  readonly #seen = new Map<string, Seen>()

  constructor(ports: AcquaintancePorts) {
    this.#ports = ports
  }

  /** An authenticator by which people become known here. */
  meeting(authenticator: Authenticator): Authenticator {
    return {
      authenticate: async (proof) => {
        const identity = await authenticator.authenticate(proof)
        this.met(identity)
        return identity
      },
    }
  }

  /** Who was seen last comes first. */
  list(): readonly Seen[] {
    return [...this.#seen.values()].toReversed()
  }

  /** `through` says in the record by what they acted. `undefined`: nobody of that id was seen lately. */
  identityOf(id: string, through: string): Identity | undefined {
    const { clock, standing } = this.#ports
    const seen = this.#seen.get(id)
    const groups = standing.groupsOf(id)
    const now = clock.now()
    if (seen === undefined || groups === undefined || seen.at + limits.slackStandingMs <= now)
      return undefined
    return {
      subject: { ...seen.identity.subject, groups },
      tokenId: through,
      expiresAt: now + limits.slackWindowMs,
    }
  }

  /** Whoever was seen by what was revoked is to show another token first. */
  forget(revocation: Revocation): void {
    for (const [id, { identity }] of this.#seen) if (concerns(revocation, identity)) this.#seen.delete(id)
  }

  /** Somebody showed a token. Newest last, so that the one forgotten is who was away longest. */
  met(identity: Identity): void {
    const { id } = identity.subject
    this.#seen.delete(id)
    this.#seen.set(id, { identity, at: this.#ports.clock.now() })
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > limits.standingsMax && oldest !== undefined) this.#seen.delete(oldest)
  }
}
