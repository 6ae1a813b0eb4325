import type { Finding } from './shapes.ts'

/** What is told of policies that are tried, and by them of requests. */

export interface RuleTrace {
  readonly file: string
  readonly row: number
  readonly package: string
  readonly name: string
  readonly id: string
  readonly held: boolean
  readonly tried: number
  readonly value: string
  readonly failed: {
    readonly row: number
    readonly text: string
    readonly values: readonly { readonly name: string; readonly value: string }[]
    readonly uses: readonly string[]
  } | null
}

export interface Verdict {
  readonly effect: string
  readonly reasons: readonly { readonly rule: string; readonly message: string; readonly remedy: string }[]
}

/** `GET /v1/policies/explain`. */
export interface Explained {
  readonly decision: string
  readonly revision: string
  readonly by: string
  readonly actions: readonly {
    readonly action: string
    readonly recorded: Verdict
    readonly explained: Verdict
    readonly withheld: readonly string[]
    readonly rules: readonly RuleTrace[]
  }[]
}

/** `POST /v1/policies/evaluate`. */
export interface JudgedAgain {
  readonly ok: boolean
  readonly findings: readonly Finding[]
  readonly actions?: readonly {
    readonly action: string
    readonly recorded: Verdict
    readonly now: Verdict
    readonly fault: string | null
  }[]
}

/** `GET /v1/policies/can`. */
export interface CanAnswer {
  readonly revision: string
  readonly subject: string | null
  readonly type: string
  readonly groups: readonly string[]
  readonly grants: readonly string[]
  readonly target: string
  readonly protocol: string
  readonly sealed: number
  readonly at: string
  readonly requests: readonly CanLine[]
}

export interface CanLine {
  readonly what: string
  readonly action: string
  readonly origin: 'sample' | 'recorded'
  readonly times: number
  readonly last_at: string | null
  readonly effect: string
  readonly rule: string
  readonly message: string
  readonly masks: readonly { readonly place: string; readonly method: string; readonly rule: string }[]
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly fault: string | null
}

/** Rows from and to, both included. */
export type Rows = readonly (readonly [from: number, to: number])[]

export interface FileCoverage {
  readonly file: string
  readonly percent: number
  readonly covered: Rows
  readonly missed: Rows
}
