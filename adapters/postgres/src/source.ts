import { createHash } from 'node:crypto'
import { limits, refusal, Refused, type Action, type Json } from '@sluice/core'
import type { Catalogue, CatalogueRelation } from './catalogue.ts'
import { literalSpans } from './literal-spans.ts'
import { wholeValues } from './parameters.ts'
import type { ClearSource } from './redact/source.ts'
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
  /** Set when it holds secrets. */
  readonly clear?: ClearSource | undefined
}

export interface Bindable {
  readonly source: Source
  readonly actions: readonly Action[]
  readonly statements: readonly Statement[]
  readonly catalogue: Catalogue
}

/**
 * The adapter's part of what an approval is bound to. A retry gives the same, though it may name its prepared
 * statements otherwise, stand in another transaction, or carry another trace id in its comment.
 *
 * Throws `Refused` when a relation that it names is by now another one than it was judged by, and where nobody can see what
 * they would approve.
 */
export function boundPart(request: Bindable, now: Catalogue): Uint8Array {
  const { source, actions, statements, catalogue } = request
  if (statements.some(({ atCursor }) => atCursor === true)) throw new Refused(unseen)
  const relations = statements.flatMap(({ touched }) => touched.map((name) => pictureOf(name, now)))
  const before = statements.flatMap(({ touched }) => touched.map((name) => pictureOf(name, catalogue)))
  if (JSON.stringify(relations) !== JSON.stringify(before)) throw new Refused(changed)
  const { texts, bound, searchPaths } = source
  const what = actions.map((action) => ({ ...action, transaction: null }))
  const written = texts.map((one) => one.replace(trailing, ''))
  const text = JSON.stringify([written, bound?.types ?? null, searchPaths, what, relations])
  return createHash('sha256')
    .update(`${text.length}:${text}`)
    .update(bound?.bytes ?? '')
    .digest()
}

/** Blanks at the end of a text, and in front of a comment that is left out, mean nothing. */
const trailing = /[ \t\n\r\f\v;]+$/

/**
 * The whole of what runs, but no secret, for people: texts, values, where the literals of each text stand, whose rows its relations
 * share, and how many they have by the target's statistics. UTF-8 JSON.
 */
export function shownOf(request: Pick<Bindable, 'source' | 'statements' | 'catalogue'>): Uint8Array {
  const { source, statements, catalogue } = request
  const { texts: written, bound } = source.clear ?? source
  // Those of a Bind alone, as $1, $2 …: literals stand in the text.
  const values = bound === null ? [] : wholeValues(bound.bytes, bound.types)
  const texts = written.map((text) => Buffer.from(text, 'latin1').toString())
  const [statement = '', ...stands] = texts
  const touched = statements.flatMap((each) => each.touched)
  const shown = (literals: readonly (readonly number[] | null)[]): Buffer =>
    Buffer.from(
      JSON.stringify({
        statement,
        ...(stands.length === 0 ? {} : { stands_for: stands }),
        parameters: values,
        literals,
        related: relatedTo(touched, catalogue),
        estimates: Object.fromEntries(touched.map((name) => [textOf(name), catalogue.estimates.of(name)])),
      }),
    )
  const unplaced = shown(texts.map(() => null))
  if (unplaced.length > limits.approvalShownBytesMax) return unplaced
  const placed = shown(texts.map(literalSpans))
  // The places of very many literals must not be what makes a request too large to be approved.
  return placed.length > limits.approvalShownBytesMax ? unplaced : placed
}

/**
 * Relations of which a value in the request may be: those that it touches, and their parents and children. `null`:
 * one of them shows rows of relations that nobody has told, as a view does.
 */
function relatedTo(touched: readonly RelationName[], catalogue: Catalogue): readonly string[] | null {
  const found = new Map<number, CatalogueRelation>()
  const open = touched.map((name) => catalogue.relations.get(keyOf(name)))
  for (const relation of open) {
    if (relation === undefined || relation.kind === 'derived') return null
    if (found.has(relation.oid)) continue
    found.set(relation.oid, relation)
    // An array hands out what is added while it is walked.
    for (const oid of [...relation.parents, ...relation.children]) open.push(catalogue.byOid.get(oid))
  }
  return Array.from(found.values(), ({ name }) => textOf(name))
}

function textOf({ schema, name }: RelationName): string {
  return `${schema}.${name}`
}

const changed = refusal(
  'denied',
  'adapter/changed',
  'A relation that it names was changed while it waited for an approval. Nothing was executed. Send it again.',
)

const unseen = refusal(
  'denied',
  'adapter/current_row',
  'It needs an approval, and nobody can see which row WHERE CURRENT OF is. Nothing was executed. Name the row by its key.',
)

function pictureOf(name: RelationName, catalogue: Catalogue): Json {
  const relation = catalogue.relations.get(keyOf(name))
  return relation === undefined ? null : pictured(relation)
}

function pictured({ oid, kind, columns, parents, children }: CatalogueRelation): Json {
  const names = columns.map((column) => column.name)
  const ascending = (oids: readonly number[]): readonly number[] => oids.toSorted((one, other) => one - other)
  return [oid, kind, names, ascending(parents), ascending(children)]
}
