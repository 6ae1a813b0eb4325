import type { DatabaseSync } from 'node:sqlite'
import { limits, spent, type Clock, type Facts } from '@sluice/core'
import type { Projection } from './projection.ts'

/**
 * What runs and subjects did, over all sessions and gateways. Counted by hour, so that what is older than the window
 * can be left out.
 */
export const facts: Projection = {
  name: 'facts',
  version: 3,
  tables: `
    create table fact_sessions (
      session text primary key, subject text not null, class text, run text
    ) strict;
    create table facts (
      kind text not null, id text not null, hour integer not null, requests integer not null default 0,
      denied integer not null default 0, rows integer not null default 0, bytes integer not null default 0,
      tokens integer not null default 0, cost_micros integer not null default 0,
      classes text not null default '[]',
      primary key (kind, id, hour)
    ) strict, without rowid;
  `,
  fold(db) {
    const opened = db.prepare('insert or replace into fact_sessions values (?, ?, ?, ?)')
    const who = db.prepare('select subject, class from fact_sessions where session = ?')
    const closed = db.prepare('delete from fact_sessions where session = ?')
    const count = db.prepare(`
      insert into facts (kind, id, hour, requests, denied, rows, bytes, tokens, cost_micros, classes)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      on conflict do update set requests = requests + excluded.requests, denied = denied + excluded.denied,
        rows = rows + excluded.rows, bytes = bytes + excluded.bytes,
        tokens = tokens + excluded.tokens, cost_micros = cost_micros + excluded.cost_micros,
        classes = case
          when excluded.classes = '[]' or classes = excluded.classes then classes
          else (select json_group_array(distinct value) from
            (select value from json_each(facts.classes) union select value from json_each(excluded.classes)
             order by value))
        end`)
    const forget = db.prepare('delete from facts where hour < ?')
    let newestHour = 0
    const subjects = new Map<string, { readonly subject: string; readonly class: string | null } | null>()
    const sums = new Map<string, Sum>()
    const subjectOf = (session: string) => {
      const known = subjects.get(session)
      if (known !== undefined) return known
      if (subjects.size >= limits.factsKnownMax) subjects.clear()
      const found = (who.get(session) ?? null) as {
        readonly subject: string
        readonly class: string | null
      } | null
      subjects.set(session, found)
      return found
    }
    const sumOf = (kind: 'run' | 'subject', id: string, hour: number): Sum => {
      const key = `${kind} ${id}`
      const known = sums.get(key)
      if (known?.hour === hour) return known
      if (known !== undefined) write(known)
      const fresh = { kind, id, hour, ...nothing, classes: new Set<string>() }
      sums.set(key, fresh)
      return fresh
    }
    const write = ({ kind, id, hour, classes, ...sum }: Sum): void => {
      const { requests, denied, rows, bytes, tokens, cost_micros } = sum
      count.run(
        kind,
        id,
        hour,
        requests,
        denied,
        rows,
        bytes,
        tokens,
        cost_micros,
        JSON.stringify([...classes]),
      )
    }
    /** Adds to the sums of the session's subject and, when the event names one, its run. */
    const add = (session: string, run: string | null, time: number, to: (sum: Sum) => void): void => {
      const known = subjectOf(session)
      if (known === null) return
      const hour = Math.floor(time / hourMs)
      newestHour = Math.max(newestHour, hour)
      const of = [sumOf('subject', known.subject, hour)]
      if (run !== null) of.push(sumOf('run', run, hour))
      for (const sum of of) {
        const { rows } = sum
        to(sum)
        if (sum.rows > rows && known.class !== null) sum.classes.add(known.class)
      }
    }
    let forgottenHour = 0
    return {
      event(event) {
        const { time, run_id: run } = event
        switch (event.type) {
          case 'SessionOpened': {
            const { session, subject, labels } = event.data
            opened.run(session, subject.id, classOf(labels), run)
            subjects.delete(session)
            return
          }
          case 'RequestReceived':
            add(event.data.session, run, time, (sum) => void (sum.requests += 1))
            return
          case 'DecisionMade':
            if (event.data.effect === 'deny')
              add(event.data.session, run, time, (sum) => void (sum.denied += 1))
            return
          case 'DenialsCounted': {
            const { session, requests, denied } = event.data
            add(session, run, time, (sum) => {
              sum.requests += requests
              sum.denied += denied
            })
            return
          }
          case 'ResponseCompleted': {
            const { session, rows, bytes, usage } = event.data
            const { tokens, cost_micros } = spent(usage)
            add(session, run, time, (sum) => {
              sum.rows += rows
              sum.bytes += bytes
              sum.tokens += tokens
              sum.cost_micros += cost_micros
            })
            return
          }
          case 'SessionClosed':
            closed.run(event.data.session)
            subjects.delete(event.data.session)
            return
          default:
        }
      },
      done() {
        for (const sum of sums.values()) write(sum)
        sums.clear()
        if (newestHour === forgottenHour) return
        forgottenHour = newestHour
        forget.run(newestHour - windowHours)
      },
    }
  },
}

interface Sum extends Counted {
  readonly kind: 'run' | 'subject'
  readonly id: string
  readonly hour: number
  readonly classes: Set<string>
}

interface Counted {
  requests: number
  denied: number
  rows: number
  bytes: number
  tokens: number
  cost_micros: number
}

const nothing: Counted = { requests: 0, denied: 0, rows: 0, bytes: 0, tokens: 0, cost_micros: 0 }

const hourMs = 3_600_000
const windowHours = Math.ceil(limits.factsWindowMs / hourMs)

/** The class of data that a target holds is its label `data`. */
function classOf(labels: string): string | null {
  const { data } = JSON.parse(labels) as Readonly<Record<string, unknown>>
  return typeof data === 'string' ? data : null
}

export interface FactsRead {
  of(kind: 'run' | 'subject', id: string): Facts
}

/** Remembered until the next transaction: a policy that asks for facts asks for the same again and again. */
export function readFacts(
  db: DatabaseSync,
  clock: Pick<Clock, 'now'>,
  asOfMs: () => number,
): FactsRead & { readonly forget: () => void } {
  const sums = db.prepare(`
    select coalesce(sum(requests), 0) as requests, coalesce(sum(denied), 0) as denied,
      coalesce(sum(rows), 0) as rows, coalesce(sum(bytes), 0) as bytes,
      coalesce(sum(tokens), 0) as tokens, coalesce(sum(cost_micros), 0) as cost_micros,
      (select json_group_array(distinct each.value) from facts as other, json_each(other.classes) as each
       where other.kind = facts.kind and other.id = facts.id and other.hour >= ?3) as classes
    from facts where kind = ?1 and id = ?2 and hour >= ?3`)
  const known = new Map<string, Facts>()
  return {
    of(kind, id) {
      const key = `${kind} ${id}`
      const remembered = known.get(key)
      if (remembered !== undefined) return remembered
      const since = Math.floor((clock.now() - limits.factsWindowMs) / hourMs) + 1
      const row = sums.get(kind, id, since) as unknown as Counted & { readonly classes: string | null }
      const { classes, ...counted } = row
      const found: Facts = Object.freeze({
        ...counted,
        classes: Object.freeze((JSON.parse(classes ?? '[]') as string[]).toSorted()),
        as_of_ms: asOfMs(),
      })
      if (known.size >= limits.factsKnownMax) known.clear()
      known.set(key, found)
      return found
    },
    forget: () => known.clear(),
  }
}
