import type { SessionRecord } from './session-line.ts'

/** Sessions as the log tells of them, a little behind it. */
export interface SessionRecords {
  get(id: string): SessionRecord | undefined
  /** Newest first. */
  list(wanted: {
    readonly state?: SessionRecord['state']
    readonly subject?: string
    readonly last: number
  }): readonly SessionRecord[]
}

/** Of a list that could have no end. */
export const sessionsLastMax = 1_000
