import type { AgentEventData } from './agent-events.ts'
import type {
  CountedDenials,
  GrantVoteRecord,
  HeadRecord,
  MaskCount,
  MintedPasswordRecord,
  RefusedLogins,
  RemovedSegments,
  RequestedGrant,
  RevokedSubject,
  RevokedToken,
  SubjectRecord,
  VoteRecord,
} from './event-parts.ts'
import type { Position } from './ports.ts'
import type { Usage } from './usage.ts'
import type { ApprovalScope } from './verdict.ts'

/**
 * What Sluice writes down. The wire form is Avro (`schemas/events/*.avsc`); `schemas` generates the same types
 * from it and the journal asserts that both agree. Content (literals, parameters, answers) is only in `sealed`.
 */

export * from './event-parts.ts'

export interface EventData extends AgentEventData {
  readonly SessionOpened: {
    readonly session: string
    readonly gateway: string
    readonly target: string
    readonly protocol: string
    readonly subject: SubjectRecord
    /** Claims that policies could read, as JSON. */
    readonly claims: string
    readonly labels: string
    readonly token_id: string
    readonly token_expires_ms: number
    readonly client_ip: string
    readonly application: string | null
  }
  /** A fresh token of the same subject: later exchanges are judged with it. */
  readonly SessionExtended: {
    readonly session: string
    readonly subject: SubjectRecord
    readonly claims: string
    readonly token_id: string
    readonly token_expires_ms: number
  }
  readonly AuthenticationFailed: {
    readonly protocol: string
    readonly target: string
    readonly client_ip: string
    readonly code: string
    readonly reason: string
  }
  /** Beyond what is recorded of refused logins one by one. */
  readonly LoginsRefused: RefusedLogins
  readonly RequestReceived: {
    readonly session: string
    readonly exchange: string
    /** The actions as JSON, without literals and parameters. */
    readonly actions: string
    /** SHA-256 of the exact bytes in `sealed`. */
    readonly digest: string
    readonly bytes: number
  }
  readonly DecisionMade: {
    readonly session: string
    readonly exchange: string
    readonly decision: string
    readonly effect: 'allow' | 'deny' | 'hold'
    /** The verdict as JSON, one per action. */
    readonly verdicts: string
    readonly rule: string
    readonly revision: string
    /** The part of the policy input that is not in other events: time, facts, approvals and grants. */
    readonly now_ms: number
    readonly facts: string
    /** The approvals by which it was judged, as JSON. */
    readonly approvals: string
    /** The grants of the subject by which it was judged, as JSON. */
    readonly grants: string
  }
  /** Beyond what is recorded of denials one by one. */
  readonly DenialsCounted: CountedDenials
  /** An allowing verdict that people must hear of at once; durable before the effect. In the control stream. */
  readonly AlarmRaised: {
    readonly session: string
    readonly exchange: string
    readonly decision: string
    readonly subject: string
    readonly target: string
    /** The rules that raised it. */
    readonly alarm: string
    /** The actions as JSON, without literals and parameters. */
    readonly actions: string
  }
  readonly ExchangeAbandoned: {
    readonly session: string
    readonly exchange: string
    readonly reason: string
  }
  readonly ResponseCompleted: {
    readonly session: string
    readonly exchange: string
    readonly outcome: 'completed' | 'failed' | 'cut' | 'skipped'
    /** The target's own status of a failure, e.g. SQLSTATE. */
    readonly status: string | null
    readonly rows: number
    readonly bytes: number
    readonly masked: readonly MaskCount[]
    /** RecordingChunk events that hold the answer before what is in `sealed`. */
    readonly chunks: number
    readonly micros: number
    readonly usage: Usage | null
  }
  readonly RecordingChunk: {
    readonly session: string
    readonly exchange: string
    readonly direction: 'request' | 'response'
    readonly index: number
    readonly bytes: number
  }
  readonly SessionClosed: {
    readonly session: string
    readonly reason: string
    readonly requests: number
    readonly denied: number
    readonly rows: number
    readonly bytes: number
  }
  readonly PolicyActivated: {
    readonly revision: string
    readonly compiler: string
    /** The sources and data as JSON {file: text}: what-if and replay need the bundle for ever. */
    readonly bundle: string
    readonly by: string
    readonly reason: string
  }
  readonly PolicyRejected: {
    readonly errors: string
    readonly by: string
  }
  readonly PolicyFollowed: {
    readonly revision: string
  }
  readonly TargetRegistered: {
    readonly name: string
    readonly protocol: string
    readonly address: string
    readonly labels: string
    readonly settings: string
    readonly by: string
    readonly entry: string | null
  }
  readonly TargetRemoved: {
    readonly name: string
    readonly by: string
  }
  readonly LogRecovered: { readonly segment: string; readonly dropped_bytes: number }
  readonly GatewayLost: {
    readonly writer: string
    readonly epoch: number
    /** How often whoever says so knew it to have resumed; one that has resumed more often is not lost. */
    readonly resumes: number
  }
  /** An incarnation begins to write to a log that others write as well. */
  readonly GatewayJoined: {
    readonly writer: string
    readonly epoch: number
    /** Of its signatures, hexadecimal; all gateways of a log have the same. */
    readonly public_key: string
  }
  /** It ended as it should. */
  readonly GatewayLeft: {
    readonly writer: string
    readonly epoch: number
  }
  /** It could not reach the log for longer than its lease, and goes on unless it was declared lost before this. */
  readonly GatewayResumed: {
    readonly writer: string
    readonly epoch: number
  }
  /** Content was made unreadable for good; the events stay, and their chains. */
  readonly KeyErased: {
    /** Ids of the data keys. */
    readonly keys: readonly number[]
    /** What was to be erased, e.g. `subject=…`. */
    readonly selector: string
    /** A subject id, or `retention`. */
    readonly by: string
    readonly reason: string
    /** Legal holds of which who erases knew that they were placed; where more stand before it, it erases nothing. */
    readonly holds: number
  }
  /** The oldest segments of an embedded log were removed, but for their events of the control stream. */
  readonly SegmentsRemoved: RemovedSegments
  /** From now on brokers remove what is older from a topic, `audit` or `bodies`; -1: nothing. */
  readonly TopicRetentionSet: { readonly topic: string; readonly retention_ms: number }
  /** What is recorded of the sessions that it selects must stay. */
  readonly LegalHoldPlaced: {
    readonly hold: string
    /** `session=…`, `subject=…` or `label=name=value`. */
    readonly selector: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  readonly LegalHoldReleased: {
    readonly hold: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
  /** How far the chains of an incarnation went; in a stream of its own. */
  readonly CheckpointSigned: {
    readonly writer: string
    readonly epoch: number
    /** From 0 in each incarnation. */
    readonly number: number
    /** The last one: nothing follows. */
    readonly closed: boolean
    readonly heads: readonly HeadRecord[]
  }
  readonly ApprovalRequested: {
    readonly approval: string
    readonly session: string
    readonly exchange: string
    readonly target: string
    readonly subject: SubjectRecord
    /** Subject ids of everybody who stands behind the subject: itself, whom it acts for, its owners. Sorted. */
    readonly people: readonly string[]
    readonly run: string | null
    /** SHA-256, hexadecimal, of everything that the approval is bound to. */
    readonly binding: string
    readonly rule: string
    readonly message: string
    /** The actions as JSON, without literals and parameters. */
    readonly summary: string
    /** Bytes of the sealed content: what an approver is shown. */
    readonly shown_bytes: number
    /** Groups whose members may vote. */
    readonly approvers: readonly string[]
    readonly quorum: number
    readonly scope: ApprovalScope
    readonly expires_ms: number
  }
  /** One eligible person agrees. */
  readonly ApprovalGranted: VoteRecord
  /** One eligible person refuses, which ends the approval. */
  readonly ApprovalRejected: VoteRecord
  readonly ApprovalExpired: {
    readonly approval: string
    /** `gateway`: the one that asked for it restarted. */
    readonly reason: 'time' | 'gateway'
  }
  readonly ApprovalCancelled: {
    readonly approval: string
    /** A subject id, or `gateway`. */
    readonly by: string
    readonly reason: string
  }
  /** About to be performed. Of several the first in the order of the log counts. */
  readonly ApprovalConsumed: {
    readonly approval: string
    readonly session: string
    readonly exchange: string
    /** The decision that this releases. */
    readonly decision: string
  }
  readonly GrantRequested: RequestedGrant
  /** It is valid until `expires_ms` and not any longer. */
  readonly GrantGiven: GrantVoteRecord & { readonly expires_ms: number }
  readonly GrantRejected: GrantVoteRecord
  /** Ends before its time, or is asked for no longer. */
  readonly GrantRevoked: {
    readonly grant: string
    readonly by: string
    readonly reason: string
  }
  readonly SessionKilled: {
    readonly session: string
    readonly by: string
    readonly reason: string
  }
  readonly PasswordMinted: MintedPasswordRecord
  /** One token, and what was made from it, speaks for nobody any more. */
  readonly TokenRevoked: RevokedToken
  /** No token of a subject, or of who acts for it, that was issued up to a time speaks for it any more. */
  readonly SubjectRevoked: RevokedSubject
  /** What somebody did or tried at the API and no other event says. */
  readonly AdminActed: {
    readonly by: SubjectRecord
    readonly token_id: string
    /** A closed name, e.g. `policy.activate`. */
    readonly action: string
    readonly resource: string
    readonly outcome: 'done' | 'refused' | 'failed'
    /** As JSON. No secrets, no content of requests. */
    readonly details: string
  }
}

export type EventType = keyof EventData

/** What a caller hands to `append`; the journal adds writer, epoch, sequence, hashes, and seals the content. */
export type NewEvent = {
  readonly [T in EventType]: {
    readonly id: string
    readonly type: T
    /** Milliseconds since 1970, by the writer's clock; the order is the sequence, not the time. */
    readonly time: number
    readonly data: EventData[T]
    readonly trace_id?: string | null
    readonly run_id?: string | null
    /** Plain content; it leaves the process only encrypted, under a data key of its stream or, in `control`, of its own. */
    readonly sealed?: Uint8Array
  }
}[EventType]

interface Envelope {
  readonly id: string
  readonly stream: string
  readonly seq: number
  readonly writer: string
  readonly epoch: number
  readonly time: number
  readonly trace_id: string | null
  readonly run_id: string | null
  readonly schema: number
  /** Ciphertext, as it is in the log; `null` when the event has no content. */
  readonly sealed: Uint8Array | null
  readonly prev_hash: Uint8Array
  readonly hash: Uint8Array
  readonly sig: Uint8Array | null
  readonly position: Position
}

/** What a reader gets: known events decoded, unknown types kept as they are so that the chain still verifies. */
export type RecordedEvent =
  | { readonly [T in EventType]: Envelope & { readonly type: T; readonly data: EventData[T] } }[EventType]
  | (Envelope & { readonly type: 'Unknown'; readonly unknown: string; readonly data: Uint8Array })
