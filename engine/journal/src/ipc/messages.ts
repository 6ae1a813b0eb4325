import type { AppendOptions, Position, RecordedEvent, StoreError, Unit } from '@sluice/core'

/** What a process without a log asks of the one that has it. Each question has a number of its own. */
export type StoreRequest =
  | { readonly kind: 'append'; readonly id: number; readonly unit: Unit; readonly options: AppendOptions }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly after: Position | undefined
      readonly stream: string | undefined
      /** Goes on with what comes. */
      readonly follows: boolean
    }
  /** So many events of a read were taken. */
  | { readonly kind: 'taken'; readonly id: number; readonly events: number }
  /** The reader has left. */
  | { readonly kind: 'left'; readonly id: number }
  /** No more is appended, and who follows is given only what is there. */
  | { readonly kind: 'close' }

export type StoreReply =
  | {
      readonly kind: 'appended'
      readonly id: number
      readonly position: Position
      readonly state: StoreState
    }
  | { readonly kind: 'refused'; readonly id: number; readonly failure: Failure; readonly state: StoreState }
  | { readonly kind: 'event'; readonly id: number; readonly event: RecordedEvent }
  | { readonly kind: 'read'; readonly id: number; readonly failure: Failure | null }
  | { readonly kind: 'state'; readonly state: StoreState }

export interface StoreState {
  readonly healthy: boolean
  /** Until then effects may be performed, in milliseconds of the machine's own clock (`sinceBootMs`). */
  readonly liveUntilMs: number
}

/** An error as it passes between processes. */
export interface Failure {
  readonly message: string
  /** Of a `StoreError`. */
  readonly reason: StoreError['reason'] | null
  /** A position that no such log gave out. */
  readonly range: boolean
}

/** Events of one read that may be under way; who reads says when it has taken half of them. */
export const eventsAheadMax = 64

/** Milliseconds of a clock that all processes of one machine read alike; it never steps back. */
export function sinceBootMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
