import type { FileCoverage } from './policy-answers.ts'

/** What the API answers, as far as the console shows it: `/v1/openapi.json` is the reference. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** `GET /console/session`. */
export interface Session {
  readonly subject: string
  readonly issuer: string
  readonly groups: readonly string[]
  readonly roles: readonly Role[]
  readonly csrf: string
  /** Of the token; it is renewed before, until the session itself ends. */
  readonly expires_at: string
  readonly ends_at: string
}

export type Role = 'admin' | 'approver' | 'auditor' | 'user'

/** `GET /console/issuers`. */
export interface Issuer {
  readonly name: string
  readonly kind: 'oidc' | 'saml'
  /** What people call it. */
  readonly label: string
}

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'expired' | 'cancelled' | 'consumed'

export interface ApprovalLine {
  readonly id: string
  readonly state: ApprovalState
  readonly subject: string
  readonly target: string
  readonly action: string
  readonly statement: string | null
  readonly expires_at: string
  readonly approved: number
  readonly quorum: number
  /** `null`: another process or gateway knows, or it is over. */
  readonly caller_waits: boolean | null
}

export interface ShownText {
  readonly text: string
  readonly bytes: number
  readonly lines: number
}

export interface Relation {
  readonly schema: string
  readonly name: string
  readonly access: string
  readonly columns: readonly string[]
}

export interface ApprovalAction {
  readonly name: string
  readonly kind: string
  readonly relations: readonly Relation[]
  readonly functions: readonly string[]
  readonly has_where: boolean | null
}

export interface Counts {
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
}

export interface ApprovalPage extends ApprovalLine {
  readonly requester: {
    readonly id: string
    readonly type: string
    readonly issuer: string
    readonly groups: readonly string[]
    readonly on_behalf_of: string | null
  }
  readonly session: string
  readonly exchange: string
  readonly rule: string
  readonly message: string
  readonly approvers: readonly string[]
  readonly scope: string
  readonly requested_at: string
  readonly expires_in_s: number
  readonly may_not_vote: string | null
  readonly actions: readonly ApprovalAction[]
  readonly request: {
    readonly statement: ShownText
    readonly stands_for: readonly ShownText[]
    readonly parameters: readonly Json[]
    readonly hidden: readonly string[] | 'all'
    readonly estimates: { readonly [relation: string]: number | null }
  } | null
  readonly votes: readonly {
    readonly voter: string
    readonly vote: 'approve' | 'reject'
    readonly reason: string
    readonly at: string
  }[]
  readonly uses: readonly { readonly exchange: string; readonly decision: string; readonly at: string }[]
  readonly ended: { readonly at: string; readonly by: string; readonly reason: string } | null
  readonly run:
    | (Counts & {
        readonly id: string
        readonly sessions: number
        readonly recent: readonly {
          readonly exchange: string
          readonly at: string
          readonly target: string
          readonly summary: string
          readonly effect: string | null
          readonly masked: number
        }[]
      })
    | null
  readonly session_so_far:
    (Counts & { readonly in_flight: number; readonly recent: readonly ExchangeLine[] | null }) | null
  readonly before: readonly { readonly id: string; readonly state: ApprovalState; readonly at: string }[]
}

export interface ExchangeLine {
  readonly exchange: string
  readonly at: string
  readonly action: string
  readonly relations: readonly string[]
  readonly bytes: number
  readonly effect: string | null
  readonly rule: string | null
  readonly decision: string | null
  readonly outcome: string
  readonly status: string | null
  readonly rows: number
  readonly masked: number
}

export interface SessionLine extends Counts {
  readonly id: string
  readonly state: 'open' | 'closed' | 'lost'
  readonly gateway: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly protocol: string
  readonly client_ip: string
  readonly application: string | null
  readonly run: string | null
  readonly opened_at: string
  readonly token_expires_at: string
  readonly in_flight: number
}

/** An exchange of any session, as a search finds it. */
export interface FoundExchange {
  readonly exchange: string
  readonly session: string
  readonly at: string
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
  readonly run: string | null
  readonly summary: string
  readonly bytes: number
  readonly effect: string | null
  readonly rule: string | null
  readonly reason: string | null
  readonly decision: string | null
  readonly revision: string | null
  readonly outcome: string
  readonly status: string | null
  readonly rows: number
  readonly masked: number
  /** From the request to the end of its answer; `null` while it runs. */
  readonly micros: number | null
}

/** `exchanges` of the stream. */
export interface ToldExchanges {
  readonly exchanges: readonly FoundExchange[]
  /** Left out of it; `null`: nobody counted. */
  readonly skipped: number | null
}

/** A page of sessions; `next` asks for what comes behind it. */
export interface SessionPage {
  readonly sessions: readonly SessionLine[]
  /** At most 10 000: then there may be more. */
  readonly total: number
  readonly next: string | null
}

/** A finding of the policy compiler. Rows and columns count from 1; 0 when unknown. */
export interface Finding {
  readonly file: string
  readonly row: number
  readonly col: number
  readonly code: string
  readonly message: string
}

export interface PolicyTests {
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly passed?: boolean
  readonly tests?: readonly {
    readonly file: string
    readonly row: number
    readonly package: string
    readonly name: string
    readonly outcome: string
    readonly output: string
  }[]
  readonly cases?: readonly {
    readonly file: string
    readonly row: number
    readonly name: string
    readonly problems: readonly string[]
  }[]
  readonly coverage?: readonly FileCoverage[]
}

interface Judged {
  readonly effect: string
  readonly rule: string
}

export interface WhatIfReport {
  readonly revision: string
  readonly decisions: number
  readonly changed: number
  readonly groups: readonly {
    readonly decisions: number
    readonly kinds: readonly string[]
    readonly before: Judged
    readonly after: Judged
    readonly subject: string
    readonly target: string
    readonly action: string
    readonly example: string
  }[]
  readonly ungrouped: number
  readonly maskedMore: readonly { readonly column: string; readonly decisions: number }[]
  readonly maskedLess: readonly { readonly column: string; readonly decisions: number }[]
  readonly approvals: readonly {
    readonly rule: string
    readonly approvers: readonly string[]
    readonly decisions: number
  }[]
  readonly without: { readonly values: number; readonly facts: number }
}

export interface WhatIfJob {
  readonly id: string
  readonly state: 'running' | 'done' | 'failed' | 'stopped'
  readonly decided: number
  readonly report: WhatIfReport | null
  readonly findings: readonly Finding[]
  readonly error: string | null
}

export interface FoundPage {
  readonly exchanges: readonly FoundExchange[]
  readonly next: string | null
}

export interface TargetLine {
  readonly name: string
  readonly protocol: string
  readonly labels: { readonly [name: string]: string }
  readonly served: boolean
}

export interface Readiness {
  readonly ready: boolean
  readonly checks: { readonly [name: string]: boolean }
}

export interface PolicyPage {
  readonly active: string
  readonly files: 'active' | 'differ' | 'rejected'
  readonly rejected: { readonly time: number; readonly errors: string } | null
  readonly unusable: { readonly revision: string; readonly errors: string } | null
  readonly revisions: readonly {
    readonly revision: string
    readonly time: number
    readonly by: string
    readonly reason: string
    readonly active: boolean
  }[]
  readonly history: readonly {
    readonly kind: 'activated' | 'rejected'
    readonly revision: string | null
    readonly gateway: string
    readonly by: string
    readonly reason: string
    readonly errors: string
    readonly at_ms: number
  }[]
  readonly gateways: readonly {
    readonly gateway: string
    readonly revision: string | null
    readonly since_ms: number
    readonly errors: string | null
  }[]
}

/** An event of `/v1/events`. */
export interface LogEvent {
  readonly id: string
  readonly stream: string
  readonly seq: number
  readonly writer: string
  readonly epoch: number
  readonly time: number
  readonly run_id: string | null
  readonly type: string
  readonly position: string
  readonly data: { readonly [name: string]: Json }
  readonly prev_hash: string
  readonly hash: string
  readonly sig: string | null
}
