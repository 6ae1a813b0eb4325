import {
  limits,
  LogFeed,
  type Clock,
  type Ids,
  type Position,
  type Reading,
  type RecordedEvent,
} from '@sluice/core'
import { abortable } from './abortable.ts'
import { Backoff } from './backoff.ts'
import { Batch } from './batch.ts'
import { Contexts } from './contexts.ts'
import { Courier, type Trouble } from './courier.ts'
import type { DeadLetters } from './dead-letter.ts'
import { Join } from './join.ts'
import type { Progress } from './lag.ts'
import type { Mapper } from './mapper.ts'
import type { Offsets, Place } from './offsets.ts'
import { parcelOf, type Parcel } from './parcel.ts'
import type { Sink } from './sink.ts'

/** One destination and what it is given. */
export interface ExporterOptions {
  readonly name: string
  readonly mapper: Mapper
  readonly sink: Sink
  /** What was written before is not exported; another one than last time begins again. */
  readonly sinceMs: number
  /** What was written after is not exported either. */
  readonly untilMs?: number
}

export interface ExporterPorts {
  readonly read: Reading
  readonly offsets: Offsets
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  /** For the operator. Never content, and no secret. */
  readonly report: (what: string, error: unknown) => void
}

/** A log whose end is not where this was is read from its start again, and exported from so long before. */
const againMs = 3_600_000

/**
 * Reads the log for one destination, only as fast as it takes it, and keeps its place once what was read is
 * delivered: whatever happens in between, something may be delivered twice and nothing is left out.
 */
export class Exporter implements Progress {
  readonly #options: ExporterOptions
  readonly #ports: ExporterPorts
  readonly #leaving = new AbortController()
  readonly #abandon = new AbortController()
  readonly #feed: LogFeed
  readonly #courier: Courier
  readonly #backoff: Backoff
  readonly #deadLettersBefore: number
  #contexts: Contexts
  #join: Join
  #place: Place
  #batch = new Batch()
  #documents = 0
  #running: Promise<void> | undefined

  constructor(options: ExporterOptions, ports: ExporterPorts) {
    this.#options = options
    this.#ports = ports
    this.#place = placeOf(options, ports.offsets)
    this.#deadLettersBefore = this.#place.deadLetters
    this.#contexts = new Contexts(ports.offsets)
    this.#join = new Join(this.#contexts)
    const signals = { leaving: this.#leaving.signal, abandon: this.#abandon.signal }
    this.#feed = new LogFeed(this.#place.position ?? undefined, {
      ...ports,
      leaving: this.#leaving.signal,
      retryMs: limits.exportRetryMs,
      failed: (error) => ports.report('the log could not be read for an export; trying again', error),
      gone: () => this.#startAgain(),
    })
    this.#courier = new Courier({ ...options, ...ports, ...signals })
    this.#backoff = new Backoff(ports)
  }

  get position(): Position | null {
    return this.#place.position
  }

  get events(): number {
    return this.#place.events
  }

  get doneMs(): number {
    return this.#place.timeMs
  }

  get pendingMs(): number | null {
    return this.#batch.firstMs
  }

  /** Delivered since it was made. */
  get documents(): number {
    return this.#documents
  }

  /** Since it was first configured. */
  get deadLetters(): number {
    return this.#deadLettersBefore + this.#courier.deadLetters
  }

  get trouble(): string | null {
    return this.#courier.trouble
  }

  get lastTrouble(): Trouble | null {
    return this.#courier.lastTrouble
  }

  /** Until it is closed, or the reading ends. Never rejects. */
  run(): Promise<void> {
    return (this.#running ??= this.#run())
  }

  /** A batch in flight may finish in time; otherwise it is delivered again after the next start. */
  async close(): Promise<void> {
    this.#leaving.abort()
    const { clock, offsets, report } = this.#ports
    using _patience = clock.after(limits.exportStopMs, () => this.#abandon.abort())
    await this.#running
    await this.#feed.close()
    const { name, sink } = this.#options
    await abortable(sink.close(), this.#abandon.signal).catch((error: unknown) =>
      report(`the export to ${name} was not closed in order`, error),
    )
    offsets.close()
  }

  async #run(): Promise<void> {
    const { aborted } = this.#leaving.signal
    if (aborted) return
    do await this.#gather()
    while ((await this.#dealWith()) && !this.#feed.ended)
  }

  /** What comes within a moment, up to a batch. */
  async #gather(): Promise<void> {
    this.#batch = new Batch(this.#options.sink.capacity)
    const { promise: until, resolve } = Promise.withResolvers<void>()
    let event = await this.#feed.next()
    using _deadline = this.#ports.clock.after(limits.exportGatherMs, resolve)
    while (event !== undefined) {
      this.#batch.add(event, this.#parcel(event))
      if (this.#batch.isFull) return
      if (this.#batch.events % limits.exportTurnEvents === 0) await othersTurn()
      event = await this.#feed.next(until)
    }
  }

  #parcel(event: RecordedEvent): Parcel | null {
    const joined = this.#join.take(event)
    const { mapper, name, untilMs = Infinity } = this.#options
    if (joined === null || event.time < this.#place.fromMs || event.time > untilMs) return null
    try {
      const mapped = mapper.map(joined)
      return mapped === null ? null : parcelOf(joined.event, mapped)
    } catch (error) {
      this.#ports.report(`an event could not be written as ${mapper.format} for ${name} (${event.id})`, error)
      const { id, type, stream, seq, time } = joined.event
      return parcelOf(joined.event, {
        id,
        timeMs: time,
        body: { id, type, stream, seq, time, unmapped: true },
      })
    }
  }

  /** Whether to go on. */
  async #dealWith(): Promise<boolean> {
    const { parcels, last } = this.#batch
    // What is not in flight yet is read again after the next start.
    if (this.#leaving.signal.aborted) return false
    if (last === undefined) return true
    const before = this.#courier.deadLetters
    if (!(await this.#courier.deliver(parcels))) return false
    this.#documents += parcels.length - (this.#courier.deadLetters - before)
    return this.#keep(last)
  }

  /** While the place cannot be kept nothing more is delivered: it would be delivered again. */
  async #keep({ position, timeMs }: NonNullable<Batch['last']>): Promise<boolean> {
    const { offsets, report } = this.#ports
    const events = this.#place.events + this.#batch.events
    const place = { ...this.#place, position, timeMs, events, deadLetters: this.deadLetters }
    for (;;) {
      try {
        offsets.commit(place, this.#contexts.changes)
        break
      } catch (error) {
        report(`how far the export to ${this.#options.name} is could not be kept; trying again`, error)
        await this.#backoff.wait(0, this.#leaving.signal)
        if (this.#leaving.signal.aborted) return false
      }
    }
    this.#backoff.reset()
    this.#contexts.settle()
    this.#place = place
    this.#batch = new Batch()
    return true
  }

  /** What was read already is delivered all the same. */
  #startAgain(): void {
    const { timeMs, fromMs } = this.#place
    this.#place = { ...this.#place, position: null, events: 0, fromMs: Math.max(fromMs, timeMs - againMs) }
    this.#ports.offsets.clear()
    this.#contexts = new Contexts(this.#ports.offsets)
    this.#join = new Join(this.#contexts)
  }
}

function placeOf({ sinceMs }: ExporterOptions, offsets: Offsets): Place {
  const known = offsets.place
  if (known?.sinceMs === sinceMs) return known
  if (known !== undefined) offsets.clear()
  return { position: null, events: 0, timeMs: 0, sinceMs, fromMs: sinceMs, deadLetters: 0 }
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
