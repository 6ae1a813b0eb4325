import type { DatabaseSync } from 'node:sqlite'
import type { FollowedEvent } from '@sluice/core'

/** A read model: what the log says, in the shape in which somebody asks for it. */
export interface Projection {
  readonly name: string
  /** Another number rebuilds everything from the start of the log. */
  readonly version: number
  /** Its tables, as SQL. */
  readonly tables: string
  fold(db: DatabaseSync): Fold
}

/** Folds events in the order of their streams. Each is given once, and one that it does not know changes nothing. */
export interface Fold {
  event(event: FollowedEvent): void
  /** The end of a transaction: what was added up meanwhile is written down now. */
  done?(): void
}
