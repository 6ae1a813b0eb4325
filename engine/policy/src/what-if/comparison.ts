import { alarmLabel, placeOf, type MaskRule, type Verdict } from '@sluice/core'

/** In what the answers of two policies to one request differ. */
export type Kind = 'effect' | 'mask' | 'limits' | 'approval' | 'alarm'

export interface Answer {
  readonly effect: Verdict['effect']
  /** The rule that settled it. */
  readonly rule: string
}

export interface Difference {
  readonly kinds: readonly Kind[]
  readonly before: Answer
  readonly after: Answer
  /** `schema.name.column` of what is hidden more than before, or less. */
  readonly maskedMore: readonly string[]
  readonly maskedLess: readonly string[]
}

/** `null` when both come to the same: by which rule they do makes no difference. One verdict for each action. */
export function compare(before: readonly Verdict[], after: readonly Verdict[]): Difference | null {
  const [was, is] = [answerOf(before), answerOf(after)]
  const masks = after.map((verdict, at) => masksOf(before[at], verdict))
  const kinds: Kind[] = []
  if (was.effect !== is.effect) kinds.push('effect')
  // What is refused is not answered, and what is asked of people has its masks when it is released.
  if (is.effect !== 'deny' && was.effect !== 'deny') {
    if (masks.some(({ changed }) => changed)) kinds.push('mask')
    if (differ(before, after, ({ limits }) => [limits.rows, limits.bytes, limits.timeout_ms]))
      kinds.push('limits')
    if (was.effect === is.effect && differ(before, after, approvalOf)) kinds.push('approval')
    if (differ(before, after, ({ labels }) => labels[alarmLabel] ?? null)) kinds.push('alarm')
  }
  if (kinds.length === 0) return null
  const shown = kinds.includes('mask') ? masks : []
  return {
    kinds,
    before: was,
    after: is,
    maskedMore: shown.flatMap(({ more }) => more),
    maskedLess: shown.flatMap(({ less }) => less),
  }
}

/** Deny overrides hold overrides allow. */
export function answerOf(verdicts: readonly Verdict[]): Answer {
  const settling =
    verdicts.find(({ effect }) => effect === 'deny') ??
    verdicts.find(({ effect }) => effect === 'hold') ??
    verdicts[0]
  return { effect: settling?.effect ?? 'deny', rule: settling?.reasons[0]?.rule ?? 'policy/no_reason' }
}

/** Quorum, groups and times of what is asked of people. */
function approvalOf({ approval }: Verdict): unknown {
  if (approval === null) return null
  const { approvers, quorum, expires_s, hold_s, scope } = approval
  return [approvers.toSorted(), quorum, expires_s, hold_s, scope]
}

function differ(
  before: readonly Verdict[],
  after: readonly Verdict[],
  part: (verdict: Verdict) => unknown,
): boolean {
  return JSON.stringify(before.map(part)) !== JSON.stringify(after.map(part))
}

interface MaskChange {
  readonly changed: boolean
  readonly more: readonly string[]
  readonly less: readonly string[]
}

function masksOf(before: Verdict | undefined, after: Verdict): MaskChange {
  const was = byColumn(before?.mask ?? [])
  const is = byColumn(after.mask)
  const more: string[] = []
  const less: string[] = []
  let changed = false
  for (const column of new Set([...was.keys(), ...is.keys()])) {
    const [old, fresh] = [was.get(column), is.get(column)]
    if (old === fresh) continue
    changed = true
    if (old === undefined) more.push(column)
    else if (fresh === undefined) less.push(column)
  }
  return { changed, more, less }
}

/** `none` says that a column is meant to be clear, as one is that no mask names. */
function byColumn(masks: readonly MaskRule[]): ReadonlyMap<string, string> {
  return new Map(
    masks
      .filter(({ method }) => method !== 'none')
      .map((mask) => [
        placeOf(mask),
        JSON.stringify([mask.method, mask.value, mask.to, mask.domain, usesOf(mask)]),
      ]),
  )
}

function usesOf(mask: MaskRule): readonly unknown[] {
  return 'relation' in mask ? [mask.derived, mask.predicates, mask.moves] : []
}
