import type { DatabaseSync } from 'node:sqlite'
import type { Clock, Followed, FollowedEvent, LogFollower, Position } from '@sluice/core'
import { openDatabase } from './database.ts'
import { Folding } from './folding.ts'
import type { Projection } from './projection.ts'

export interface RunnerPorts {
  readonly store: LogFollower
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
  /** `:memory:` keeps nothing. */
  readonly file: string
  /** Other processes see what is kept, so where there are some it is kept more often. */
  readonly keepMs?: () => number
}

export interface RunnerStatus {
  /** Events folded since this process began. */
  readonly events: number
  /** When the event was written that was folded last, by this process or one before; milliseconds since 1970. */
  readonly foldedUpToMs: number
  /** How far behind the log this was when it was folded last. */
  readonly lagMs: number
  readonly healthy: boolean
}

/** Folded at once; in between others have their turn. */
const sliceEvents = 384
/** What came alone waits so long for company. */
const showMs = 20
/** Kept at once, and after so long: what is not kept when the process ends is folded again. */
const batchEvents = 8_192
const defaultKeepMs = 1_000
const retryMs = 1_000

/** Lets the read models follow the log. */
export class Runner {
  readonly db: DatabaseSync
  readonly #ports: RunnerPorts
  readonly #folding: Folding
  readonly #shown: readonly (() => void)[]
  readonly #leaving = new AbortController()
  /** Of what goes wrong beside the log. */
  #failing = new AbortController()
  #running: Promise<void> | undefined
  /** Not folded yet: many at once cost less than one by one. */
  #pending: FollowedEvent[] = []
  /** Of the last of them. */
  #upTo: Position | undefined
  #showing: Disposable | undefined
  #keeping: Disposable | undefined
  #events = 0
  #lagMs = 0
  #healthy = false

  /** `shown`: called whenever more is. */
  constructor(ports: RunnerPorts, projections: readonly Projection[], shown: readonly (() => void)[] = []) {
    this.#ports = ports
    this.db = openDatabase(ports.file, projections, ports.report)
    this.#folding = new Folding(this.db, projections)
    this.#shown = shown
  }

  get status(): RunnerStatus {
    return {
      events: this.#events,
      foldedUpToMs: this.#folding.upToMs,
      lagMs: this.#lagMs,
      healthy: this.#healthy,
    }
  }

  start(): void {
    this.#running = this.#run()
  }

  async close(): Promise<void> {
    this.#leaving.abort()
    await this.#running
    this.db.close()
  }

  async #run(): Promise<void> {
    const { clock, report } = this.#ports
    const { signal } = this.#leaving
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
        return
      } catch (error) {
        this.#healthy = false
        if (error instanceof RangeError) this.#forget(error)
        else {
          this.#folding.rollback()
          report('the read models do not follow the log; trying again', error)
        }
        if (!signal.aborted) await new Promise<void>((resolve) => clock.after(retryMs, resolve))
      }
    }
  }

  async #follow(leaving: AbortSignal): Promise<void> {
    const failing = (this.#failing = new AbortController())
    const signal = AbortSignal.any([leaving, failing.signal])
    try {
      await this.#ports.store.follow(this.#folding.position, signal, (some) => this.#take(some))
      failing.signal.throwIfAborted()
      this.#keep()
    } finally {
      this.#showing?.[Symbol.dispose]()
      this.#keeping?.[Symbol.dispose]()
      this.#showing = this.#keeping = undefined
      this.#pending = []
    }
  }

  #take({ events, position }: Followed): Promise<void> | undefined {
    this.#healthy = true
    this.#pending.push(...events)
    this.#upTo = position
    this.#showing ??= this.#after(showMs, () => this.#show())
    this.#keeping ??= this.#after(this.#ports.keepMs?.() ?? defaultKeepMs, () => this.#keep())
    if (this.#pending.length < sliceEvents) return undefined
    this.#show()
    if (this.#folding.uncommitted >= batchEvents) this.#keep()
    return new Promise((resolve) => setImmediate(resolve))
  }

  #after(ms: number, step: () => void): Disposable {
    const { signal } = this.#failing
    return this.#ports.clock.after(ms, () => {
      try {
        if (!signal.aborted) step()
      } catch (error) {
        this.#failing.abort(error)
      }
    })
  }

  #show(): void {
    this.#showing?.[Symbol.dispose]()
    this.#showing = undefined
    const events = this.#pending
    if (events.length === 0) return
    this.#pending = []
    this.#folding.add(events)
    this.#folding.show()
    this.#events += events.length
    this.#lagMs = Math.max(0, this.#ports.clock.now() - this.#folding.upToMs)
    for (const tell of this.#shown) tell()
  }

  #keep(): void {
    this.#show()
    this.#keeping?.[Symbol.dispose]()
    this.#keeping = undefined
    if (this.#upTo !== undefined) this.#folding.commit(this.#upTo)
  }

  #forget(error: RangeError): void {
    this.#ports.report('the read models are read from the log again', error)
    this.#folding.forget()
  }
}
