import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from './projection.ts'

/** A policy that came into force. */
export interface ActivationRecord {
  readonly revision: string
  readonly by: string
  readonly reason: string
  readonly at_ms: number
}

export const activations: Projection = {
  name: 'activations',
  version: 1,
  tables: `create table activations (
    place integer primary key autoincrement, revision text not null, by text not null, reason text not null,
    at_ms integer not null
  ) strict;`,
  fold(db) {
    const keep = db.prepare('insert into activations (revision, by, reason, at_ms) values (?, ?, ?, ?)')
    return {
      event(event) {
        if (event.type !== 'PolicyActivated') return
        const { revision, by, reason } = event.data
        keep.run(revision, by, reason, event.time)
      },
    }
  },
}

export interface ActivationsRead {
  /** Newest first. */
  list(last: number): readonly ActivationRecord[]
}

export function readActivations(db: DatabaseSync): ActivationsRead {
  const latest = db.prepare('select revision, by, reason, at_ms from activations order by place desc limit ?')
  return { list: (last) => latest.all(last) as unknown as readonly ActivationRecord[] }
}
