import type { ApprovalState, ApprovalView, RecordedEvent } from '@sluice/core'
import type { Concerning } from './approval-sight.ts'

/** An approval that ended, as the log tells of it. */
export interface ApprovalRecord {
  readonly view: ApprovalView
  /** What asked for it, with the sealed content. */
  readonly request: RecordedEvent
}

export interface ApprovalsWanted {
  readonly state?: ApprovalState | undefined
  /** Subject id of who asked. */
  readonly subject?: string | undefined
  readonly target?: string | undefined
  /** When it was asked for. */
  readonly since_ms?: number | undefined
  readonly until_ms?: number | undefined
  /** Those that were asked for before this one. */
  readonly before?: string | undefined
  readonly last: number
}

/** Approvals of all gateways that ended, a little behind the log. What is live is the book's to tell. */
export interface ApprovalRecords {
  get(id: string): ApprovalRecord | undefined
  /** Newest first. */
  search(wanted: ApprovalsWanted & { readonly concerning: Concerning | null }): readonly ApprovalRecord[]
}
