import { limits } from '@sluice/core'
import { lineOf } from './line.ts'

/** What one action of a request does, in the words that no value stands in. */
export interface ActionLine {
  readonly name: string
  readonly kind: string
  readonly relations: readonly {
    readonly schema: string
    readonly name: string
    readonly access: string
  }[]
  /** Relations of it, more than are named here. */
  readonly relations_count: number
}

/** The record is ours; a newer or older version may write other fields. */
interface Recorded {
  readonly name: string
  readonly kind: string
  readonly relations?: readonly { readonly schema: string; readonly name: string; readonly access: string }[]
}

/** The actions of a request, of the JSON text in which events hold them. */
export function summaryOf(actions: string): readonly ActionLine[] {
  return (JSON.parse(actions) as readonly Recorded[])
    .slice(0, limits.noticeRelationsMax)
    .map(({ name, kind, relations = [] }) => ({
      name,
      kind,
      relations: relations.slice(0, limits.noticeRelationsMax).map((relation) => ({
        schema: lineOf(relation.schema),
        name: lineOf(relation.name),
        access: relation.access,
      })),
      relations_count: relations.length,
    }))
}

/** The same for people. */
export function summaryLine(actions: string): string {
  const parts = summaryOf(actions).map(({ name, relations, relations_count: count }) => {
    const named = relations.map((relation) => `${relation.schema}.${relation.name} (${relation.access})`)
    const more = count > relations.length ? [`${count - relations.length} more`] : []
    return `${name} ${[...named, ...more].join(', ')}`.trim()
  })
  return lineOf(parts.join('; '))
}

/** The names of the actions, for a title. */
export function actionNames(actions: string): string {
  return lineOf(
    summaryOf(actions)
      .map(({ name }) => name)
      .join(', '),
    titleCharsMax,
  )
}

const titleCharsMax = 80
