import { type Relation } from '@sluice/core'
import type {
  BoundSetting,
  ColumnUse,
  Doubt,
  Output,
  RelationName,
  SessionEffect,
  Source,
} from '../statement.ts'
import { tooComplex } from './objection.ts'
import { sqlLimits } from '../limits.ts'

/** What may come to decide the order of a query, but not unless other columns come out of it. */
export interface Displaced {
  /** All that comes out of it now. */
  readonly output: readonly Output[]
  readonly columns: readonly Output[]
}

/** How strongly a part of a statement changes data; a statement is named after its strongest part. */
const verbs = ['select', 'insert', 'update', 'merge', 'delete'] as const
export type Verb = (typeof verbs)[number]

export type Access = Relation['access']
type Place = ColumnUse['place']

interface Touched {
  readonly relation: RelationName
  readonly access: Access
  readonly columns: Set<string>
}

/**
 * What the walk over one statement has collected so far. The one mutable thing in the analysis; the budget of work
 * is shared by all statements of a message, so that none of them needs a clock to be bounded.
 */
export class Findings {
  readonly budget: Budget
  readonly functions: Set<string> = new Set()
  readonly objects: Set<string> = new Set()
  readonly derived: Map<string, RelationName> = new Map()
  readonly namesakes: Map<string, RelationName> = new Map()
  readonly touched: Map<string, RelationName> = new Map()
  /** `null` while nothing with a WHERE clause was seen; a part without one outweighs a part with one. */
  hasWhere: boolean | null = null
  readOnly = true
  /** A type is named that is not the server's own: its casts may be anybody's functions. */
  ownTypes = false
  computed = false
  /** `Statement.outputs` */
  outputs: readonly Output[] | null = null
  /** See `Statement.lingers`. */
  lingers = false
  /** It is EXPLAIN: what comes out are plans, not rows. */
  explains = false
  verb: Verb = 'select'
  effect: SessionEffect = { kind: 'none' }
  /** The function call of a statement that is nothing else, so that it surely runs. */
  loneCall: object | null = null
  /** That call is `pg_notify`. */
  notifies = false
  /** The `pg_settings` of a statement that reads one setting there, which SHOW may tell too. */
  shownSetting: object | null = null
  /** `Statement.atCursor` */
  atCursor = false
  /** `Statement.settings` */
  readonly settings: BoundSetting[] = []
  /** The INTO of the statement itself. */
  into: unknown = null
  /** What may come to decide an order. */
  readonly displaced: Displaced[] = []
  /** By the relation's own object first: the catalogue hands out one for all columns, and comparing it is cheap. */
  readonly #uses = new Map<RelationName, Map<string, Map<Place, Doubt | undefined>>>()
  readonly #relations = new Map<string, Touched>()
  #last: Touched | undefined

  constructor(budget: Budget) {
    this.budget = budget
  }

  touch(relation: RelationName, access: Access, columns: readonly string[] = []): void {
    let entry = this.#last
    if (entry?.relation !== relation || entry.access !== access) {
      const key = keyOf(relation)
      const entryKey = `${key}\0${access}`
      this.touched.set(key, relation)
      entry = this.#relations.get(entryKey) ?? { relation, access, columns: new Set<string>() }
      this.#relations.set(entryKey, entry)
      this.#last = entry
    }
    for (const column of columns) entry.columns.add(column)
  }

  /** A column of a real relation is named to be read. */
  name(relation: RelationName, column: string): void {
    const last = this.#last
    if (last?.relation === relation && last.access === 'read') last.columns.add(column)
    else this.touch(relation, 'read', [column])
  }

  /** A column of a real relation is used at `place`. Naming it is `touch`: what names it may only hand it on. */
  use({ relation, column, doubt }: Source, place: Place): void {
    const columns = this.#uses.get(relation) ?? new Map<string, Map<Place, Doubt | undefined>>()
    const places = columns.get(column) ?? new Map<Place, Doubt | undefined>()
    if (doubt === undefined || !places.has(place)) places.set(place, doubt)
    columns.set(column, places)
    this.#uses.set(relation, columns)
  }

  /** The statement also does this; the strongest part names it. */
  does(verb: Verb): void {
    if (verb !== 'select') this.readOnly = false
    if (verbs.indexOf(verb) > verbs.indexOf(this.verb)) this.verb = verb
  }

  where(present: boolean): void {
    this.hasWhere = present && this.hasWhere !== false
  }

  /** EXPLAIN without ANALYZE: nothing of it happens, it only tells of the relations. */
  onlyExplained(): void {
    this.readOnly = true
    const touched = Array.from(this.#relations.values())
    this.#relations.clear()
    this.#last = undefined
    for (const { relation, columns } of touched) this.touch(relation, 'read', [...columns])
  }

  uses(): readonly ColumnUse[] {
    const uses: ColumnUse[] = []
    for (const [relation, columns] of this.#uses)
      for (const [column, places] of columns)
        for (const [place, doubt] of places)
          uses.push(doubt === undefined ? { relation, column, place } : { relation, column, place, doubt })
    return uses
  }

  /** In an order that depends on the names alone. */
  relations(): readonly Relation[] {
    return [...this.#relations]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { relation, access, columns }]) => ({
        schema: relation.schema,
        name: relation.name,
        access,
        columns: [...columns].toSorted(),
      }))
  }
}

/** A bound on the analysis of one message that depends on nothing but the message. */
export class Budget {
  #left: number = sqlLimits.statementWorkUnitsMax
  #nodes: number = sqlLimits.statementNodesMax

  /** One more node of the parse tree. */
  node(): void {
    this.#nodes -= 1
    if (this.#nodes < 0) tooComplex('parts')
  }

  spend(units: number): void {
    this.#left -= units
    if (this.#left < 0) tooComplex('names and expressions')
  }
}

/** NUL is in no identifier, so the key is unambiguous. */
export function keyOf(relation: RelationName): string {
  return `${relation.schema}\0${relation.name}`
}
