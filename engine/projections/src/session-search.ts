import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { sessionColumns, sessionState, type SessionView } from './sessions.ts'

/** By what sessions can be put in order. */
export const sessionSorts = [
  'opened',
  'requests',
  'denied',
  'rows',
  'bytes',
  'tokens',
  'cost_micros',
] as const
export type SessionSort = (typeof sessionSorts)[number]

/** Everything that is given must be so. */
export interface SessionsSought {
  readonly state?: SessionView['state'] | undefined
  /** Subject id. */
  readonly subject?: string | undefined
  /** On whose behalf; `null`: on nobody's. */
  readonly on_behalf_of?: string | null | undefined
  readonly target?: string | undefined
  readonly protocol?: string | undefined
  readonly run?: string | undefined
  /** In id, subject, target, application, run or address; ASCII letters in either case. */
  readonly text?: string | undefined
  readonly opened_since_ms?: number | undefined
  readonly opened_until_ms?: number | undefined
  readonly sort: SessionSort
  readonly order: 'ascending' | 'descending'
  /** Those behind this one, of an earlier answer in the same order. */
  readonly after?: SessionPlace | undefined
  readonly last: number
}

/** The value by which it is sorted, and its id among equals. */
export interface SessionPlace {
  readonly value: number
  readonly id: string
}

export interface SessionsFound {
  readonly sessions: readonly SessionView[]
  /** How many there are, pages before and behind included; at most `countedMax`. */
  readonly total: number
}

/** People need no greater number, and counting costs. */
export const countedMax = 10_000

/** Only what is asked for is in a statement, so that an index can answer: whoever may see their own alone looks at no others. */
const conditions = {
  state: `${sessionState} = :state`,
  subject: 'subject = :subject',
  on_behalf_of: 'on_behalf_of is :on_behalf_of',
  target: 'target = :target',
  protocol: 'protocol = :protocol',
  run: 'run = :run',
  opened_since_ms: 'opened_ms >= :opened_since_ms',
  opened_until_ms: 'opened_ms < :opened_until_ms',
  text: `instr(lower(concat_ws(char(10), id, subject, on_behalf_of, target, application, run, client_ip)), lower(:text)) > 0`,
} as const

type Criterion = keyof typeof conditions
type Values = Readonly<Record<string, string | number | null>>

const from = 'from sessions left join lost using (writer)'

/** One page of sessions, in order. An index answers for the newest; other orders look at every session that fits. */
export function searchSessions(db: DatabaseSync): (wanted: SessionsSought) => SessionsFound {
  const prepared = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const known = prepared.get(sql) ?? db.prepare(sql)
    prepared.set(sql, known)
    return known
  }
  return ({ sort, order, after, last, ...wanted }) => {
    const given = (Object.keys(conditions) as Criterion[]).filter((name) => wanted[name] !== undefined)
    const values = Object.fromEntries(given.map((name) => [name, wanted[name]])) as Values
    const filter = given.map((name) => conditions[name])
    const column = sort === 'opened' ? 'opened_ms' : sort
    const [than, direction] = order === 'descending' ? ['<', 'desc'] : ['>', 'asc']
    const behind = after === undefined ? [] : [`(${column}, id) ${than} (:place, :place_id)`]
    const page = statement(
      `select ${sessionColumns} ${from} ${where([...filter, ...behind])}
       order by ${column} ${direction}, id ${direction} limit :last`,
    )
    const count = statement(
      `select count(*) as total from (select 1 ${from} ${where(filter)} limit ${countedMax})`,
    )
    const place = after === undefined ? {} : { place: after.value, place_id: after.id }
    return {
      sessions: page.all({ ...values, ...place, last }) as unknown as SessionView[],
      total: Number(count.get(values)?.['total'] ?? 0),
    }
  }
}

function where(all: readonly string[]): string {
  return all.length === 0 ? '' : `where ${all.join(' and ')}`
}
