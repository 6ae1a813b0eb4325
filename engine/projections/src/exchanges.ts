import type { DatabaseSync } from 'node:sqlite'
import type { EventData, RecordedEvent } from '@sluice/core'
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
    const insert = db.prepare(
      `insert or ignore into exchanges (exchange, session, writer, epoch, at_ms, actions, bytes, effect, rule, decision,
         revision, outcome, status, rows, masked)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const update = db.prepare(
      `update exchanges set effect = coalesce(?, effect), rule = coalesce(?, rule), decision = coalesce(?, decision),
         revision = coalesce(?, revision), outcome = ?, status = coalesce(?, status), rows = rows + ?,
         masked = masked + ?
       where exchange = ?`,
    )
    const changes = new Map<string, Change>()
    const changeOf = (exchange: string): Change => {
      const known = changes.get(exchange) ?? { ...unchanged }
      changes.set(exchange, known)
      return known
    }
    return {
      event(event) {
        switch (event.type) {
          case 'RequestReceived':
            changeOf(event.data.exchange).received = event
            return
          case 'DecisionMade': {
            const { exchange, effect, rule, decision, revision } = event.data
            Object.assign(changeOf(exchange), { effect, rule, decision, revision, outcome: outcomes[effect] })
            return
          }
          case 'ExchangeAbandoned':
            changeOf(event.data.exchange).outcome = 'abandoned'
            return
          case 'ResponseCompleted': {
            const { exchange, outcome, status, rows, masked } = event.data
            const values = masked.reduce((sum, each) => sum + each.values, 0)
            Object.assign(changeOf(exchange), { outcome, status, rows, masked: values })
            return
          }
          default:
        }
      },
      done() {
        for (const [exchange, change] of changes) {
          const { received, effect, rule, decision, revision, outcome, status, rows, masked } = change
          if (received === null)
            update.run(effect, rule, decision, revision, outcome, status, rows, masked, exchange)
          else {
            const { writer, epoch, time, data } = received
            insert.run(
              exchange,
              data.session,
              writer,
              epoch,
              time,
              data.actions,
              data.bytes,
              effect,
              rule,
              decision,
              revision,
              outcome,
              status,
              rows,
              masked,
            )
          }
        }
        changes.clear()
      },
    }
  },
}

/** What a batch says of an exchange. */
interface Change {
  received: Extract<RecordedEvent, { readonly type: 'RequestReceived' }> | null
  effect: string | null
  rule: string | null
  decision: string | null
  revision: string | null
  outcome: ExchangeView['outcome']
  status: string | null
  rows: number
  masked: number
}

const unchanged: Change = {
  received: null,
  effect: null,
  rule: null,
  decision: null,
  revision: null,
  outcome: 'received',
  status: null,
  rows: 0,
  masked: 0,
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
