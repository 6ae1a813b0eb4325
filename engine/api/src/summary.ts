import type { ApprovalView } from '@sluice/core'

/** What Sluice understood of one action, as an approval records it. */
export interface ActionSummary {
  readonly name: string
  readonly kind: string
  readonly relations: readonly {
    readonly schema: string
    readonly name: string
    readonly access: string
    readonly columns: readonly string[]
  }[]
  readonly functions: readonly string[]
  /** `null` where the question makes no sense. */
  readonly has_where: boolean | null
  /** `schema.name.column` of what the policy masks for this request; `null` when that is not known. */
  readonly masked: readonly string[] | null
}

/** The record is ours, and signed; a newer or older version may write other fields. */
type Recorded = { readonly name: string; readonly kind: string } & Partial<ActionSummary>

export function summaryOf({ summary }: Pick<ApprovalView, 'summary'>): readonly ActionSummary[] {
  return (JSON.parse(summary) as readonly Recorded[]).map((action) => ({
    name: action.name,
    kind: action.kind,
    relations: (action.relations ?? []).map(({ schema, name, access, columns }) => ({
      schema,
      name,
      access,
      columns,
    })),
    functions: action.functions ?? [],
    has_where: action.has_where ?? null,
    masked: action.masked ?? null,
  }))
}

/** The names of all actions of a request. */
export function actionOf(approval: Pick<ApprovalView, 'summary'>): string {
  return summaryOf(approval)
    .map(({ name }) => name)
    .join(', ')
}
