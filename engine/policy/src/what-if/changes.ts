import { actionSummary, type Relation } from '@sluice/core'
import type { Answer, Difference, Kind } from './comparison.ts'
import type { RecordedDecision } from './recorded-decisions.ts'

/** Decisions that would change in the same way. */
export interface ChangeGroup {
  readonly kinds: readonly Kind[]
  readonly before: Answer
  readonly after: Answer
  readonly subject: string
  readonly target: string
  /** Of the statement without its literals; `null` where the protocol has none. */
  readonly template: string | null
  /** Its actions and what they touch, e.g. `sql.select public.customers`. */
  readonly action: string
  readonly decisions: number
  readonly firstMs: number
  readonly lastMs: number
  /** One of them, to be looked up. */
  readonly example: string
}

/** A column, and in how many decisions its mask would change. */
export interface ColumnCount {
  readonly column: string
  readonly decisions: number
}

/** What people would be asked that they were not. */
export interface ApprovalCount {
  readonly rule: string
  readonly approvers: readonly string[]
  readonly decisions: number
}

const groupsMax = 10_000

/** Gathers differences by what they have in common; beyond `groupsMax` groups they are only counted. */
export class Changes {
  readonly #groups = new Map<string, ChangeGroup & { decisions: number; lastMs: number }>()
  readonly #more = new Map<string, number>()
  readonly #less = new Map<string, number>()
  readonly #asked = new Map<string, ApprovalCount & { decisions: number }>()
  #ungrouped = 0

  add(of: RecordedDecision, difference: Difference, approvers: readonly string[]): void {
    const { kinds, before, after, maskedMore, maskedLess } = difference
    for (const column of new Set(maskedMore)) this.#more.set(column, (this.#more.get(column) ?? 0) + 1)
    for (const column of new Set(maskedLess)) this.#less.set(column, (this.#less.get(column) ?? 0) + 1)
    if (after.effect === 'hold' && before.effect !== 'hold') this.#ask(after.rule, approvers)
    const { subject, target } = of
    const template = templateOf(of)
    const key = JSON.stringify([kinds, before, after, subject, target, template])
    const known = this.#groups.get(key)
    if (known !== undefined) {
      known.decisions += 1
      known.lastMs = Math.max(known.lastMs, of.timeMs)
    } else if (this.#groups.size >= groupsMax) this.#ungrouped += 1
    else {
      const [firstMs, lastMs] = [of.timeMs, of.timeMs]
      const group = { kinds, before, after, subject, target, template, action: actionOf(of) }
      this.#groups.set(key, { ...group, decisions: 1, firstMs, lastMs, example: of.decision })
    }
  }

  /** Most frequent first. */
  get groups(): readonly ChangeGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.decisions - a.decisions)
  }

  get ungrouped(): number {
    return this.#ungrouped
  }

  get maskedMore(): readonly ColumnCount[] {
    return columns(this.#more)
  }

  get maskedLess(): readonly ColumnCount[] {
    return columns(this.#less)
  }

  get approvals(): readonly ApprovalCount[] {
    return [...this.#asked.values()].toSorted((a, b) => b.decisions - a.decisions)
  }

  #ask(rule: string, approvers: readonly string[]): void {
    const key = JSON.stringify([rule, approvers])
    const known = this.#asked.get(key)
    if (known === undefined) this.#asked.set(key, { rule, approvers, decisions: 1 })
    else known.decisions += 1
  }
}

function columns(counts: ReadonlyMap<string, number>): readonly ColumnCount[] {
  return [...counts]
    .map(([column, decisions]) => ({ column, decisions }))
    .toSorted((a, b) => b.decisions - a.decisions)
}

function templateOf({ inputs }: RecordedDecision): string | null {
  const hashes = inputs.flatMap(({ action: { template_hash: hash } }) =>
    typeof hash === 'string' && hash !== '' ? [hash] : [],
  )
  return hashes.length === inputs.length ? hashes.join(' ') : null
}

function actionOf({ inputs }: RecordedDecision): string {
  return inputs
    .map(({ action: { name, relations, route } }) =>
      actionSummary({
        name,
        relations: Array.isArray(relations) ? (relations as readonly Relation[]) : [],
        ...(typeof route === 'string' ? { route } : {}),
      }),
    )
    .join(', ')
}
