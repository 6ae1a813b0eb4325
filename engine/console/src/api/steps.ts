import type { ApprovalState, Json } from './shapes.ts'

/** One step of a recording: a line of `/v1/sessions/{id}/recording`. Its texts are exact, and may hold anything. */
export type Step = { readonly at: string } & (
  | {
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
  | RequestStep
  | DecisionStep
  | ApprovalStep
  | ContentStep
  | CompletedStep
  | {
      readonly step: 'closed'
      readonly reason: string
      readonly requests: number
      readonly denied: number
      readonly rows: number
      readonly bytes: number
    }
  | DenialsStep
  | { readonly step: 'abandoned'; readonly exchange: string; readonly reason: string }
  | { readonly step: 'heard'; readonly content: ContentState; readonly parts: readonly AnswerPart[] }
  | { readonly step: 'extended'; readonly token_expires_at: string }
  | { readonly step: 'alarm'; readonly exchange: string; readonly rules: string }
  | { readonly step: 'killed'; readonly by: string; readonly reason: string }
  | { readonly step: 'lost' }
  | { readonly step: 'left'; readonly reason: string }
  | { readonly step: 'unknown'; readonly type: string }
  | { readonly step: 'forged'; readonly type: string; readonly why: string }
)

export type ContentState = 'shown' | 'erased' | 'missing' | 'unreadable' | 'opaque' | 'none'

export interface RequestStep {
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
  readonly statements: readonly {
    readonly text: string | null
    readonly name?: string
    readonly parameters: readonly Json[]
  }[]
}

export interface DecisionStep {
  readonly step: 'decision'
  readonly exchange: string
  readonly decision: string
  readonly effect: string
  readonly rule: string
  readonly revision: string
  readonly reasons: readonly { readonly rule: string; readonly message: string }[]
  readonly masks: readonly { readonly place: string; readonly method: string; readonly rule: string }[]
  readonly approvals: readonly { readonly id: string; readonly approved_by: readonly string[] }[]
}

export interface ApprovalStep {
  readonly step: 'approval'
  readonly approval: string
  readonly exchange: string
  readonly what: 'requested' | 'granted' | 'rejected' | 'expired' | 'cancelled' | 'consumed'
  readonly by: string
  readonly reason: string
  readonly state: ApprovalState
  readonly counted: boolean
}

export interface ContentStep {
  readonly step: 'body' | 'answer'
  readonly exchange: string
  readonly content: ContentState
  readonly parts: readonly AnswerPart[]
}

export interface CompletedStep {
  readonly step: 'completed'
  readonly exchange: string
  readonly outcome: string
  readonly status: string | null
  readonly rows: number
  readonly bytes: number
  readonly masked: readonly { readonly column: string; readonly method: string; readonly values: number }[]
}

export interface DenialsStep {
  readonly step: 'denials'
  readonly decision: string
  readonly requests: number
  readonly denied: number
  readonly from: string
  readonly until: string
  readonly rules: readonly { readonly rule: string; readonly denied: number }[]
}

export type AnswerPart =
  | {
      readonly kind: 'rows'
      readonly columns: readonly string[] | null
      readonly rows: readonly (readonly Json[])[]
    }
  | { readonly kind: 'status'; readonly text: string }
  | { readonly kind: 'notification'; readonly channel: string; readonly text: string }
  | {
      readonly kind: 'error' | 'notice'
      readonly code: string
      readonly message: string
      readonly more: readonly string[]
    }
  | { readonly kind: 'data'; readonly text: string; readonly hex: boolean; readonly stream?: string }
  /** A line of asciicast v2, and what it says. */
  | {
      readonly kind: 'terminal'
      readonly line: string
      readonly seconds: number
      readonly code: string
      readonly text: string
    }
  | { readonly kind: 'cut' | 'too_large' | 'undecodable'; readonly bytes: number }
