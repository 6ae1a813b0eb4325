import { GrantBook } from './grant-book.ts'
import type { GrantView } from './grant-view.ts'
import type { Owners } from './people.ts'
import type { Clock, EventStore, Ids, PolicyGrant } from './ports.ts'
import type { Identity, Subject } from './request.ts'

/** Who may give access to a target for a while, what, and for how long (`targets[].access`). */
export interface AccessRule {
  /** Groups one of whose members may give it. */
  readonly approvers: readonly string[]
  readonly roles: readonly string[]
  readonly maxMs: number
}

/** What somebody asks for. */
export interface Wanted {
  readonly subject: Subject
  readonly target: string
  readonly role: string
  readonly lifeMs: number
  readonly reason: string
}

export type GrantResult =
  | { readonly kind: 'accepted'; readonly grant: GrantView }
  /** It was decided already, or is over. */
  | { readonly kind: 'conflict'; readonly grant: GrantView; readonly reason: string }
  /** This person may not decide here, whatever its state. */
  | { readonly kind: 'forbidden'; readonly reason: string }
  | { readonly kind: 'unknown' }

/**
 * Access for a while, folded from the control stream of this log. Commands answer by what the fold made of their own
 * event, and throw `Refused('log_unavailable')` when the log does not take or give back their event in time. What was
 * given ends at its time by itself, also over restarts: the log need not say so.
 */
export interface Grants {
  /** Throws `Refused`: `denied` where nobody may give it, `malformed` for what may not be asked, `too_many`. */
  request(wanted: Wanted): Promise<GrantView>
  find(id: string): GrantView | undefined
  /** Oldest first; the oldest of those that are over are forgotten. */
  list(): readonly GrantView[]
  /** One person of the approvers gives it, from now on, or rejects it. Never the requester by any path. */
  decide(id: string, by: Identity, decision: 'give' | 'reject', reason: string): Promise<GrantResult>
  /** Ends it at once, or takes the request back. Never `forbidden`: who may is for the caller to check. */
  revoke(id: string, by: Subject, reason: string): Promise<GrantResult>
  /** What is valid now: frozen, and the same list until something changes. */
  of(subject: Pick<Subject, 'id' | 'on_behalf_of'>, target: string, now: number): readonly PolicyGrant[]
  /** Called after each change that the log tells, in its order; an end by time is none. */
  onChange(listener: (grant: GrantView) => void): Disposable
  /** Whether the fold follows the log. */
  readonly healthy: boolean
  /** Ends following the log; nothing is appended. */
  close(): Promise<void>
}

export interface GrantPorts {
  readonly store: Pick<EventStore, 'append' | 'read' | 'subscribe'>
  readonly clock: Clock
  readonly ids: Ids
  readonly owners: Owners
  /** `undefined`: nobody gives access to this target. */
  readonly access: (target: string) => AccessRule | undefined
  /** For the operator: what went wrong beside a caller's request. */
  readonly report: (what: string, error: unknown) => void
}

/** Folds the log's control stream, and follows. */
export async function openGrants(ports: GrantPorts): Promise<Grants> {
  const book = new GrantBook(ports)
  try {
    await book.open()
  } catch (error) {
    await book.close()
    throw error
  }
  return book
}
