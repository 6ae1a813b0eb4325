import type { DatabaseSync } from 'node:sqlite'
import type { EventData, FollowedEvent } from '@sluice/core'
import { searchExchanges, type ExchangesWanted, type FoundExchange } from './exchange-search.ts'
import type { Projection } from './projection.ts'
import { reasonOf } from './reason.ts'
import { summaries } from './summary.ts'

/** One request and what came of it, without content. */
export interface ExchangeView {
  readonly exchange: string
  readonly session: string
  readonly at_ms: number
  /** Its actions and what they touch, e.g. `sql.select public.customers`; several on lines of their own. */
  readonly summary: string
  /** The client's claim. */
  readonly run: string | null
  readonly bytes: number
  readonly effect: EventData['DecisionMade']['effect'] | null
  readonly rule: string | null
  /** Why it was not simply allowed, in the words of the rules. */
  readonly reason: string | null
  readonly decision: string | null
  readonly revision: string | null
  /** `unknown`: its gateway, or the process that served it, was lost while it ran. `expired`: while it waited for people. */
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
  /** From the decision to the end of its answer; `null` until then. */
  readonly micros: number | null
}

const outcomes = { allow: 'running', hold: 'held', deny: 'refused' } as const

/** `changed`: told of each exchange that a batch says something of, once that is written. */
export const exchanges = (changed: (exchange: ExchangeKey) => void): Projection => ({
  name: 'exchanges',
  version: 4,
  // Of a session together, in its order: identifiers ascend in the process that makes them.
  tables: `
    create table exchanges (
      session text not null, exchange text not null, at_ms integer not null, summary text not null,
      run text, bytes integer not null, effect text, rule text, reason text, decision text, revision text,
      outcome text not null, status text, rows integer not null, masked integer not null, micros integer,
      primary key (session, exchange)
    ) strict, without rowid;
  `,
  fold(db) {
    const insert = db.prepare(
      `insert or ignore into exchanges (session, exchange, at_ms, summary, run, bytes, effect, rule, reason, decision,
         revision, outcome, status, rows, masked, micros)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const update = db.prepare(
      `update exchanges set effect = coalesce(?, effect), rule = coalesce(?, rule), reason = coalesce(?, reason),
         decision = coalesce(?, decision), revision = coalesce(?, revision), outcome = ?, status = coalesce(?, status), rows = rows + ?,
         masked = masked + ?, micros = coalesce(?, micros)
       where session = ? and exchange = ?`,
    )
    const summaryOf = summaries()
    const changes = new Map<string, Change>()
    const changeOf = ({ exchange, session }: Of): Change => {
      const known = changes.get(exchange)
      if (known !== undefined) return known
      const fresh = new Change(session)
      changes.set(exchange, fresh)
      return fresh
    }
    return {
      event(event) {
        switch (event.type) {
          case 'RequestReceived':
            changeOf(event.data).received = event
            return
          case 'DecisionMade': {
            const { effect, rule, decision, revision } = event.data
            // What is simply allowed need not be explained, and is most of what there is.
            const reason = effect === 'allow' ? null : reasonOf(event.data.verdicts)
            const change = changeOf(event.data)
            change.effect = effect
            change.rule = rule
            change.decision = decision
            change.revision = revision
            change.outcome = outcomes[effect]
            change.reason = reason ?? change.reason
            return
          }
          case 'ExchangeAbandoned':
            changeOf(event.data).outcome = 'abandoned'
            return
          case 'ResponseCompleted': {
            const { outcome, status, rows, masked, micros } = event.data
            const change = changeOf(event.data)
            change.outcome = outcome
            change.status = status
            change.rows = rows
            change.masked = masked.reduce((sum, each) => sum + each.values, 0)
            change.micros = micros
            return
          }
          default:
        }
      },
      done() {
        for (const [exchange, change] of changes) {
          const {
            session,
            received,
            effect,
            rule,
            reason,
            decision,
            revision,
            outcome,
            status,
            rows,
            masked,
            micros,
          } = change
          if (received === null)
            update.run(
              effect,
              rule,
              reason,
              decision,
              revision,
              outcome,
              status,
              rows,
              masked,
              micros,
              session,
              exchange,
            )
          else {
            const { actions, bytes } = received.data
            insert.run(
              session,
              exchange,
              received.time,
              summaryOf(actions),
              received.run_id,
              bytes,
              effect,
              rule,
              reason,
              decision,
              revision,
              outcome,
              status,
              rows,
              masked,
              micros,
            )
          }
          changed({ session, exchange })
        }
        changes.clear()
      },
    }
  },
})

export interface ExchangeKey {
  readonly session: string
  readonly exchange: string
}

interface Of {
  readonly session: string
  readonly exchange: string
}

/** What a batch says of an exchange. */
class Change {
  readonly session: string
  received: Extract<FollowedEvent, { readonly type: 'RequestReceived' }> | null = null
  effect: string | null = null
  rule: string | null = null
  reason: string | null = null
  decision: string | null = null
  revision: string | null = null
  outcome: ExchangeView['outcome'] = 'received'
  status: string | null = null
  rows = 0
  masked = 0
  micros: number | null = null

  constructor(session: string) {
    this.session = session
  }
}

/** Partitions are read side by side: that a gateway was lost may be known before what it did. */
const outcomeNow = `case
  when (lost.epoch >= sessions.epoch or sessions.state = 'lost') and outcome = 'held' then 'expired'
  when (lost.epoch >= sessions.epoch or sessions.state = 'lost') and outcome in ('received', 'running') then 'unknown'
  else outcome end`

/** With `sessions` and `lost` joined. */
export const exchangeColumns: string = `exchange, session, at_ms, summary, exchanges.run, exchanges.bytes, effect, rule,
  exchanges.reason, decision, revision, ${outcomeNow} as outcome, status, exchanges.rows, masked, micros`

export interface ExchangesRead {
  /** Of a session, oldest first; of many the latest. */
  of(session: string, last: number): readonly ExchangeView[]
  /** Newest first. Others have their turn while it looks. */
  search(wanted: ExchangesWanted): Promise<readonly FoundExchange[]>
}

export function readExchanges(db: DatabaseSync): ExchangesRead {
  const latest = db.prepare(
    `select ${exchangeColumns}
     from exchanges left join sessions on sessions.id = session left join lost using (writer)
     where session = ? order by exchange desc limit ?`,
  )
  return {
    of: (session, last) => (latest.all(session, last) as unknown as ExchangeView[]).toReversed(),
    search: searchExchanges(db),
  }
}
