import type { Action, Refusal } from '@sluice/core'
import type { ColumnMask } from './column-mask.ts'
import type { DerivedMask } from './derived-mask.ts'
import type { CopyFormat } from './copy/format.ts'
import type { Detection } from './detect/detection.ts'
import type { Secrets } from './redact/text.ts'

/** What `normalise` says of one SQL message: its statements in order, or why nobody can vouch for it. */
export interface Analysis {
  /** Empty for an empty query string. */
  readonly statements: readonly Statement[]
  /** Set when the text is unparseable or outside the closed world; the actions are then the best description. */
  readonly objection: Refusal | null
  /**
   * The objection is that the catalogue does not know a name (native 42P01 or 42703). It may be new: read the
   * catalogue again once, analyse again, and only then answer with the objection.
   */
  readonly unknownName?: true
  /** What must not be recorded of the text. */
  readonly secrets?: Secrets | undefined
  /** Of a long text: what is recorded of it when it is refused; `undefined`: all of it. */
  readonly refused?: string | undefined
}

/** One parsed statement. Frozen; the same object serves every execution of the same template. */
export interface Statement {
  readonly action: Action
  /** Every place where a column of a real relation is named, for the check against the mask rules. */
  readonly uses: readonly ColumnUse[]
  /** Relations that are no plain tables (view, partition, foreign table …) and must be named by the policy. */
  readonly derived: readonly RelationName[]
  /** Relations that its names lead to should others of their search_path be gone by the time that the server reads them. */
  readonly namesakes: readonly RelationName[]
  /** Every existing relation that is named, for whatever access; the same names as in `action.relations`. */
  readonly touched: readonly RelationName[]
  /** Some output column is computed (origin 0, 0 on the wire). What it is computed from is in `uses`. */
  readonly computed: boolean
  /** The columns of its answer in order; `null` where they cannot be told one by one. */
  readonly outputs: readonly Output[] | null
  /** EXPLAIN, with ANALYZE or without: a plan comes out, which tells of values. */
  readonly explains: boolean
  /** Performing it provably leaves nothing behind (`walk/effect-free.ts`). Never of what PREPARE or DECLARE hold. */
  readonly effectFree: boolean
  /** It names a setting of nobody's (`a.b`): the name stays with the server's process, whatever is reset. */
  readonly lingers: boolean
  /** What it changes in the connection that later statements depend on. */
  readonly effect: SessionEffect
  /** `WHERE CURRENT OF`: which row it changes is told by where a cursor stands. */
  readonly atCursor?: true
  /** `set_config` of names that are parameters: it can be judged with their values alone (`bound-settings.ts`). */
  readonly settings?: readonly BoundSetting[]
}

/** A setting whose name is a parameter. */
export interface BoundSetting {
  /** The number of the parameter, from 1. */
  readonly name: number
  /** What it is set to: a text, the number of a parameter, or `null` for what is not known. */
  readonly value: string | number | null
  /** Until the end of the transaction at most. */
  readonly local: boolean
  /** The statement does nothing else, so that it is surely set. */
  readonly alone: boolean
}

export interface RelationName {
  readonly schema: string
  readonly name: string
}

/**
 * `output`: a plain column of the top-level target list or RETURNING list (or covered by `*` there). `derived`: an
 * output is computed from it, in a way that tells nothing of it but by that output. `equality`: `column = constant` or
 * `column = $n` in a condition. `presence`: only whether there is a value, as in `column IS NULL` and `count(column)`.
 * `predicate`: something else depends on it: which rows come, in which order, how many, whether the statement fails.
 * `moved`: it is written somewhere. `elsewhere`: anything else.
 */
export interface ColumnUse {
  readonly relation: RelationName
  /** `*` for all of them. */
  readonly column: string
  readonly place: 'output' | 'derived' | 'equality' | 'presence' | 'predicate' | 'moved' | 'elsewhere'
  /** Nothing that is there now is used so. */
  readonly doubt?: Doubt
}

/**
 * Why something may come to be that column by the time that the server reads it: a `name` without its table, a `place` that
 * is counted in `*` or in a table, a `call` by the name of a column, or a `natural` join with a column that is added.
 */
export type Doubt = 'name' | 'place' | 'call' | 'natural'

/** A column of a real relation; `*` for any of them. */
export interface Source {
  readonly relation: RelationName
  readonly column: string
  readonly doubt?: Doubt
}

/** What an output column is. */
export interface Output {
  /** It is this column; one of these, where there are several. */
  readonly sources: readonly Source[]
  /** It is computed, from these at most. */
  readonly from?: readonly Source[]
}

export type SessionEffect =
  | { readonly kind: 'none' }
  /** PREPARE name AS body: EXECUTE is judged by the body. */
  | { readonly kind: 'prepare'; readonly name: string; readonly body: Statement }
  | { readonly kind: 'execute'; readonly name: string }
  /** `null`: all. */
  | { readonly kind: 'deallocate'; readonly name: string | null }
  | { readonly kind: 'declare'; readonly cursor: string; readonly body: Statement }
  | { readonly kind: 'fetch'; readonly cursor: string }
  | { readonly kind: 'close'; readonly cursor: string | null }
  /** `local`: until the end of the transaction at most. */
  | { readonly kind: 'search_path'; readonly schemas: readonly string[]; readonly local: boolean }
  /** `statement_timeout`: milliseconds, `null` for none, `initial` for what the session began with. */
  | { readonly kind: 'timeout'; readonly ms: number | null | 'initial'; readonly local: boolean }
  | { readonly kind: 'copy_in' }
  /** `null`: its options are none that rows could be masked under. */
  | { readonly kind: 'copy_out'; readonly copied: Copied | null }
  /** CREATE TEMP TABLE: the name is this session's own. */
  | { readonly kind: 'temp_table'; readonly name: string }
  /**
   * DDL: the catalogue must be read again. `creates` is a relation that until the end of the transaction only this
   * session sees, `reshapes` are those that may have other columns until then, since they were dropped or altered; after
   * `moves` (a rename) the catalogue is wrong until then, not only incomplete.
   */
  | {
      readonly kind: 'ddl'
      readonly creates?: RelationName
      readonly reshapes?: readonly RelationName[]
      readonly moves?: true
    }
  | { readonly kind: 'discard_all' }

/** What COPY TO hands out, and how. */
export interface Copied {
  readonly format: CopyFormat
  /** As it is written, an empty schema for none, no columns for all; `null`: a query, which stands in the text. */
  readonly table: (RelationName & { readonly columns: readonly string[] }) | null
}

/** What `normalise` may know of the connection: the possible search paths and the session's own temp tables. */
export interface NameScope {
  /** Every search_path that may be in force (a rolled back SET leaves the earlier one); never empty. */
  readonly searchPaths: readonly (readonly string[])[]
  readonly tempTables: ReadonlySet<string>
  /**
   * The target's own schemas, in the order of its initial search_path: what `SET search_path` may name and what
   * `RESET search_path` returns to. Without it SET may only name schemas of `searchPaths`, and RESET is refused.
   */
  readonly schemas?: readonly string[]
  /** Relations that the open transaction has created: known by name, not yet by column. */
  readonly created?: readonly RelationName[]
  /** Relations that the open transaction has dropped or altered: they may have further columns, and be what they were again. */
  readonly reshaped?: readonly RelationName[]
  /** The open transaction has renamed or moved something: until its end the catalogue is wrong. */
  readonly moved?: boolean
}

/** What an output column must be: this column of a relation, or something that is computed. */
export type Expected =
  | { readonly kind: 'column'; readonly table: number; readonly attribute: number }
  | { readonly kind: 'clear' }
  | { readonly kind: 'derived'; readonly mask: DerivedMask }

/** The verdict's masks compiled against the catalogue: what `mask.ts` applies to each answer. */
export interface MaskPlan {
  /** Table OID → attribute number → mask. */
  readonly columns: ReadonlyMap<number, ReadonlyMap<number, ColumnMask>>
  /** The statement touches a relation with masks: output columns of unknown origin are refused, errors scrubbed. */
  readonly guarded: boolean
  /**
   * Output columns without an origin (0, 0) are allowed: they are proven to be computed from clear columns. False
   * for a statement whose outputs are all plain columns; then such an origin is a contradiction and is refused.
   */
  readonly computed: boolean
  /**
   * For each statement of the message the columns that its answer must have, in order; `null` where they cannot be told
   * or need not be.
   */
  readonly answers: readonly (readonly Expected[] | null)[]
  /** OIDs that the catalogue knows to be plain tables; another origin in a guarded answer is refused. */
  readonly known: ReadonlySet<number>
  /**
   * Set for a COPY TO under masks: the query of which the server is asked what it will hand out, and how it does so.
   */
  readonly copy?: { readonly query: Buffer; readonly format: CopyFormat }
  /** What is looked for in the answer, behind the masks of columns. */
  readonly detection?: Detection
  /** Conditions on masked columns that the policy gives a budget for. */
  readonly conditions: number
  /** The answer may be cut for its size or its time. */
  readonly limited?: true
}
