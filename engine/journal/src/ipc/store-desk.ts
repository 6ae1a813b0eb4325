import { StoreError, type Clock, type EventStore, type Unit } from '@sluice/core'
import {
  eventsAheadMax,
  sinceBootMs,
  type Failure,
  type StoreReply,
  type StoreRequest,
  type StoreState,
} from './messages.ts'

/** The log as its own process has it. */
export interface ServedStore extends EventStore {
  /** For how long from now on it stays live, as far as anybody can tell. */
  readonly liveForMs: number
}

export interface DeskPorts {
  readonly store: ServedStore
  readonly clock: Pick<Clock, 'after'>
  readonly send: (reply: StoreReply) => void
  /** Hears of each unit that became durable, in no particular order. */
  readonly appended?: (unit: Unit) => void
}

/** One reader at the other end. */
class Reading {
  readonly #leaving = new AbortController()
  /** Events that may be sent before more are asked for. */
  credit: number = eventsAheadMax
  more: (() => void) | undefined

  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /** It goes on no longer; what waits for it is told. */
  leave(): void {
    this.#leaving.abort()
    this.more?.()
  }
}

/** How often it is said whether the log can be written: a log that stands still refuses within a second as well. */
const stateMs = 200

/** Serves the log to one other process. It appends, seals and chains as if the units were this process's own. */
export class StoreDesk {
  readonly #ports: DeskPorts
  readonly #readings = new Map<number, Reading>()
  readonly #appending = new Set<Promise<void>>()
  #closing = false
  #left = false
  #telling: Disposable | undefined

  constructor(ports: DeskPorts) {
    this.#ports = ports
    this.#tell()
  }

  take(request: StoreRequest): void {
    switch (request.kind) {
      case 'append':
        return this.#append(request)
      case 'read':
        return void this.#read(request)
      case 'taken':
        return this.#taken(request)
      case 'left':
        return this.#readings.get(request.id)?.leave()
      case 'close':
        this.#closing = true
        for (const reading of this.#readings.values()) reading.leave()
    }
  }

  /** The other process is gone. Resolves once all that arrived of it is durable or refused. */
  async leave(): Promise<void> {
    this.#left = true
    this.#telling?.[Symbol.dispose]()
    for (const reading of this.#readings.values()) reading.leave()
    await Promise.all(this.#appending)
  }

  get #state(): StoreState {
    const { healthy, live, liveForMs } = this.#ports.store
    return { healthy, liveUntilMs: live ? sinceBootMs() + liveForMs : 0 }
  }

  #tell(): void {
    if (this.#left) return
    this.#ports.send({ kind: 'state', state: this.#state })
    this.#telling = this.#ports.clock.after(stateMs, () => this.#tell())
  }

  #append({ id, unit, options }: StoreRequest & { readonly kind: 'append' }): void {
    const { store, send, appended } = this.#ports
    const appending = store
      .append(unit, options)
      .then(
        (position) => {
          appended?.(unit)
          send({ kind: 'appended', id, position, state: this.#state })
        },
        (error: unknown) => send({ kind: 'refused', id, failure: failureOf(error), state: this.#state }),
      )
      .finally(() => this.#appending.delete(appending))
    this.#appending.add(appending)
  }

  #taken({ id, events }: StoreRequest & { readonly kind: 'taken' }): void {
    const reading = this.#readings.get(id)
    if (reading === undefined) return
    reading.credit += events
    reading.more?.()
  }

  async #read({ id, after, stream, follows }: StoreRequest & { readonly kind: 'read' }): Promise<void> {
    const { store, send } = this.#ports
    const reading = new Reading()
    const { signal } = reading
    this.#readings.set(id, reading)
    let position = after
    const give = async (events: ReturnType<EventStore['read']>): Promise<void> => {
      for await (const event of events) {
        await this.#credit(reading)
        if (this.#left || (signal.aborted && !this.#closing)) return
        position = event.position
        reading.credit -= 1
        send({ kind: 'event', id, event })
      }
    }
    try {
      await give(follows ? store.subscribe(after, signal, stream) : store.read(after, stream))
      // Who follows a log that is closed gets what was there.
      if (follows && this.#closing) await give(store.read(position, stream))
      send({ kind: 'read', id, failure: null })
    } catch (error) {
      send({ kind: 'read', id, failure: failureOf(error) })
    } finally {
      this.#readings.delete(id)
    }
  }

  async #credit(reading: Reading): Promise<void> {
    while (reading.credit === 0 && !this.#left && (!reading.signal.aborted || this.#closing)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      reading.more = resolve
      await promise
      reading.more = undefined
    }
  }
}

function failureOf(error: unknown): Failure {
  return {
    message: error instanceof Error ? error.message : String(error),
    reason: error instanceof StoreError ? error.reason : null,
    range: error instanceof RangeError,
  }
}
