import { createHash } from 'node:crypto'
import { refusal, Refused, type Action, type Json } from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import type { RelationName, Statement } from './statement.ts'
import { keyOf } from './walk/findings.ts'

/** The values of a Bind as they came: formats and values, and the types that the statement gives them. */
export interface BoundParameters {
  readonly types: readonly number[]
  readonly bytes: Buffer
}

/** Where a request's meaning comes from: all that an approval of it must be bound to, and that an approver must see. */
export interface Source {
  /** Its text without the trailing comment; for EXECUTE and FETCH also the text of what they stand for. Latin1. */
  readonly texts: readonly string[]
  readonly bound: BoundParameters | null
  /** By which its unqualified names are found. */
  readonly searchPaths: readonly (readonly string[])[]
}

export interface Bindable {
  readonly source: Source
  readonly actions: readonly Action[]
  readonly statements: readonly Statement[]
  readonly values: readonly Json[]
  readonly catalogue: Catalogue
}

/**
 * The adapter's part of what an approval is bound to. A retry gives the same, though it may name its prepared
 * statements otherwise, stand in another transaction, or carry another trace id in its comment.
 *
 * Throws `Refused` when a relation that it names is by now another one than it was judged by.
 */
export function boundPart(request: Bindable, now: Catalogue): Uint8Array {
  const { source, actions, statements, catalogue } = request
  const relations = statements.flatMap(({ touched }) => touched.map((name) => pictureOf(name, now)))
  const before = statements.flatMap(({ touched }) => touched.map((name) => pictureOf(name, catalogue)))
  if (JSON.stringify(relations) !== JSON.stringify(before)) throw new Refused(changed)
  const { texts, bound, searchPaths } = source
  const what = actions.map((action) => ({ ...action, transaction: null }))
  const text = JSON.stringify([texts, bound?.types ?? null, searchPaths, what, relations])
  return createHash('sha256')
    .update(`${text.length}:${text}`)
    .update(bound?.bytes ?? '')
    .digest()
}

/** The whole of what runs, for people: texts, values, and what Sluice understood. UTF-8 JSON. */
export function shownOf({ source, values }: Pick<Bindable, 'source' | 'values'>): Uint8Array {
  const [statement = '', ...stands] = source.texts.map((text) => Buffer.from(text, 'latin1').toString())
  const prepared = stands.length === 0 ? {} : { stands_for: stands }
  return Buffer.from(JSON.stringify({ statement, ...prepared, parameters: values }))
}

const changed = refusal(
  'denied',
  'adapter/changed',
  'A relation that it names was changed while it waited for an approval. Nothing was executed. Send it again.',
)

function pictureOf(name: RelationName, catalogue: Catalogue): Json {
  const relation = catalogue.relations.get(keyOf(name))
  return relation === undefined ? null : pictured(relation)
}

function pictured({ oid, kind, columns, parents, children }: CatalogueRelation): Json {
  const names = columns.map((column) => column.name)
  return [oid, kind, names, [...parents].toSorted(), [...children].toSorted()]
}
