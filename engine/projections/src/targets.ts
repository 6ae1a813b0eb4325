import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from './projection.ts'

/** A target as it was registered last, by whichever gateway. */
export interface TargetRecord {
  readonly name: string
  readonly protocol: string
  readonly address: string
  /** As JSON. */
  readonly labels: string
  readonly by: string
  readonly since_ms: number
}

export const targets: Projection = {
  name: 'targets',
  version: 1,
  tables: `create table targets (
    name text primary key, protocol text not null, address text not null, labels text not null, by text not null,
    since_ms integer not null
  ) strict;`,
  fold(db) {
    const keep = db.prepare('insert or replace into targets values (?, ?, ?, ?, ?, ?)')
    const remove = db.prepare('delete from targets where name = ?')
    return {
      event(event) {
        if (event.type === 'TargetRegistered') {
          const { name, protocol, address, labels, by } = event.data
          keep.run(name, protocol, address, labels, by, event.time)
        } else if (event.type === 'TargetRemoved') remove.run(event.data.name)
      },
    }
  },
}

export interface TargetsRead {
  list(): readonly TargetRecord[]
}

export function readTargets(db: DatabaseSync): TargetsRead {
  const all = db.prepare('select * from targets order by name')
  return { list: () => all.all() as unknown as readonly TargetRecord[] }
}
