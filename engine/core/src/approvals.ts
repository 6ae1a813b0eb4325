import { ApprovalBook } from './approval-book.ts'
import type { ApprovalView } from './approval-view.ts'
import type { RecordedEvent } from './events.ts'
import type { Owners } from './people.ts'
import type { Clock, EventStore, Ids } from './ports.ts'
import type { Identity, Json, Run, Subject } from './request.ts'
import type { Standing } from './standing.ts'
import type { Approval } from './verdict.ts'

/** What a held request asks people to approve. */
export interface Asked {
  /** `bindingOf` everything that the approval is bound to. */
  readonly binding: Uint8Array
  readonly subject: Subject
  readonly target: string
  readonly session: string
  readonly exchange: string
  readonly run: Run
  /** The holding rule, and what it says. */
  readonly rule: string
  readonly message: string
  readonly requirement: Approval
  /** The actions without values. */
  readonly summary: Json
  /** What an approver is shown: the statement and its parameters. Recorded sealed. */
  readonly shown: Uint8Array
}

/** Who performs what was approved: its session, its exchange, and the decision that releases it. */
export interface Performing {
  readonly session: string
  readonly exchange: string
  readonly decision: string
}

export type VoteResult =
  | { readonly kind: 'accepted'; readonly approval: ApprovalView }
  /** It is no longer pending, or this person has voted. */
  | { readonly kind: 'conflict'; readonly approval: ApprovalView; readonly reason: string }
  /** This voter may not vote here, whatever its state. */
  | { readonly kind: 'forbidden'; readonly reason: string }
  | { readonly kind: 'unknown' }

/** Never `forbidden`: who may cancel is for the caller to check. */
export type CancelResult = VoteResult

/** Why somebody who waited waits no longer. */
export type Leaving =
  /** Cancelled, disconnected, ended: with the last one who waited the approval is cancelled. */
  | 'gone'
  /** Got the pending answer and may come back: the approval stays open. */
  | 'pending'
  /** The wait is over. */
  | 'released'

/** One caller that waits for an approval. */
export interface Parked {
  /** Resolves when the approval is no longer pending, at once when it is not. Never rejects. */
  readonly settled: Promise<ApprovalView>
  /** Idempotent. Never rejects: what could not be recorded is tried again and reported. */
  leave(why: Leaving, reason: string): Promise<void>
}

/**
 * The approvals of this log, folded from its control stream. Each command appends, reads its event back, and answers
 * by what the fold made of it, so that of several writers the first in the order of the log wins. Commands throw
 * `Refused('log_unavailable')` when the log does not take or give back their event in time; nothing was done then.
 */
export interface Approvals {
  /**
   * The pending approval of this subject with this binding, or a new one once its request is durable and folded.
   * Throws `Refused`: `too_many` at a limit, `too_large` for what no approver could be shown, `log_unavailable`.
   */
  ask(asked: Asked): Promise<ApprovalView>
  find(id: string): ApprovalView | undefined
  /** Oldest first: all that are pending or approved, and the newest of those that ended. */
  list(): readonly ApprovalView[]
  /** What the approver is shown. `null`: there is no such approval any more, or its content was erased. */
  shown(id: string): Promise<Uint8Array | null>
  /** An approved one that this very request may use now: its retry, or within the approval's run or window. */
  usable(binding: Uint8Array, subject: Subject, run: Run): ApprovalView | undefined
  /** Counts a caller that waits, in this process. Throws for an id that no approval has. */
  park(id: string): Parked
  /** Whether a caller of this process waits for it on its connection; `undefined`: it was asked for in another one. */
  isWaitedFor(id: string): boolean | undefined
  /**
   * Claims an approval for one execution. `false`: somebody else was first, it ended, or too few of those who
   * approved may still do so; then the caller asks again.
   */
  consume(id: string, by: Performing): Promise<boolean>
  /** Whether somebody may call this is for the caller to check; whether they may vote here is checked here. */
  vote(id: string, voter: Identity, vote: 'approve' | 'reject', reason: string): Promise<VoteResult>
  cancel(id: string, by: Subject, reason: string): Promise<CancelResult>
  /** Ends what was asked for by a process of this gateway that is gone, and whoever waited with it. Never rejects. */
  lose(ids: readonly string[]): Promise<void>
  /** Called after each change, in the order of the log, and while it is pending when the first caller comes to wait or the last one goes. */
  onChange(listener: (approval: ApprovalView) => void): Disposable
  /** Whether the fold follows the log. */
  readonly healthy: boolean
  /** Ends following the log; nothing is appended. */
  close(): Promise<void>
}

export interface ApprovalPorts {
  /** This gateway's incarnation in the log. */
  readonly writer: string
  readonly epoch: number
  readonly store: Pick<EventStore, 'append' | 'read' | 'subscribe'>
  /** The content of an event; `null` when it was erased. */
  readonly unseal: (event: RecordedEvent) => Promise<Uint8Array | null>
  readonly clock: Clock
  readonly ids: Ids
  readonly owners: Owners
  readonly standing: Pick<Standing, 'groupsOf'>
  /** For the operator: what went wrong beside a caller's request. Never content. */
  readonly report: (what: string, error: unknown) => void
}

/**
 * Folds the log's control stream, ends what an earlier incarnation of this gateway left open, and follows. Throws
 * `Refused('log_unavailable')` when that cannot be recorded.
 */
export async function openApprovals(ports: ApprovalPorts): Promise<Approvals> {
  const book = new ApprovalBook(ports)
  try {
    await book.open()
  } catch (error) {
    await book.close()
    throw error
  }
  return book
}
