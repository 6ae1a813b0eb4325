import type {
  AnswerPart,
  ApprovalState,
  DenialCount,
  EventData,
  MaskCount,
  MaskRule,
  Reason,
  RequestPart,
} from '@sluice/core'

/**
 * What became of sealed content. `erased`: nobody can read it any more. `missing`: the log has not all of it.
 * `unreadable`: it is not what was sealed. `opaque`: its protocol shows nothing of its recordings. `none`: there was none.
 */
export type ContentState = 'shown' | 'erased' | 'missing' | 'unreadable' | 'opaque' | 'none'

/** One thing that happened in a session, in the order in which it happened. Texts are exact: who shows them escapes them. */
export type RecordingStep = { readonly at: string } & (
  | OpenedStep
  | RequestStep
  | DecisionStep
  | ApprovalStep
  | ContentStep
  | CompletedStep
  | EndStep
  | DenialsStep
  | { readonly step: 'abandoned'; readonly exchange: string; readonly reason: string }
  /** It was told something that no request asked for. */
  | { readonly step: 'heard'; readonly content: ContentState; readonly parts: readonly AnswerPart[] }
  | { readonly step: 'extended'; readonly token_expires_at: string }
  | { readonly step: 'alarm'; readonly exchange: string; readonly rules: string }
  | { readonly step: 'killed'; readonly by: string; readonly reason: string }
  /** Its gateway was taken for lost: what ran is unknown. */
  | { readonly step: 'lost' }
  /** Who follows is told no more. */
  | { readonly step: 'left'; readonly reason: string }
  /** An event that this version does not know, or that has no place in a session. */
  | { readonly step: 'unknown'; readonly type: string }
  /** An event that the session's own gateway did not write here: it says nothing. */
  | { readonly step: 'forged'; readonly type: string; readonly why: string }
)

interface OpenedStep {
  readonly step: 'opened'
  readonly session: string
  readonly gateway: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly protocol: string
  readonly client_ip: string
  readonly application: string | null
}

interface RequestStep {
  readonly step: 'request'
  readonly exchange: string
  readonly run: string | null
  readonly actions: readonly {
    readonly name: string
    readonly kind: string
    readonly relations: readonly string[]
  }[]
  readonly bytes: number
  readonly content: ContentState
  readonly statements: readonly RequestPart[]
}

interface DecisionStep {
  readonly step: 'decision'
  readonly exchange: string
  readonly decision: string
  readonly effect: EventData['DecisionMade']['effect']
  readonly rule: string
  readonly revision: string
  readonly reasons: readonly Pick<Reason, 'rule' | 'message'>[]
  /** What was to be hidden, as `placeOf` names it. */
  readonly masks: readonly (Pick<MaskRule, 'method' | 'rule'> & { readonly place: string })[]
  /** By which it was released. */
  readonly approvals: readonly { readonly id: string; readonly approved_by: readonly string[] }[]
}

/** Requests of which the log holds only how many they were: nothing of them was performed. */
interface DenialsStep {
  readonly step: 'denials'
  readonly decision: string
  readonly requests: number
  readonly denied: number
  readonly from: string
  readonly until: string
  readonly rules: readonly DenialCount[]
}

interface ApprovalStep {
  readonly step: 'approval'
  readonly approval: string
  readonly exchange: string
  readonly what: 'requested' | 'granted' | 'rejected' | 'expired' | 'cancelled' | 'consumed'
  /** Who did it: a subject id, or `gateway`. */
  readonly by: string
  readonly reason: string
  /** What the approval is after it. */
  readonly state: ApprovalState
  /** It changed something: what comes too late in the order of the log does not. */
  readonly counted: boolean
}

/** Content of a request that followed it (`body`), or of the answer as the caller saw it. */
interface ContentStep {
  readonly step: 'body' | 'answer'
  readonly exchange: string
  readonly content: ContentState
  readonly parts: readonly AnswerPart[]
}

interface CompletedStep {
  readonly step: 'completed'
  readonly exchange: string
  readonly outcome: EventData['ResponseCompleted']['outcome']
  readonly status: string | null
  readonly rows: number
  readonly bytes: number
  readonly masked: readonly MaskCount[]
}

interface EndStep {
  readonly step: 'closed'
  readonly reason: string
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
}
