import {
  limits,
  StoreError,
  type AppendOptions,
  type Clock,
  type EventStore,
  type Position,
  type RecordedEvent,
  type Unit,
} from '@sluice/core'
import {
  eventsAheadMax,
  sinceBootMs,
  type Failure,
  type StoreReply,
  type StoreRequest,
  type StoreState,
} from './messages.ts'

export interface IpcStorePorts {
  readonly clock: Pick<Clock, 'after'>
  /** To the process that has the log; how many bytes it took. Throws for what no copy can be made of. */
  readonly send: (request: StoreRequest) => number
  /** Whether that process is there now, whatever was heard of it. Asked at each effect. */
  readonly served: () => boolean
  /** Bytes that may wait before an append is refused. */
  readonly queueBytesMax?: number
}

interface Waiting {
  readonly resolve: (position: Position) => void
  readonly reject: (error: unknown) => void
  readonly deadline: Disposable
  readonly bytes: number
}

interface Reading {
  readonly events: RecordedEvent[]
  taken: number
  over: boolean
  failure: Error | undefined
  more: (() => void) | undefined
}

/** How long closing waits for what was appended. */
const closeWaitMs = 5_000

/**
 * The log of another process of this gateway. Nothing is durable before that process says so; when it is gone nothing
 * is, and no effect may be performed.
 */
export class IpcStore implements EventStore {
  readonly #ports: IpcStorePorts
  readonly #waiting = new Map<number, Waiting>()
  readonly #readings = new Map<number, Reading>()
  #state: StoreState = { healthy: false, liveUntilMs: 0 }
  #lastId = 0
  #queuedBytes = 0
  #gone = false
  #closing: Promise<void> | undefined
  #emptied: (() => void) | undefined

  constructor(ports: IpcStorePorts) {
    this.#ports = ports
  }

  get healthy(): boolean {
    return this.#state.healthy && this.#closing === undefined && !this.#gone
  }

  get live(): boolean {
    return !this.#gone && sinceBootMs() < this.#state.liveUntilMs && this.#ports.served()
  }

  take(reply: StoreReply): void {
    switch (reply.kind) {
      case 'state':
        this.#state = reply.state
        return
      case 'appended':
        this.#state = reply.state
        return this.#settle(reply.id)?.resolve(reply.position)
      case 'refused':
        this.#state = reply.state
        return this.#settle(reply.id)?.reject(errorOf(reply.failure))
      case 'event': {
        const reading = this.#readings.get(reply.id)
        reading?.events.push(reply.event)
        return reading?.more?.()
      }
      case 'read':
        return this.#over(reply.id, reply.failure === null ? undefined : errorOf(reply.failure))
    }
  }

  /** The process that has the log is gone. */
  lose(): void {
    this.#gone = true
    const gone = new StoreError('unavailable', 'The process that writes the log is gone.')
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(gone)
    for (const id of this.#readings.keys()) this.#over(id, gone)
  }

  append(unit: Unit, options: AppendOptions): Promise<Position> {
    const { clock, send, queueBytesMax = limits.appendQueueBytesMax } = this.#ports
    const { promise, resolve, reject } = Promise.withResolvers<Position>()
    try {
      if (this.#closing !== undefined) throw new StoreError('closed', 'The log is closed.')
      if (this.#gone) throw new StoreError('unavailable', 'The process that writes the log is gone.')
      if (this.#queuedBytes >= queueBytesMax) throw new StoreError('full', 'Too much is waiting for the log.')
      const id = (this.#lastId += 1)
      const bytes = send({ kind: 'append', id, unit, options })
      // Whoever has the log keeps this deadline too: this one is for when it does not answer at all.
      const deadline = clock.after(options.withinMs, () =>
        reject(new StoreError('deadline', 'The log did not take this in time; it may still do so.')),
      )
      this.#queuedBytes += bytes
      this.#waiting.set(id, { resolve, reject, deadline, bytes })
    } catch (error) {
      reject(error)
    }
    return promise
  }

  read(after?: Position, stream?: string): AsyncGenerator<RecordedEvent> {
    return this.#read(after, stream, undefined)
  }

  subscribe(
    after: Position | undefined,
    signal: AbortSignal,
    stream?: string,
  ): AsyncGenerator<RecordedEvent> {
    return this.#read(after, stream, signal)
  }

  /** Resolves once everything accepted is durable, or it took too long. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#waiting.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#emptied = resolve
      using _patience = this.#ports.clock.after(closeWaitMs, resolve)
      await promise
    }
    const closed = new StoreError('closed', 'The log was closed before it took this.')
    for (const id of this.#waiting.keys()) this.#settle(id)?.reject(closed)
    if (!this.#gone) this.#ports.send({ kind: 'close' })
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    this.#queuedBytes -= waiting.bytes
    waiting.deadline[Symbol.dispose]()
    if (this.#waiting.size === 0) this.#emptied?.()
    return waiting
  }

  async *#read(
    after: Position | undefined,
    stream: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordedEvent> {
    const hasLeft = (): boolean => signal?.aborted === true
    if (hasLeft()) return
    if (this.#gone) throw new StoreError('unavailable', 'The process that writes the log is gone.')
    const id = (this.#lastId += 1)
    const reading: Reading = { events: [], taken: 0, over: false, failure: undefined, more: undefined }
    this.#readings.set(id, reading)
    const left = (): void => reading.more?.()
    signal?.addEventListener('abort', left, { once: true })
    this.#ports.send({ kind: 'read', id, after, stream, follows: signal !== undefined })
    try {
      while (!hasLeft()) {
        const event = reading.events.shift()
        if (event !== undefined) {
          this.#taken(id, reading)
          yield event
        } else if (reading.failure !== undefined) throw reading.failure
        else if (reading.over) return
        else await this.#more(reading)
      }
    } finally {
      signal?.removeEventListener('abort', left)
      this.#readings.delete(id)
      if (!reading.over && !this.#gone) this.#ports.send({ kind: 'left', id })
    }
  }

  #taken(id: number, reading: Reading): void {
    reading.taken += 1
    if (reading.taken < eventsAheadMax / 2 || reading.over || this.#gone) return
    this.#ports.send({ kind: 'taken', id, events: reading.taken })
    reading.taken = 0
  }

  async #more(reading: Reading): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    reading.more = resolve
    await promise
    reading.more = undefined
  }

  #over(id: number, failure: Error | undefined): void {
    const reading = this.#readings.get(id)
    if (reading === undefined) return
    reading.over = true
    reading.failure = failure
    reading.more?.()
  }
}

function errorOf({ message, reason, range }: Failure): Error {
  if (reason !== null) return new StoreError(reason, message)
  return range ? new RangeError(message) : new Error(message)
}
