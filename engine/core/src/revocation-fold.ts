import type { RecordedEvent } from './events.ts'
import type { Identity } from './request.ts'
import {
  concerns,
  subjectRevocation,
  tokenRevocation,
  type Revocation,
  type SubjectRevocation,
  type TokenRevocation,
} from './revocation.ts'

/** The revocations that may still concern a token, as the control stream tells. No effects; it never asks for the time. */
export class RevocationFold {
  readonly #tokens = new Map<string, TokenRevocation>()
  /** The same, by how tokens name what they were made from. */
  readonly #sources = new Map<string, TokenRevocation>()
  /** The latest of each. */
  readonly #subjects = new Map<string, SubjectRevocation>()

  get tokens(): number {
    return this.#tokens.size
  }

  /** How many of them one subject revoked. */
  tokensBy(subject: string): number {
    return [...this.#tokens.values()].filter(({ by }) => by === subject).length
  }

  /** What the event revoked, where that can still matter. */
  apply(event: RecordedEvent, now: number): Revocation | undefined {
    const revocation = revocationOf(event)
    return revocation === undefined ? undefined : this.put(revocation, now)
  }

  /** The same of what another fold of the same log has. */
  put(revocation: Revocation, now: number): Revocation | undefined {
    if (revocation.until <= now) return undefined
    if (revocation.kind === 'token') {
      this.#tokens.set(revocation.token, revocation)
      this.#sources.set(revocation.fingerprint, revocation)
      return revocation
    }
    const known = this.#subjects.get(revocation.subject)
    // A gateway whose clock is behind takes nothing of that back which another one said.
    if (known !== undefined && known.issuedUpTo >= revocation.issuedUpTo) return known
    this.#subjects.set(revocation.subject, revocation)
    return revocation
  }

  /** Why this identity counts no more; `undefined`: it does. */
  of(identity: Identity): Revocation | undefined {
    if (this.#tokens.size + this.#subjects.size === 0) return undefined
    const { subject, tokenId, madeFrom = [] } = identity
    const found = [
      this.#tokens.get(tokenId),
      ...madeFrom.map((source) => this.#sources.get(source)),
      this.#subjects.get(subject.id),
      subject.on_behalf_of === null ? undefined : this.#subjects.get(subject.on_behalf_of),
    ]
    return found.find((revocation) => revocation !== undefined && concerns(revocation, identity))
  }

  all(): readonly Revocation[] {
    return [...this.#tokens.values(), ...this.#subjects.values()].toSorted((a, b) => a.at - b.at)
  }

  /** What no good token can be concerned by. */
  forget(now: number): void {
    for (const { token, fingerprint, until } of this.#tokens.values()) {
      if (until > now) continue
      this.#tokens.delete(token)
      this.#sources.delete(fingerprint)
    }
    for (const { subject, until } of this.#subjects.values()) if (until <= now) this.#subjects.delete(subject)
  }
}

/** `undefined` for an event that revokes nothing. */
export function revocationOf(event: RecordedEvent): Revocation | undefined {
  switch (event.type) {
    case 'TokenRevoked':
      return tokenRevocation(event.data, event.time)
    case 'SubjectRevoked':
      return subjectRevocation(event.data, event.time)
    default:
      return undefined
  }
}
