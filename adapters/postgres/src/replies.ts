import type { MaskCount, Shown } from '@sluice/core'

/** How an answer ended. */
export interface End {
  readonly outcome: 'completed' | 'failed' | 'skipped'
  /** SQLSTATE of a failure. */
  readonly status: string | null
}

const nothing: Uint8Array = new Uint8Array(0)
const noMasks: readonly MaskCount[] = []

/** Whole messages of one answer, in one piece of memory. Ready to be shown as it is when nothing is masked. */
export class Reply implements Shown<Reply> {
  readonly item: Reply
  readonly bytes: Uint8Array
  readonly record: Uint8Array
  readonly rows: number
  readonly masked: readonly MaskCount[]

  constructor(
    bytes: Uint8Array,
    record: Uint8Array = nothing,
    rows = 0,
    masked: readonly MaskCount[] = noMasks,
  ) {
    this.item = this
    this.bytes = bytes
    this.record = record
    this.rows = rows
    this.masked = masked
  }
}

/** The last of one answer. */
export class LastReply extends Reply {
  readonly end: End

  constructor(
    end: End,
    bytes: Uint8Array,
    record: Uint8Array = nothing,
    rows = 0,
    masked: readonly MaskCount[] = noMasks,
  ) {
    super(bytes, record, rows, masked)
    this.end = end
  }
}

export function endOf(reply: Reply): End | undefined {
  return reply instanceof LastReply ? reply.end : undefined
}
