/** The policy's answer (`schemas/verdict.schema.json`). Everything in it is an obligation: unknown ones deny. */

export interface Reason {
  readonly rule: string
  readonly message: string
  readonly remedy: string
}

/**
 * How a masked value is replaced, from what shows most to what shows nothing. `none` names a relation or column as
 * deliberately clear. What each makes of a type is said in the README of the adapter.
 */
export const maskMethods = [
  'none',
  'email',
  'last4',
  'partial',
  'generalise',
  'hash',
  'tokenise',
  'stars',
  'constant',
  'redact',
  'null',
] as const
export type MaskMethod = (typeof maskMethods)[number]

/** What is masked: a column of a relation, … */
export interface MaskedColumn {
  /** `schema.name` of a relation. */
  readonly relation: string
  /** A column of it, or `*`. */
  readonly column: string
}

/** … a place in documents, … */
export interface MaskedPath extends MaskedMessage {
  /** As in `$.customers[*].ssn` or `$..card`. */
  readonly path: string
}

/** … or whatever is found by its look, wherever it stands. */
export interface MaskedFinding extends MaskedMessage {
  /** The name of a detector, e.g. `card`. */
  readonly detector: string
}

interface MaskedMessage {
  /** What the target gets to see is masked, instead of what the caller does. */
  readonly of?: 'request'
}

export type MaskedPlace = MaskedColumn | MaskedPath | MaskedFinding
export type MaskRule = ColumnMaskRule | ((MaskedPath | MaskedFinding) & MaskHow)
export type ColumnMaskRule = MaskedColumn & MaskHow & ColumnUses

/** What may be done with a masked column besides showing it, each from what tells least to what tells most. */
export const columnUses = {
  derived: ['refuse', 'mask'],
  predicates: ['refuse', 'equality', 'budget', 'allow'],
  moves: ['refuse', 'allow'],
} as const

export interface ColumnUses {
  /** Outputs that are computed from it; `refuse` where nothing is said. */
  readonly derived?: (typeof columnUses.derived)[number]
  /**
   * Conditions, joins, orders and groups: all that tells of values without showing one; `equality` where nothing is said,
   * `budget`: so many for each subject, see `Conditions`.
   */
  readonly predicates?: (typeof columnUses.predicates)[number]
  /** Writing it to where no mask is; `refuse` where nothing is said. */
  readonly moves?: (typeof columnUses.moves)[number]
}

export interface MaskHow {
  readonly method: MaskMethod
  readonly rule: string
  /** Of `constant`, and of no other method: the replacement as the target would write it in text. */
  readonly value?: string
  /** Of `generalise`, and of no other method: how large the groups are, e.g. `100`, `year`, `24,64`. */
  readonly to?: string
  /** Of `tokenise`, and of no other method: equal values have equal tokens within it, and nowhere else. */
  readonly domain?: string
}

/** For people and records: `schema.name.column`, the path, or `detector:<name>`; of a request with that in front. */
export function placeOf(place: MaskedPlace): string {
  if ('relation' in place) return `${place.relation}.${place.column}`
  const message = place.of === undefined ? '' : `${place.of}:`
  return message + ('path' in place ? place.path : `detector:${place.detector}`)
}

/**
 * Of two masks of one place the one that hides more, with what both of them let be done; two that show different parts
 * would show both.
 */
export function stricterMask<Rule extends MaskHow & ColumnUses>(one: Rule, other: Rule): Rule {
  const rule = hidingMore(one, other)
  // What is meant to be clear says nothing of the column that another rule hides.
  if (one.method === 'none' || other.method === 'none') return rule
  const derived = stricter(columnUses.derived, 'refuse', one.derived, other.derived)
  const predicates = stricter(columnUses.predicates, 'equality', one.predicates, other.predicates)
  const moves = stricter(columnUses.moves, 'refuse', one.moves, other.moves)
  if (rule.derived === derived && rule.predicates === predicates && rule.moves === moves) return rule
  const { derived: _derived, predicates: _predicates, moves: _moves, ...how } = rule
  return {
    ...how,
    ...(derived === undefined ? {} : { derived }),
    ...(predicates === undefined ? {} : { predicates }),
    ...(moves === undefined ? {} : { moves }),
  } as Rule
}

/** The choice that tells less; where nothing is said, `unsaid` is meant. */
function stricter<Choice extends string>(
  choices: readonly Choice[],
  unsaid: Choice,
  one: Choice | undefined,
  other: Choice | undefined,
): Choice | undefined {
  return choices.indexOf(one ?? unsaid) <= choices.indexOf(other ?? unsaid) ? one : other
}

function hidingMore<Rule extends MaskHow>(one: Rule, other: Rule): Rule {
  const difference = maskMethods.indexOf(one.method) - maskMethods.indexOf(other.method)
  if (difference !== 0) return difference > 0 ? one : other
  const [first, second] = rank(one) <= rank(other) ? [one, other] : [other, one]
  if (first.to === second.to && first.domain === second.domain) return first
  // Groups of two sizes tell more together than either does, and tokens of two domains which belong together.
  const { to: _groups, domain: _domain, ...rest } = first
  return { ...rest, method: 'redact' } as Rule
}

/** Which of two equal methods is named must not depend on their order. */
function rank({ rule, value = '', to = '', domain = '' }: MaskHow): string {
  return `${rule}\0${value}\0${to}\0${domain}`
}

/** Makes pseudonyms of values. Its key never leaves it; all gateways of an installation have the same. */
export interface Pseudonyms {
  /** Name of the key, for the record: pseudonyms of different keys have nothing to do with each other. */
  readonly key: string
  /** HMAC-SHA-256 of a value, separated by `purpose`. */
  digest(purpose: string, value: string): Buffer
}

export interface VerdictLimits {
  readonly rows: number | null
  readonly bytes: number | null
  readonly timeout_ms: number | null
}

/** Whether a verdict bounds an answer at all. */
export function isBounded({ rows, bytes, timeout_ms: time }: VerdictLimits): boolean {
  return rows !== null || bytes !== null || time !== null
}

/**
 * What one approval releases. `once`: one execution. `run`: the same request of the same subject, as often as one run
 * makes it. `window`: as often as the subject makes it. None of them outlives the approval's `expires_s`.
 */
export const approvalScopes = ['once', 'run', 'window'] as const
export type ApprovalScope = (typeof approvalScopes)[number]

/** What a hold asks for. */
export interface Approval {
  /** Groups whose members may vote. */
  readonly approvers: readonly string[]
  /** How many distinct people must approve. */
  readonly quorum: number
  /** The approval's whole life, from the request on. */
  readonly expires_s: number
  /** How long the caller waits on its connection; then it gets the pending answer. */
  readonly hold_s: number
  readonly scope: ApprovalScope
}

/**
 * The label of a verdict that lets something pass of which people must hear at once: the rules that say so. The core
 * records AlarmRaised before the effect.
 */
export const alarmLabel = 'alarm'

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
