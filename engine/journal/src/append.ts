import { StoreError, type AppendOptions, type Clock, type Position } from '@sluice/core'
import { Batch, type Waiter } from './batch.ts'
import type { Report } from './data-keys.ts'
import type { Incarnation, RecordableUnit } from './incarnation.ts'

/** Where batches become durable, one at a time. */
export interface Sink {
  /**
   * Resolves with the positions of its events once the batch is durable, and goes on trying for as long as that
   * takes. A rejection means that nothing will ever be written again.
   */
  write(batch: Batch): Promise<(event: number) => Position>
  /** Memory for a batch of at least so many bytes. */
  buffer(bytes: number): Buffer
  /** The memory of a batch that is done with. */
  recycle(buffer: Buffer): void
}

export interface CommitterPorts {
  readonly incarnation: Incarnation
  readonly sink: Sink
  readonly clock: Clock
  readonly report: Report
  /** Bytes that may wait, those in flight included. */
  readonly queueBytesMax: number
}

/** A batch is closed at this size, and at so many events, so that one flush does not take long. */
export const batchBytes = 524_288
const batchEventsMax = 4_096
/** How long a unit that nobody waits for may wait for company. */
const soonMs = 3
/** A flush that takes longer makes the log count as unavailable until it is done. */
const stalledMs = 1_000

/**
 * Group commit without lingering: while one flush is in flight, everything that arrives is the next one. A unit is
 * encoded when it arrives, so its place in its chain is the order of the calls.
 */
export class Committer {
  readonly #ports: CommitterPorts
  #filling: Batch
  readonly #full: Batch[] = []
  #inFlight: Batch | undefined
  #startedMs = 0
  #queuedBytes = 0
  #scheduled = false
  #soon: Disposable | undefined
  #sweep: { readonly at: number; readonly timer: Disposable } | undefined
  #closing = false
  #idle: (() => void) | undefined

  constructor(ports: CommitterPorts) {
    this.#ports = ports
    this.#filling = this.#batch(batchBytes)
  }

  get healthy(): boolean {
    return !this.#closing && !this.#stalled
  }

  /** Those in flight included. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  append(unit: RecordableUnit, { withinMs, urgency }: AppendOptions): Promise<Position> {
    try {
      this.#admit(urgency)
      const batch = this.#record(unit)
      const deadline = this.#ports.clock.monotonic() + withinMs
      const durable = new Promise<Position>((resolve, reject) => {
        batch.waiters.push({ last: batch.events - 1, deadline, resolve, reject })
      })
      this.#watch(deadline)
      this.#schedule(urgency === 'now', batch)
      return durable
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Refuses new units. Whether what was accepted became durable in time; who still waits is told that it did not. */
  async close(withinMs: number): Promise<boolean> {
    this.#closing = true
    this.#soon?.[Symbol.dispose]()
    if (this.#queuedBytes > 0) await this.#emptied(withinMs)
    this.#sweep?.timer[Symbol.dispose]()
    this.#reject(() => true, new StoreError('closed', 'The log was closed before it took this.'))
    return this.#queuedBytes === 0
  }

  async #emptied(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#idle = resolve
    using _patience = this.#ports.clock.after(withinMs, resolve)
    this.#flush()
    await promise
  }

  get #stalled(): boolean {
    return this.#inFlight !== undefined && this.#ports.clock.monotonic() - this.#startedMs > stalledMs
  }

  /** What was done is taken while there is room, also by a log that stands still: it must not be forgotten. */
  #admit(urgency: AppendOptions['urgency']): void {
    if (this.#closing) throw new StoreError('closed', 'The log is closed.')
    if (this.#stalled && urgency === 'now')
      throw new StoreError('unavailable', 'The log takes nothing at the moment.')
  }

  /** In the batch that fills or, when it has no room, in a fresh one that is large enough. */
  #record(unit: RecordableUnit): Batch {
    const { incarnation, queueBytesMax, sink } = this.#ports
    let capacity = batchBytes
    while (this.#queuedBytes < queueBytesMax && capacity <= Math.max(batchBytes, 2 * queueBytesMax)) {
      const batch = this.#filling
      const { length, events } = batch
      if (this.#fits(unit, batch)) {
        if (this.#queuedBytes + batch.length - length > queueBytesMax) {
          batch.cutBack(length, events)
          break
        }
        incarnation.keep(unit, batch)
        this.#queuedBytes += batch.length - length
        return batch
      }
      if (events > 0) this.#full.push(batch)
      else {
        sink.recycle(batch.release())
        capacity *= 2
      }
      this.#filling = this.#batch(capacity)
    }
    throw new StoreError('full', 'Too much is waiting for the log.')
  }

  /** Whether it is encoded at the end of the batch. One that is larger than a batch may be has one to itself. */
  #fits(unit: RecordableUnit, batch: Batch): boolean {
    const { length, events } = batch
    if (events >= batchEventsMax || !this.#ports.incarnation.record(unit, batch)) return false
    if (events === 0 || batch.length <= batchBytes) return true
    batch.cutBack(length, events)
    return false
  }

  #batch(bytes: number): Batch {
    return new Batch(this.#ports.sink.buffer(bytes))
  }

  #schedule(now: boolean, batch: Batch): void {
    if (now) batch.urgent = true
    else
      this.#soon ??= this.#ports.clock.after(soonMs, () => {
        this.#soon = undefined
        this.#filling.urgent = true
        this.#flush()
      })
    // What has no room for company has nothing to wait for.
    if (!now && this.#full.length === 0) return
    if (this.#scheduled || this.#inFlight !== undefined) return
    this.#scheduled = true
    // What else arrives in this turn of the event loop rides along.
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#inFlight !== undefined) return
    const batch = this.#full.shift() ?? this.#takeFilling()
    if (batch === undefined) return
    this.#inFlight = batch
    this.#startedMs = this.#ports.clock.monotonic()
    this.#ports.sink.write(batch).then(
      (positions) => this.#settle(batch, positions),
      // The batch stays in flight, so that from now on everything is refused.
      (error: unknown) => this.#ports.report('the log cannot be written any more', error),
    )
  }

  #takeFilling(): Batch | undefined {
    const batch = this.#filling
    if (batch.events === 0) return undefined
    this.#filling = this.#batch(batchBytes)
    return batch
  }

  #settle(batch: Batch, positions: (event: number) => Position): void {
    this.#inFlight = undefined
    this.#queuedBytes -= batch.payloadBytes
    for (const { resolve, last } of batch.waiters) resolve(positions(last))
    this.#ports.sink.recycle(batch.release())
    if (this.#closing || this.#full.length > 0 || this.#filling.urgent) this.#flush()
    if (this.#queuedBytes === 0) this.#idle?.()
  }

  /** One timer for all deadlines, which almost always finds nobody: those who got their answer are gone. */
  #watch(deadline: number): void {
    if (this.#sweep !== undefined && this.#sweep.at <= deadline) return
    this.#sweep?.timer[Symbol.dispose]()
    const ms = Math.max(0, deadline - this.#ports.clock.monotonic())
    this.#sweep = { at: deadline, timer: this.#ports.clock.after(Math.ceil(ms), () => this.#expire()) }
  }

  #expire(): void {
    this.#sweep = undefined
    const now = this.#ports.clock.monotonic()
    const late = new StoreError('deadline', 'The log did not take this in time; it may still do so.')
    const next = this.#reject(({ deadline }) => deadline <= now, late)
    if (next < Infinity) this.#watch(next)
  }

  /** The earliest deadline of those who go on waiting. */
  #reject(which: (waiter: Waiter) => boolean, reason: StoreError): number {
    let next = Infinity
    for (const batch of [this.#inFlight, ...this.#full, this.#filling]) {
      const waiters = batch?.waiters ?? []
      for (const waiter of waiters) {
        if (which(waiter)) waiter.reject(reason)
        else next = Math.min(next, waiter.deadline)
      }
      if (batch !== undefined) batch.waiters = waiters.filter((waiter) => !which(waiter))
    }
    return next
  }
}
