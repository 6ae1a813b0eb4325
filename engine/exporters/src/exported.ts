import type { Action, EventData, RecordedEvent, SubjectRecord } from '@sluice/core'

/** An event of a type that this version knows. Its content stays where it is, sealed as it may be. */
export type ExportableEvent = Uncovered<RecordedEvent>
type Uncovered<E> = E extends { readonly type: 'Unknown' }
  ? never
  : E extends unknown
    ? Omit<E, 'sealed'>
    : never

/** What a line about something in a session says of that session, as of that line. */
export interface SessionContext {
  readonly id: string
  readonly gateway: string
  readonly target: string
  readonly protocol: string
  /** As the newest token of the session names it. */
  readonly subject: SubjectRecord
  /** Of the target. */
  readonly labels: Readonly<Record<string, string>>
  readonly client_ip: string
  readonly application: string | null
  readonly opened_ms: number
}

/** What was asked and decided so far of one exchange, as of a line about it. */
export interface ExchangeContext {
  readonly id: string
  readonly received_ms: number
  /** Without literals and parameters. */
  readonly actions: readonly Action[]
  /** SHA-256 of the exact bytes. */
  readonly digest: string
  readonly bytes: number
  /** The newest one; `null` before it. */
  readonly decision: (EventData['DecisionMade'] & { readonly event: string }) | null
}

/**
 * One event of the log, joined with what came before it in its own stream. Only that: streams may be read side by
 * side, and the same event must give the same line whenever and wherever it is exported.
 */
export interface ExportedEvent {
  readonly event: ExportableEvent
  /** Of events of a session; `null` for those of the control stream and of a gateway's own. */
  readonly session: SessionContext | null
  /** Of events that name an exchange, in the session's stream. */
  readonly exchange: ExchangeContext | null
  /** Of votes and ends in the control stream: what they are about. */
  readonly approval: EventData['ApprovalRequested'] | null
  readonly grant: EventData['GrantRequested'] | null
}
