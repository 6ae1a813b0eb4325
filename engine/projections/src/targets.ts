import type { DatabaseSync } from 'node:sqlite'
import { declaredByFile } from '@sluice/core'
import type { Projection } from './projection.ts'

/** A target as it was registered last, by whichever gateway that has it. */
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
  version: 3,
  // Each gateway registers what its own files say, and removes no other's. What people add is nobody's own.
  tables: `create table targets (
    name text not null, writer text not null, protocol text not null, address text not null, labels text not null,
    by text not null, since_ms integer not null, primary key (name, writer)
  ) strict;`,
  fold(db) {
    const keep = db.prepare('insert or replace into targets values (?, ?, ?, ?, ?, ?, ?)')
    // Of two that people added under one name the first counts.
    const add = db.prepare('insert or ignore into targets values (?, ?, ?, ?, ?, ?, ?)')
    const remove = db.prepare('delete from targets where name = ? and writer = ?')
    return {
      event(event) {
        if (event.type === 'TargetRegistered') {
          const { name, protocol, address, labels, by } = event.data
          const register = by === declaredByFile ? keep : add
          register.run(name, ownerOf(event), protocol, address, labels, by, event.time)
        } else if (event.type === 'TargetRemoved') remove.run(event.data.name, ownerOf(event))
      },
    }
  },
}

/** Whose it is to remove: a gateway's, or everybody's. */
function ownerOf({
  writer,
  data,
}: {
  readonly writer: string
  readonly data: { readonly by: string }
}): string {
  return data.by === declaredByFile ? writer : ''
}

export interface TargetsRead {
  list(): readonly TargetRecord[]
}

export function readTargets(db: DatabaseSync): TargetsRead {
  const all = db.prepare(`
    select name, protocol, address, labels, by, max(since_ms) as since_ms from targets group by name order by name`)
  return { list: () => all.all() as unknown as readonly TargetRecord[] }
}
