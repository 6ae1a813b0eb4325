import type { DatabaseSync } from 'node:sqlite'
import type { Projection } from './projection.ts'

/** What became of policies: a revision came into force, or something could not be used. */
export interface PolicyChangeRecord {
  readonly kind: 'activated' | 'rejected'
  /** `null`: files that did not become one. */
  readonly revision: string | null
  /** At which gateway. */
  readonly gateway: string
  /** A subject id, `file` or `gateway`. */
  readonly by: string
  readonly reason: string
  /** Why it could not be used; empty where it was. */
  readonly errors: string
  readonly at_ms: number
}

/** By what one gateway of a shared log judges. */
export interface GatewayPolicyRecord {
  readonly gateway: string
  /** `null`: it has not said so yet. */
  readonly revision: string | null
  readonly since_ms: number
  /** Why it does not judge by what was activated last; `null`: it does, or is about to. */
  readonly errors: string | null
}

export const activations: Projection = {
  name: 'activations',
  version: 2,
  tables: `
    create table activations (
      place integer primary key autoincrement, kind text not null, revision text, gateway text not null,
      by text not null, reason text not null, errors text not null, at_ms integer not null
    ) strict;
    create table policy_gateways (
      gateway text primary key, epoch integer not null, revision text, since_ms integer not null, errors text
    ) strict;`,
  fold(db) {
    const keep = db.prepare(
      'insert into activations (kind, revision, gateway, by, reason, errors, at_ms) values (?, ?, ?, ?, ?, ?, ?)',
    )
    const newest = db.prepare(
      "select revision from activations where kind = 'activated' order by place desc limit 1",
    )
    const joined = db.prepare('insert or replace into policy_gateways values (?, ?, null, ?, null)')
    const gone = db.prepare('delete from policy_gateways where gateway = ? and epoch <= ?')
    const serves = db.prepare(
      'update policy_gateways set revision = ?, since_ms = ?, errors = null where gateway = ?',
    )
    const forgiven = db.prepare('update policy_gateways set errors = null')
    const refuses = db.prepare('update policy_gateways set errors = ? where gateway = ?')
    return {
      event(event) {
        const { writer: gateway, time } = event
        switch (event.type) {
          case 'GatewayJoined':
            joined.run(event.data.writer, event.data.epoch, time)
            return
          case 'GatewayLeft':
          case 'GatewayLost':
            gone.run(event.data.writer, event.data.epoch)
            return
          case 'PolicyActivated': {
            const { revision, by, reason } = event.data
            keep.run('activated', revision, gateway, by, reason, '', time)
            // What could not be used before is wanted of nobody any more.
            forgiven.run()
            serves.run(revision, time, gateway)
            return
          }
          case 'PolicyFollowed':
            serves.run(event.data.revision, time, gateway)
            return
          case 'PolicyRejected': {
            const { by, errors } = event.data
            const ofLog = by === 'gateway'
            const revision = ofLog ? ((newest.get()?.['revision'] as string | undefined) ?? null) : null
            keep.run('rejected', revision, gateway, by, '', errors, time)
            if (ofLog) refuses.run(errors, gateway)
            return
          }
          default:
        }
      },
    }
  },
}

export interface ActivationsRead {
  /** Newest first. */
  list(last: number): readonly PolicyChangeRecord[]
  /** Those that are live on a log of several. */
  gateways(): readonly GatewayPolicyRecord[]
}

export function readActivations(db: DatabaseSync): ActivationsRead {
  const latest = db.prepare(
    'select kind, revision, gateway, by, reason, errors, at_ms from activations order by place desc limit ?',
  )
  const live = db.prepare('select gateway, revision, since_ms, errors from policy_gateways order by gateway')
  return {
    list: (last) => latest.all(last) as unknown as readonly PolicyChangeRecord[],
    gateways: () => live.all() as unknown as readonly GatewayPolicyRecord[],
  }
}
