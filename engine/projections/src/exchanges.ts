import type { DatabaseSync } from 'node:sqlite'
import type { EventData } from '@sluice/core'
import type { Projection } from './projection.ts'

/** One request and what came of it, without content. */
export interface ExchangeView {
  readonly exchange: string
  readonly session: string
  readonly at_ms: number
  /** The actions as JSON, without literals and parameters. */
  readonly actions: string
  readonly bytes: number
  readonly effect: EventData['DecisionMade']['effect'] | null
  readonly rule: string | null
  readonly decision: string | null
  readonly revision: string | null
  /** `unknown`: its gateway was lost while it ran. `expired`: while it waited for people. */
  readonly outcome:
    | 'received'
    | 'held'
    | 'running'
    | 'refused'
    | 'abandoned'
    | 'unknown'
    | 'expired'
    | EventData['ResponseCompleted']['outcome']
  readonly status: string | null
  readonly rows: number
  readonly masked: number
}

const outcomes = { allow: 'running', hold: 'held', deny: 'refused' } as const

export const exchanges: Projection = {
  name: 'exchanges',
  version: 1,
  tables: `
    create table exchanges (
      exchange text primary key, session text not null, writer text not null, epoch integer not null,
      at_ms integer not null, actions text not null, bytes integer not null,
      effect text, rule text, decision text, revision text, outcome text not null, status text,
      rows integer not null default 0, masked integer not null default 0
    ) strict;
    create index exchanges_of on exchanges (session, at_ms);
  `,
  fold(db) {
    const received = db.prepare(
      `insert or ignore into exchanges (exchange, session, writer, epoch, at_ms, actions, bytes, outcome)
       values (?, ?, ?, ?, ?, ?, ?, 'received')`,
    )
    const decided = db.prepare(
      'update exchanges set effect = ?, rule = ?, decision = ?, revision = ?, outcome = ? where exchange = ?',
    )
    const ended = db.prepare(
      'update exchanges set outcome = ?, status = ?, rows = ?, masked = ? where exchange = ?',
    )
    const abandoned = db.prepare("update exchanges set outcome = 'abandoned' where exchange = ?")
    return (event) => {
      switch (event.type) {
        case 'RequestReceived': {
          const { exchange, session, actions, bytes } = event.data
          received.run(exchange, session, event.writer, event.epoch, event.time, actions, bytes)
          return
        }
        case 'DecisionMade': {
          const { exchange, effect, rule, decision, revision } = event.data
          decided.run(effect, rule, decision, revision, outcomes[effect], exchange)
          return
        }
        case 'ExchangeAbandoned':
          abandoned.run(event.data.exchange)
          return
        case 'ResponseCompleted': {
          const { exchange, outcome, status, rows, masked } = event.data
          const values = masked.reduce((sum, each) => sum + each.values, 0)
          ended.run(outcome, status, rows, values, exchange)
          return
        }
        default:
      }
    }
  },
}

/** Partitions are read side by side: that a gateway was lost may be known before what it did. */
const outcomeNow = `case
  when lost.epoch >= exchanges.epoch and outcome = 'held' then 'expired'
  when lost.epoch >= exchanges.epoch and outcome in ('received', 'running') then 'unknown'
  else outcome end`

export interface ExchangesRead {
  /** Of a session, oldest first; of many the latest. */
  of(session: string, last: number): readonly ExchangeView[]
}

export function readExchanges(db: DatabaseSync): ExchangesRead {
  const latest = db.prepare(
    `select exchange, session, at_ms, actions, bytes, effect, rule, decision, revision, ${outcomeNow} as outcome, status,
       rows, masked
     from exchanges left join lost using (writer) where session = ? order by at_ms desc, exchange desc limit ?`,
  )
  return {
    of: (session, last) => (latest.all(session, last) as unknown as ExchangeView[]).toReversed(),
  }
}
