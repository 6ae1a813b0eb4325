import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  controlStream,
  Incarnations,
  type Clock,
  type EventStore,
  type IncarnationState,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import { openDatabase } from './database.ts'
import type { Fold, Projection } from './projection.ts'

export interface RunnerPorts {
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
  /** `:memory:` keeps nothing. */
  readonly file: string
}

export interface RunnerStatus {
  /** Events folded since this process began. */
  readonly events: number
  /** When the event was written that was folded last; milliseconds since 1970. */
  readonly foldedUpToMs: number
  /** How far behind the log this was when it was folded last. */
  readonly lagMs: number
  readonly healthy: boolean
}

/** Folded at once; in between others have their turn. */
const batchEvents = 192
/** The log is looked at this often: each look costs something, however little there is. */
const paceMs = 200
/** What came alone waits so long for company. */
const batchMs = 20
const retryMs = 1_000
/** Places of streams kept in memory. */
const headsMax = 20_000

/**
 * Folds the log into read models: their state and how far they are change in one transaction, so that after a crash
 * nothing is missing and nothing is counted twice. An event that comes again changes nothing.
 */
export class Runner {
  readonly db: DatabaseSync
  readonly #ports: RunnerPorts
  readonly #folds: readonly Fold[]
  readonly #after: readonly (() => void)[]
  readonly #heads = new Map<string, number>()
  /** Places of streams that this batch moved. */
  readonly #moved = new Map<string, Pick<RecordedEvent, 'writer' | 'epoch' | 'stream' | 'seq'>>()
  readonly #statements: Readonly<Record<'head' | 'keepHead' | 'keep', StatementSync>>
  readonly #leaving = new AbortController()
  #incarnations: Incarnations
  #position: Position | undefined
  #pending: RecordedEvent[] = []
  #timer: Disposable | undefined
  #running: Promise<void> | undefined
  #events = 0
  #foldedUpToMs = 0
  #lagMs = 0
  #healthy = false

  /** `after`: called after each transaction. */
  constructor(ports: RunnerPorts, projections: readonly Projection[], after: readonly (() => void)[] = []) {
    this.#ports = ports
    this.db = openDatabase(ports.file, projections, ports.report)
    this.#folds = projections.map((projection) => projection.fold(this.db))
    this.#after = after
    this.#statements = {
      head: this.db.prepare('select seq from heads where writer = ? and epoch = ? and stream = ?'),
      keepHead: this.db.prepare('insert or replace into heads values (?, ?, ?, ?)'),
      keep: this.db.prepare('insert or replace into meta values (?, ?)'),
    }
    const kept = (key: string): string | undefined =>
      this.db.prepare('select value from meta where key = ?').get(key)?.['value'] as string | undefined
    this.#position = kept('position') as Position | undefined
    this.#incarnations = new Incarnations(JSON.parse(kept('incarnations') ?? '[]') as IncarnationState[])
  }

  get status(): RunnerStatus {
    return {
      events: this.#events,
      foldedUpToMs: this.#foldedUpToMs,
      lagMs: this.#lagMs,
      healthy: this.#healthy,
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#leaving.abort()
    this.#timer?.[Symbol.dispose]()
    await this.#running
    this.#flush()
    this.db.close()
  }

  async #run(): Promise<void> {
    const { store, clock, report } = this.#ports
    const { signal } = this.#leaving
    while (!signal.aborted) {
      try {
        for await (const event of store.subscribe(this.#position, signal, undefined, paceMs)) {
          this.#healthy = true
          this.#pending.push(event)
          if (this.#pending.length >= batchEvents) await this.#turn()
          else
            this.#timer ??= clock.after(batchMs, () => {
              this.#timer = undefined
              this.#flushReported()
            })
        }
        return
      } catch (error) {
        this.#healthy = false
        if (signal.aborted) return
        this.#pending = []
        if (error instanceof RangeError) this.#forget(error)
        else report('the read models do not follow the log; trying again', error)
        await new Promise<void>((resolve) => clock.after(retryMs, resolve))
      }
    }
  }

  /** What was folded is of another log, or of a part that this one has no more. */
  #forget(error: RangeError): void {
    this.#ports.report('the read models are read from the log again', error)
    this.db.exec('begin')
    for (const { name } of this.db.prepare("select name from sqlite_master where type = 'table'").all())
      if (name !== 'meta' && !String(name).startsWith('sqlite_')) this.db.exec(`delete from ${String(name)}`)
    this.db.exec("delete from meta where key in ('position', 'incarnations')")
    this.db.exec('commit')
    this.#heads.clear()
    this.#incarnations = new Incarnations()
    this.#position = undefined
  }

  /** After a batch requests have their turn. */
  async #turn(): Promise<void> {
    this.#flush()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  #flushReported(): void {
    try {
      this.#flush()
    } catch (error) {
      this.#healthy = false
      this.#ports.report('events could not be folded; they are folded again', error)
    }
  }

  #flush(): void {
    const batch = this.#pending
    const last = batch.at(-1)
    if (last === undefined) return
    this.db.exec('begin')
    try {
      for (const event of batch) if (this.#isFresh(event)) for (const fold of this.#folds) fold.event(event)
      for (const fold of this.#folds) fold.done?.()
      this.#keepHeads()
      this.#statements.keep.run('position', last.position)
      this.db.exec('commit')
    } catch (error) {
      this.db.exec('rollback')
      this.#heads.clear()
      this.#moved.clear()
      throw error
    }
    this.#pending = []
    this.#position = last.position
    this.#events += batch.length
    this.#foldedUpToMs = last.time
    this.#lagMs = Math.max(0, this.#ports.clock.now() - last.time)
    for (const tell of this.#after) tell()
  }

  #keepHeads(): void {
    for (const { writer, epoch, stream, seq } of this.#moved.values())
      this.#statements.keepHead.run(writer, epoch, stream, seq)
    this.#moved.clear()
  }

  /** Numbered by its writer: what is not after the last one was folded before. */
  #isFresh(event: RecordedEvent): boolean {
    const { writer, epoch, stream, seq } = event
    const key = `${writer}/${epoch}/${stream}`
    const known =
      this.#heads.get(key) ??
      (this.#statements.head.get(writer, epoch, stream)?.['seq'] as number | undefined)
    if (known !== undefined && seq <= known) return false
    this.#heads.set(key, seq)
    const [oldest] = this.#heads.keys()
    if (this.#heads.size > headsMax && oldest !== undefined) this.#heads.delete(oldest)
    this.#moved.set(key, { writer, epoch, stream, seq })
    return stream !== controlStream || this.#counts(event)
  }

  #counts(event: RecordedEvent): boolean {
    if (event.sig === null || !this.#incarnations.admits(event)) return false
    if (event.type.startsWith('Gateway'))
      this.#statements.keep.run('incarnations', JSON.stringify(this.#incarnations.states()))
    return true
  }
}
