/** The policy's answer (`schemas/verdict.schema.json`). Everything in it is an obligation: unknown ones deny. */

export interface Reason {
  readonly rule: string
  readonly message: string
  readonly remedy: string
}

/** How a masked value is replaced. `none` names a relation or column as deliberately clear. */
export const maskMethods = ['none', 'last4', 'email', 'stars', 'redact', 'null'] as const
export type MaskMethod = (typeof maskMethods)[number]

export interface MaskRule {
  /** `schema.name` of a relation. */
  readonly relation: string
  /** A column of it, or `*`. */
  readonly column: string
  readonly method: MaskMethod
  readonly rule: string
}

export interface VerdictLimits {
  readonly rows: number | null
  readonly bytes: number | null
  readonly timeout_ms: number | null
}

export interface Approval {
  readonly approvers: readonly string[]
  readonly quorum: number
  readonly expires_s: number
  readonly hold_s: number
  readonly scope: string
}

export interface Verdict {
  readonly effect: 'allow' | 'deny' | 'hold'
  readonly reasons: readonly Reason[]
  readonly mask: readonly MaskRule[]
  readonly limits: VerdictLimits
  readonly approval: Approval | null
  readonly labels: { readonly [name: string]: string }
}

const noLimits: VerdictLimits = { rows: null, bytes: null, timeout_ms: null }

/** A denial that does not come from a rule: a failed engine, an adapter's objection. */
export function denial(rule: string, message: string, remedy = ''): Verdict {
  return {
    effect: 'deny',
    reasons: [{ rule, message, remedy }],
    mask: [],
    limits: noLimits,
    approval: null,
    labels: {},
  }
}
