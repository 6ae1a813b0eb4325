import type { DatabaseSync } from 'node:sqlite'
import { exchangeColumns, type ExchangeView } from './exchanges.ts'

/** Of what was asked for by whoever may see it. Everything that is given must be so. */
export interface ExchangesWanted {
  /** Subject id. */
  readonly subject?: string | undefined
  /** On whose behalf; `null`: on nobody's. */
  readonly on_behalf_of?: string | null | undefined
  readonly target?: string | undefined
  readonly run?: string | undefined
  readonly rule?: string | undefined
  /** `schema.name` */
  readonly table?: string | undefined
  readonly action?: string | undefined
  /** Of the last decision. */
  readonly effect?: string | undefined
  /** In its actions, relations, rule, reason or status; ASCII letters in either case. */
  readonly text?: string | undefined
  readonly since_ms?: number | undefined
  readonly until_ms?: number | undefined
  /** Those before this one, of an earlier answer. */
  readonly before?: ExchangePlace | undefined
  readonly last: number
}

/** Exchanges are ordered by their time, and those of one moment by their ids. */
export interface ExchangePlace {
  readonly at_ms: number
  readonly exchange: string
}

export interface FoundExchange extends ExchangeView {
  readonly subject: string
  readonly on_behalf_of: string | null
  readonly target: string
}

/** Others have their turn after so many sessions. */
const sessionsAtOnce = 200

interface SessionPlace {
  readonly id: string
  /** `never`: it is open, or nobody knows when it ended. */
  readonly ended_ms: number
}

/** As the index of sessions has it. */
const ended = 'coalesce(closed_ms, 9000000000000000)'

/** Each name in it between blanks. */
const words = `' ' || replace(summary, char(10), ' ') || ' '`

const never = 9_000_000_000_000_000

/**
 * The newest exchanges that are wanted, newest first. Sessions are looked through from the one that ended last: nothing
 * in a session is newer than its end, so that the rest need not be looked at once enough is found.
 */
export function searchExchanges(
  db: DatabaseSync,
): (wanted: ExchangesWanted) => Promise<readonly FoundExchange[]> {
  const sessions = db.prepare(`
    select id, ${ended} as ended_ms from sessions
    where (${ended}, id) < (:ended_ms, :id) and ${ended} >= :since
      and opened_ms < :until and (:subject is null or subject = :subject)
      and (:anybody = 1 or on_behalf_of is :on_behalf_of) and (:target is null or target = :target)
    order by ${ended} desc, id desc limit ${sessionsAtOnce}`)
  const exchanges = db.prepare(`
    select ${exchangeColumns}, subject, on_behalf_of, target
    from exchanges join sessions on sessions.id = session left join lost using (writer)
    where session in (select value from json_each(:sessions)) and at_ms >= :since and at_ms < :until
      and (at_ms, exchange) < (:before_ms, :before) and (:run is null or exchanges.run = :run)
      and (:rule is null or rule = :rule) and (:effect is null or effect = :effect)
      and (:action is null or instr(${words}, ' ' || :action || ' ') > 0)
      and (:table is null or instr(${words}, ' ' || :table || ' ') > 0)
      and (:text is null or instr(lower(concat_ws(char(10), summary, rule, exchanges.reason, status)), lower(:text)) > 0)
    order by at_ms desc, exchange desc limit :last`)
  return async (wanted) => {
    const { run = null, rule = null, effect = null, text = null, before, last } = wanted
    const until = Math.min(wanted.until_ms ?? never, (before?.at_ms ?? never) + 1)
    const span = { since: wanted.since_ms ?? 0, until }
    const ofSessions = {
      ...span,
      subject: wanted.subject ?? null,
      target: wanted.target ?? null,
      anybody: wanted.on_behalf_of === undefined ? 1 : 0,
      on_behalf_of: wanted.on_behalf_of ?? null,
    }
    const ofExchanges = {
      ...span,
      run,
      rule,
      effect,
      text,
      action: wanted.action ?? null,
      table: wanted.table ?? null,
      before_ms: before?.at_ms ?? never,
      before: before?.exchange ?? '',
      last,
    }
    let found: readonly FoundExchange[] = []
    let place: SessionPlace = { id: '', ended_ms: never + 1 }
    for (;;) {
      const next = sessions.all({ ...ofSessions, ...place }) as unknown as readonly SessionPlace[]
      const end = next.at(-1)
      if (end === undefined) break
      place = end
      const ids = JSON.stringify(next.map(({ id }) => id))
      const more = exchanges.all({ ...ofExchanges, sessions: ids }) as unknown as readonly FoundExchange[]
      found = [...found, ...more].toSorted(newestFirst).slice(0, last)
      if (found.length === last && (found.at(-1)?.at_ms ?? 0) > place.ended_ms) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    return found
  }
}

function newestFirst(one: FoundExchange, other: FoundExchange): number {
  return other.at_ms - one.at_ms || (one.exchange < other.exchange ? 1 : -1)
}
