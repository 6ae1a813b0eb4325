/** What somebody who keeps secrets gave out. */
export interface Fetched {
  /** A text, or several values under names. */
  readonly content: string | Readonly<Record<string, unknown>>
  /** Whether it is still good as far as its keeper said: not once its lease is over. */
  readonly live: () => boolean
  /** Another one is in its place: what was lent is kept alive no longer, and ends by itself. */
  readonly leave?: () => void
}

/**
 * Keeps secrets outside this machine. Every call ends within a bounded time, and rejects with a `SecretError` that
 * says why and repeats nothing of what was sent or answered.
 */
export interface SecretManager {
  /** Asks anew. */
  fetch(path: string): Promise<Fetched>
  /** Gives back what was lent. Never rejects. */
  close(): Promise<void>
}

/** Of what has no lease: whoever uses it finds out when it is no longer good. */
export const always = (): boolean => true
