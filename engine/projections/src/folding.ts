import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  controlStream,
  Incarnations,
  type FollowedEvent,
  type IncarnationState,
  type Position,
} from '@sluice/core'
import type { Fold, Projection } from './projection.ts'

/** How far a writer went in a stream. */
interface Head {
  readonly writer: string
  readonly epoch: number
  seq: number
}

/** Places of streams kept in memory. */
const headsMax = 20_000

/**
 * Read models and how far they are, changed together: after a crash nothing is missing and nothing is counted twice. An
 * event that comes again changes nothing.
 */
export class Folding {
  readonly #db: DatabaseSync
  readonly #projections: readonly Projection[]
  readonly #statements: Readonly<Record<'head' | 'keepHead' | 'keep' | 'kept', StatementSync>>
  /** By stream; a writer's, and seldom those of others. */
  readonly #heads = new Map<string, Head[]>()
  /** Streams in which this transaction moved. */
  readonly #moved = new Set<string>()
  #folds: readonly Fold[] = []
  #incarnations = new Incarnations()
  #position: Position | undefined
  #upToMs = 0
  /** Events in the transaction that is open. */
  #events = 0

  constructor(db: DatabaseSync, projections: readonly Projection[]) {
    this.#db = db
    this.#projections = projections
    this.#statements = {
      head: db.prepare('select seq from heads where writer = ? and epoch = ? and stream = ?'),
      keepHead: db.prepare('insert or replace into heads values (?, ?, ?, ?)'),
      keep: db.prepare('insert or replace into meta values (?, ?)'),
      kept: db.prepare('select value from meta where key = ?'),
    }
    this.#load()
  }

  /** Everything up to there is kept. */
  get position(): Position | undefined {
    return this.#position
  }

  /** When the event was written that was added last, also before a restart; milliseconds since 1970. */
  get upToMs(): number {
    return this.#upToMs
  }

  /** Events that are not kept yet. */
  get uncommitted(): number {
    return this.#events
  }

  add(events: readonly FollowedEvent[]): void {
    if (this.#events === 0) this.#db.exec('begin')
    this.#events += events.length
    for (const event of events) if (this.#isFresh(event)) for (const fold of this.#folds) fold.event(event)
    this.#upToMs = events.at(-1)?.time ?? this.#upToMs
  }

  /** What was added is there for who reads. */
  show(): void {
    for (const fold of this.#folds) fold.done?.()
  }

  /** It stays there. `position`: of the last event that was added. */
  commit(position: Position): void {
    if (this.#events === 0) return
    this.show()
    for (const stream of this.#moved)
      for (const { writer, epoch, seq } of this.#heads.get(stream) ?? [])
        this.#statements.keepHead.run(writer, epoch, stream, seq)
    this.#moved.clear()
    this.#statements.keep.run('position', position)
    this.#statements.keep.run('time', `${this.#upToMs}`)
    this.#db.exec('commit')
    this.#events = 0
    this.#position = position
  }

  /** What was added and is not kept has to be added again. */
  rollback(): void {
    if (this.#db.isTransaction) this.#db.exec('rollback')
    this.#load()
  }

  /** What was folded is of another log, or of a part that this one has no more. */
  forget(): void {
    this.rollback()
    this.#db.exec('begin')
    for (const { name } of this.#db.prepare("select name from sqlite_master where type = 'table'").all())
      if (name !== 'meta' && !String(name).startsWith('sqlite_')) this.#db.exec(`delete from ${String(name)}`)
    this.#db.exec("delete from meta where key in ('position', 'time', 'incarnations')")
    this.#db.exec('commit')
    this.#load()
  }

  #load(): void {
    const kept = (key: string): string | undefined =>
      this.#statements.kept.get(key)?.['value'] as string | undefined
    this.#position = kept('position') as Position | undefined
    this.#upToMs = Number(kept('time') ?? 0)
    this.#incarnations = new Incarnations(JSON.parse(kept('incarnations') ?? '[]') as IncarnationState[])
    this.#folds = this.#projections.map((projection) => projection.fold(this.#db))
    this.#heads.clear()
    this.#moved.clear()
    this.#events = 0
  }

  /** Numbered by its writer: what is not after the last one was folded before. */
  #isFresh(event: FollowedEvent): boolean {
    const { stream, seq } = event
    const head = this.#headOf(event)
    if (seq <= head.seq) return false
    head.seq = seq
    this.#moved.add(stream)
    return stream !== controlStream || this.#counts(event)
  }

  #headOf({ writer, epoch, stream }: FollowedEvent): Head {
    const known = this.#heads.get(stream)
    const head = known?.find((each) => each.epoch === epoch && each.writer === writer)
    if (head !== undefined) return head
    const seq = this.#statements.head.get(writer, epoch, stream)?.['seq'] as number | undefined
    const fresh = { writer, epoch, seq: seq ?? -1 }
    if (known === undefined) this.#heads.set(stream, [fresh])
    else known.push(fresh)
    this.#makeRoom()
    return fresh
  }

  /** Those that moved are not in the tables yet. */
  #makeRoom(): void {
    if (this.#heads.size <= headsMax) return
    for (const stream of this.#heads.keys())
      if (!this.#moved.has(stream)) return void this.#heads.delete(stream)
  }

  #counts(event: FollowedEvent): boolean {
    if (event.sig === null || !this.#incarnations.admits(event)) return false
    if (event.type.startsWith('Gateway'))
      this.#statements.keep.run('incarnations', JSON.stringify(this.#incarnations.states()))
    return true
  }
}
