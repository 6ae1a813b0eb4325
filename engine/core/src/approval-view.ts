import type { EventData, RecordedEvent, SubjectRecord } from './events.ts'
import type { ApprovalScope } from './verdict.ts'

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled' | 'consumed'

/** How other events cite one of the control stream: its id, and its hash in hexadecimal. */
export interface EventReference {
  readonly id: string
  readonly hash: string
}

export interface Vote {
  readonly voter: SubjectRecord
  /** Who stands behind the voter. */
  readonly people: readonly string[]
  /** The id of the token by which they voted. */
  readonly token: string
  readonly vote: 'approve' | 'reject'
  readonly reason: string
  readonly time: number
  readonly event: EventReference
}

/** One execution that an approval released. */
export interface Use {
  readonly session: string
  readonly exchange: string
  readonly decision: string
  readonly time: number
  readonly event: EventReference
}

/** One approval as the log says. Times in milliseconds since 1970. */
export interface ApprovalView {
  readonly id: string
  readonly state: ApprovalState
  readonly subject: SubjectRecord
  /** Who stands behind the subject: none of them may vote. */
  readonly people: readonly string[]
  readonly target: string
  readonly session: string
  readonly exchange: string
  readonly run: string | null
  /** Hexadecimal. */
  readonly binding: string
  readonly rule: string
  readonly message: string
  /** The actions as JSON, without values. */
  readonly summary: string
  readonly shownBytes: number
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly scope: ApprovalScope
  readonly requestedAt: number
  readonly expiresAt: number
  /** One of each person, in the order of the log. */
  readonly votes: readonly Vote[]
  readonly uses: readonly Use[]
  /** When it ended, by whom (a subject id, or `gateway`) and why. */
  readonly ended: { readonly time: number; readonly by: string; readonly reason: string } | null
  /** The incarnation that asked; the approval does not outlive it. */
  readonly writer: string
  readonly epoch: number
  readonly requested: EventReference
}

type ApprovalEventType =
  | 'ApprovalRequested'
  | 'ApprovalGranted'
  | 'ApprovalRejected'
  | 'ApprovalExpired'
  | 'ApprovalCancelled'
  | 'ApprovalConsumed'

/** An event of an approval's life before it is recorded: what a command wants. */
export type ApprovalBody = {
  readonly [T in ApprovalEventType]: { readonly type: T; readonly data: EventData[T] }
}[ApprovalEventType]

/** What the fold needs of the recorded one. */
export type ApprovalEvent = ApprovalBody & Pick<RecordedEvent, 'id' | 'hash' | 'time' | 'writer' | 'epoch'>
