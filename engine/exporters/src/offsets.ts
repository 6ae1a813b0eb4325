import { rmSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { limits, type Position } from '@sluice/core'

/** How far one exporter is. */
export interface Place {
  /** `null`: before the first event of the log. */
  readonly position: Position | null
  /** Events of the log up to there. */
  readonly events: number
  /** When the newest of them was written. */
  readonly timeMs: number
  /** What was written before is not exported, as it was asked for. */
  readonly sinceMs: number
  /** The same as it is, where the log was read again. */
  readonly fromMs: number
  readonly deadLetters: number
}

/** One thing that later events need to know of earlier ones. */
export interface Kept {
  /** The session that it belongs to, or ''. */
  readonly session: string
  readonly writer: string
  readonly epoch: number
  /** JSON. */
  readonly value: object
  /** It is forgotten some time after this; `null`: nobody knows when yet. */
  readonly endsMs: number | null
}

/** What a batch changed. */
export interface Changes {
  /** `null`: over. */
  readonly kept: ReadonlyMap<string, Kept | null>
  readonly closed: readonly { readonly session: string; readonly timeMs: number }[]
  readonly lost: readonly { readonly writer: string; readonly epoch: number; readonly timeMs: number }[]
}

const version = '1'
const tables = `
  create table meta (key text primary key, value text not null) strict;
  create table kept (
    key text primary key, session text not null, writer text not null, epoch integer not null,
    value text not null, ends_ms integer
  ) strict;
  create index kept_of on kept (session);
  create index kept_by on kept (writer, epoch);
  create index kept_until on kept (ends_ms);
`
const sidecars = ['', '-wal', '-shm']

/**
 * How far one exporter is and what it must know to go on there, in one file and changed at once: so a restart gives
 * the documents that it would have given anyway. All of it is in the log: a file that is damaged is thrown away.
 */
export class Offsets {
  readonly #db: DatabaseSync
  readonly #statements: Readonly<
    Record<'place' | 'get' | 'put' | 'drop' | 'close' | 'lose' | 'forget' | 'count' | 'evict', StatementSync>
  >

  /** `''`: a temporary file that nobody else sees. */
  constructor(file: string, report: (what: string, error: unknown) => void) {
    this.#db = opened(file, report)
    const prepared = (sql: string): StatementSync => this.#db.prepare(sql)
    this.#statements = {
      place: prepared("insert or replace into meta values ('place', ?)"),
      get: prepared('select session, writer, epoch, value, ends_ms from kept where key = ?'),
      put: prepared('insert or replace into kept values (?, ?, ?, ?, ?, ?)'),
      drop: prepared('delete from kept where key = ?'),
      close: prepared('update kept set ends_ms = ? where session = ? and ends_ms is null'),
      lose: prepared('update kept set ends_ms = ? where writer = ? and epoch <= ? and ends_ms is null'),
      forget: prepared('delete from kept where ends_ms < ?'),
      count: prepared('select count(*) as count from kept'),
      evict: prepared('delete from kept where rowid in (select rowid from kept order by rowid limit ?)'),
    }
  }

  /** `undefined`: it was never anywhere. */
  get place(): Place | undefined {
    const found = this.#db.prepare("select value from meta where key = 'place'").get()?.['value']
    return typeof found === 'string' ? (JSON.parse(found) as Place) : undefined
  }

  get(key: string): Kept | undefined {
    const found = this.#statements.get.get(key)
    if (found === undefined) return undefined
    const { session, writer, epoch, value, ends_ms: endsMs } = found
    return { session, writer, epoch, endsMs, value: JSON.parse(String(value)) as object } as Kept
  }

  /** All of it or nothing. */
  commit(place: Place, changes: Changes): void {
    this.#db.exec('begin immediate')
    try {
      this.#apply(changes, place.timeMs)
      this.#statements.place.run(JSON.stringify(place))
      this.#db.exec('commit')
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback')
      throw error
    }
  }

  /** As if it had never been anywhere. */
  clear(): void {
    this.#db.exec("begin immediate; delete from kept; delete from meta where key = 'place'; commit")
  }

  close(): void {
    this.#db.close()
  }

  #apply({ kept, closed, lost }: Changes, nowMs: number): void {
    const { put, drop, close, lose, forget, count, evict } = this.#statements
    for (const [key, of] of kept) {
      if (of === null) drop.run(key)
      else put.run(key, of.session, of.writer, of.epoch, JSON.stringify(of.value), of.endsMs)
    }
    for (const { session, timeMs } of closed) close.run(timeMs, session)
    for (const { writer, epoch, timeMs } of lost) lose.run(timeMs, writer, epoch)
    forget.run(nowMs - limits.exportLateMs)
    if (kept.size === 0) return
    const excess = Number(count.get()?.['count']) - limits.exportContextsMax
    if (excess > 0) evict.run(excess)
  }
}

function opened(file: string, report: (what: string, error: unknown) => void): DatabaseSync {
  try {
    const db = configured(file)
    if (isCurrent(db)) return db
    db.close()
  } catch (error) {
    report(`${file} is not readable: everything is exported again`, error)
  }
  if (file !== '') for (const suffix of sidecars) rmSync(`${file}${suffix}`, { force: true })
  const db = configured(file)
  db.exec(`begin; ${tables}; insert into meta values ('version', '${version}'); commit`)
  return db
}

function configured(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  // What a crash of the machine loses of the last transactions is delivered again.
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000')
  return db
}

function isCurrent(db: DatabaseSync): boolean {
  const found = db.prepare("select name from sqlite_master where name = 'meta'").get()
  if (found === undefined) return false
  const [check] = db.prepare('pragma quick_check').all()
  if (check?.['quick_check'] !== 'ok') throw new Error('the file is damaged')
  return db.prepare("select value from meta where key = 'version'").get()?.['value'] === version
}
