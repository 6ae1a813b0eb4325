import type { DatabaseSync } from 'node:sqlite'
import { spent, workerLost } from '@sluice/core'
import type { Projection } from './projection.ts'

/** A session as the log tells of it, wherever it is or was. */
export interface SessionView {
  readonly id: string
  /** `lost`: its gateway was, or the process of it that served the session; what it was doing is unknown. */
  readonly state: 'open' | 'closed' | 'lost'
  readonly gateway: string
  readonly target: string
  readonly protocol: string
  /** Subject id. */
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly client_ip: string
  readonly application: string | null
  readonly run: string | null
  readonly opened_ms: number
  /** Of the latest token. */
  readonly token_id: string
  readonly token_expires_ms: number
  readonly closed_ms: number | null
  /** Why it is over. */
  readonly reason: string | null
  readonly requests: number
  readonly denied: number
  readonly rows: number
  readonly bytes: number
  readonly tokens: number
  readonly cost_micros: number
}

export const sessions: Projection = {
  name: 'sessions',
  version: 6,
  tables: `
    create table sessions (
      id text primary key, writer text not null, epoch integer not null, state text not null,
      gateway text not null, target text not null, protocol text not null, subject text not null,
      on_behalf_of text, client_ip text not null, application text, run text,
      opened_ms integer not null, token_id text not null, token_expires_ms integer not null, closed_ms integer, reason text,
      requests integer not null default 0, denied integer not null default 0,
      rows integer not null default 0, bytes integer not null default 0,
      tokens integer not null default 0, cost_micros integer not null default 0
    ) strict;
    create index sessions_by_opened on sessions (opened_ms, id);
    create index sessions_by_subject on sessions (subject, opened_ms, id);
    create index sessions_by_ended on sessions (coalesce(closed_ms, 9000000000000000), id);
  `,
  fold(db) {
    const opened = db.prepare(
      `insert or ignore into sessions
         (id, writer, epoch, state, gateway, target, protocol, subject, on_behalf_of, client_ip, application, run,
          opened_ms, token_id, token_expires_ms)
       values (?, ?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    const extended = db.prepare('update sessions set token_id = ?, token_expires_ms = ? where id = ?')
    const counted = db.prepare(
      `update sessions set requests = requests + ?, denied = denied + ?, rows = rows + ?, bytes = bytes + ?,
         tokens = tokens + ?, cost_micros = cost_micros + ?,
         run = coalesce(?, run) where id = ?`,
    )
    const sums = new Map<string, Sum>()
    const sumOf = (session: string): Sum => {
      const known = sums.get(session) ?? { ...nothing }
      sums.set(session, known)
      return known
    }
    const closed = db.prepare(
      `update sessions set state = ?, closed_ms = ?, reason = ?, requests = ?, denied = ?, rows = ?, bytes = ?,
         tokens = tokens + ?, cost_micros = cost_micros + ?,
         run = coalesce(?, run) where id = ?`,
    )
    return {
      event(event) {
        const { time } = event
        switch (event.type) {
          case 'SessionOpened': {
            const { session, gateway, target, protocol, subject, client_ip, application } = event.data
            opened.run(
              session,
              event.writer,
              event.epoch,
              gateway,
              target,
              protocol,
              subject.id,
              subject.on_behalf_of,
              client_ip,
              application,
              event.run_id,
              time,
              event.data.token_id,
              event.data.token_expires_ms,
            )
            return
          }
          case 'SessionExtended':
            extended.run(event.data.token_id, event.data.token_expires_ms, event.data.session)
            return
          case 'RequestReceived': {
            const sum = sumOf(event.data.session)
            sum.requests += 1
            sum.run = event.run_id ?? sum.run
            return
          }
          case 'DecisionMade':
            if (event.data.effect === 'deny') sumOf(event.data.session).denied += 1
            return
          case 'DenialsCounted': {
            const sum = sumOf(event.data.session)
            sum.requests += event.data.requests
            sum.denied += event.data.denied
            sum.run = event.run_id ?? sum.run
            return
          }
          case 'ResponseCompleted': {
            const sum = sumOf(event.data.session)
            sum.rows += event.data.rows
            sum.bytes += event.data.bytes
            const { tokens, cost_micros } = spent(event.data.usage)
            sum.tokens += tokens
            sum.cost_micros += cost_micros
            return
          }
          case 'SessionClosed': {
            const { session, reason, requests, denied, rows, bytes } = event.data
            const { tokens, cost_micros, run } = sumOf(session)
            sums.delete(session)
            const state = reason === workerLost ? 'lost' : 'closed'
            closed.run(state, time, reason, requests, denied, rows, bytes, tokens, cost_micros, run, session)
            return
          }
          default:
        }
      },
      done() {
        for (const [session, { requests, denied, rows, bytes, tokens, cost_micros, run }] of sums)
          counted.run(requests, denied, rows, bytes, tokens, cost_micros, run, session)
        sums.clear()
      },
    }
  },
}

/** What a batch adds to a session. */
interface Sum {
  requests: number
  denied: number
  rows: number
  bytes: number
  tokens: number
  cost_micros: number
  run: string | null
}

const nothing: Sum = {
  requests: 0,
  denied: 0,
  rows: 0,
  bytes: 0,
  tokens: 0,
  cost_micros: 0,
  run: null,
}

export interface SessionsWanted {
  readonly state?: SessionView['state']
  /** Of this subject alone. */
  readonly subject?: string
  readonly last: number
}

/** Partitions are read side by side: that a gateway was lost may be known before what it did. */
export const sessionState: string = `case when sessions.state = 'open' and lost.epoch >= sessions.epoch then 'lost' else sessions.state end`

/** With `lost` joined. */
export const sessionColumns: string = `id, ${sessionState} as state, gateway, target, protocol, subject, on_behalf_of, client_ip, application, run, opened_ms,
  token_id, token_expires_ms, closed_ms, reason, requests, denied, rows, bytes, tokens, cost_micros`

export interface SessionsRead {
  get(id: string): SessionView | undefined
  /** Newest first. */
  list(wanted: SessionsWanted): readonly SessionView[]
}

export function readSessions(db: DatabaseSync): SessionsRead {
  const one = db.prepare(`select ${sessionColumns} from sessions left join lost using (writer) where id = ?`)
  const many = db.prepare(
    `select ${sessionColumns} from sessions left join lost using (writer)
     where (?1 is null or ${sessionState} = ?1) and (?2 is null or subject = ?2) order by opened_ms desc, id desc limit ?3`,
  )
  return {
    get: (id) => one.get(id) as SessionView | undefined,
    list: ({ state = null, subject = null, last }) =>
      many.all(state, subject, last) as unknown as readonly SessionView[],
  }
}
