/**
 * The closed list of reasons for which Sluice does not perform an effect. Each adapter maps every code to its
 * protocol's own form in `refuse.ts`; a new code is a compile error there until it has one.
 */
export const refusalCodes = [
  /** Policy said no, or the adapter cannot vouch for what the request does. */
  'denied',
  /** A human must approve first; nothing was executed. */
  'pending',
  /** The request is not well formed in its protocol. */
  'malformed',
  /** A named limit was exceeded. */
  'too_large',
  /** Too many requests in flight for this subject or target. */
  'too_many',
  /** The token is missing, forged, for someone else, or for another audience. */
  'token_refused',
  /** The token was good and its life is over. */
  'token_expired',
  /** No target of that name, or none that this subject may know of. */
  'target_unknown',
  /** The target does not answer, or refuses the gateway's own credential. */
  'target_unreachable',
  /** What masks must find could not be looked for: a recogniser does not answer, or not in a way that is understood. */
  'recogniser_unavailable',
  /** The decision could not be made durable: no record, no access. */
  'log_unavailable',
  /** The policy engine failed or ran past its deadline. */
  'policy_error',
  /** The caller gave up while its request waited. */
  'cancelled',
  /** The gateway is shutting down. */
  'draining',
  /** A broken invariant inside the gateway. */
  'internal',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/**
 * Why an effect is not performed, in words that may be shown to a caller and to a model.
 * `message` is one line, says what happened and what to do, and never echoes content of the request.
 */
export interface Refusal {
  readonly code: RefusalCode
  readonly message: string
  /** The rule or mechanism that refused, e.g. `destructive/no_where` or `adapter/closed_world`. */
  readonly rule: string
  /** `dec_…` of the recorded decision, once there is one. */
  readonly reference: string | null
  /** The protocol's own status where a server would have answered with it, e.g. SQLSTATE 42P01. */
  readonly native?: string
  /** Where in the text of the request the fault is, counted as its protocol counts: PostgreSQL by characters, from 1. */
  readonly position?: number
  /** What the protocol's own server would suggest instead, in words of the request alone. */
  readonly hint?: string
  /** Of `pending`: where it is seen what became of it. */
  readonly link?: string
}

/** Thrown across a port when the answer is a refusal; never used for control flow inside the core. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(refusal.message, options)
    this.name = 'Refused'
    this.refusal = refusal
  }
}

export function refusal(code: RefusalCode, rule: string, message: string, native?: string): Refusal {
  return native === undefined
    ? { code, rule, message, reference: null }
    : { code, rule, message, reference: null, native }
}

/** Turns anything thrown into a refusal: what is not `Refused` is an internal error and never a pass. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal
  return refusal('internal', 'sluice/internal', 'Sluice could not handle this request. Nothing was executed.')
}
