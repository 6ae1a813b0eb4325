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
  /** A page of those that fit, in an order; `total` counts them up to ten thousand. */
  search(wanted: SessionsSought): { readonly sessions: readonly SessionRecord[]; readonly total: number }
}

/** By what sessions can be put in order. */
export const sessionSorts = [
  'opened',
  'requests',
  'denied',
  'rows',
  'bytes',
  'tokens',
  'cost_micros',
] as const
export type SessionSort = (typeof sessionSorts)[number]

export interface SessionsSought {
  readonly state?: SessionRecord['state'] | undefined
  readonly subject?: string | undefined
  readonly on_behalf_of?: string | null | undefined
  readonly target?: string | undefined
  readonly protocol?: string | undefined
  readonly run?: string | undefined
  /** In id, subject, target, application, run or address. */
  readonly text?: string | undefined
  readonly opened_since_ms?: number | undefined
  readonly opened_until_ms?: number | undefined
  readonly sort: SessionSort
  readonly order: 'ascending' | 'descending'
  /** Those behind this one: the value by which it is sorted, and its id. */
  readonly after?: { readonly value: number; readonly id: string } | undefined
  readonly last: number
}

/** Of a list that could have no end. */
export const sessionsLastMax = 1_000
