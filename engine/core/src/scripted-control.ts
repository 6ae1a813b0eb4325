import type { NewEvent, RecordedEvent } from './events.ts'
import { StoreError, type Clock, type EventStore, type Ids, type Position, type Unit } from './ports.ts'

/** Time, identifiers and a log shared by several writers, that do what a test tells them. */

/** Stands still until it is told to go on; then its timers call back in order. */
export class SteppedClock implements Clock {
  #now = 1_700_000_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  /** Time goes by and no timer notices yet: they are late. */
  pass(ms: number): void {
    this.#now += ms
  }

  /** The timers that are due. */
  ring(): void {
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at)
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback()
  }

  advance(ms: number): void {
    this.pass(ms)
    this.ring()
  }
}

export function countingIds(): Ids {
  let count = 0
  return { next: (prefix) => `${prefix}_${String(++count).padStart(26, '0')}`, random32: () => 4 }
}

/** Lets everything happen that waits for no timer and no log. */
export async function quiet(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}

interface Waiting {
  readonly by: string
  readonly events: readonly NewEvent[]
  readonly stream: string
  readonly taken: PromiseWithResolvers<Position>
}

interface Follower {
  readonly by: string
  /** Events that it may have seen. */
  allowed: number
  failure: Error | undefined
  ended: boolean
  wake: () => void
}

/**
 * One log with many writers. As it comes every append is durable at once and seen by all; `manual`: an append waits
 * for `commit`, and who follows for `deliver`.
 */
export class SharedLog {
  readonly events: RecordedEvent[] = []
  readonly waiting: Waiting[] = []
  readonly #followers = new Set<Follower>()
  readonly #dead = new Set<string>()
  /** The next appends are refused with it. */
  failure: StoreError | undefined
  manual = false

  /** The log as one incarnation has it. */
  store(writer: string, epoch: number = 1): EventStore {
    const by = nameOf(writer, epoch)
    return {
      append: (unit) => this.#append(by, unit),
      read: (after, stream) => this.#read(after, stream),
      subscribe: (after, signal, stream) => this.#subscribe(by, after, signal, stream),
      healthy: true,
      live: true,
      close: async () => this.kill(writer, epoch),
    }
  }

  /** Makes one waiting append durable. Without a follower that is let on nobody sees it yet. */
  commit(index: number = 0): void {
    const [next] = this.waiting.splice(index, 1)
    if (next !== undefined) next.taken.resolve(this.#take(next))
  }

  /** The caller of a waiting append is told that it took too long. It stays, and may be made durable later. */
  timeOut(index: number = 0): void {
    this.waiting[index]?.taken.reject(new StoreError('deadline', 'late'))
  }

  /** Lets one who follows see one event more, or all. */
  deliver(writer: string, epoch: number = 1, events: number = Infinity): void {
    for (const follower of this.#followersOf(writer, epoch)) {
      follower.allowed = Math.min(this.events.length, follower.allowed + events)
      follower.wake()
    }
  }

  /** Those who follow are thrown out, and may come again. */
  interrupt(writer: string, epoch: number = 1): void {
    for (const follower of this.#followersOf(writer, epoch)) {
      follower.failure = new Error('the log could not be read')
      follower.wake()
    }
  }

  /** The incarnation is gone. What it appended and is not durable never will be. */
  kill(writer: string, epoch: number = 1): void {
    const by = nameOf(writer, epoch)
    this.#dead.add(by)
    for (let index = this.waiting.length - 1; index >= 0; index--)
      if (this.waiting[index]?.by === by)
        for (const { taken } of this.waiting.splice(index, 1))
          taken.reject(new StoreError('closed', 'the writer is gone'))
    for (const follower of this.#followersOf(writer, epoch)) {
      follower.ended = true
      follower.wake()
    }
  }

  /** What a writer records that no command of the book would. */
  record(writer: string, epoch: number, event: NewEvent): void {
    this.#take({ by: nameOf(writer, epoch), stream: 'control', events: [event] })
    if (!this.manual) this.#wakeAll()
  }

  #append(by: string, { stream, events }: Unit): Promise<Position> {
    if (this.#dead.has(by)) return Promise.reject(new StoreError('closed', 'the writer is gone'))
    if (this.failure !== undefined) return Promise.reject(this.failure)
    const taken = Promise.withResolvers<Position>()
    taken.promise.catch(() => {})
    this.waiting.push({ by, stream, events, taken })
    if (!this.manual) this.commit()
    if (!this.manual) this.#wakeAll()
    return taken.promise
  }

  #take({ by, stream, events }: Pick<Waiting, 'by' | 'stream' | 'events'>): Position {
    const [writer = '', epoch = ''] = by.split('/')
    for (const event of events) {
      const index = this.events.length
      const { sealed } = event
      const hash = Buffer.alloc(4)
      hash.writeUInt32BE(index)
      this.events.push({
        ...event,
        trace_id: event.trace_id ?? null,
        run_id: event.run_id ?? null,
        stream,
        seq: index,
        writer,
        epoch: Number(epoch),
        schema: 1,
        sealed: sealed ?? null,
        prev_hash: hash,
        hash,
        sig: stream === 'control' ? hash : null,
        position: String(index) as Position,
      })
    }
    return String(this.events.length - 1) as Position
  }

  async *#read(after: Position | undefined, stream: string | undefined): AsyncGenerator<RecordedEvent> {
    const end = this.events.length
    for (const event of this.events.slice(after === undefined ? 0 : Number(after) + 1, end))
      if (stream === undefined || event.stream === stream) yield event
  }

  async *#subscribe(
    by: string,
    after: Position | undefined,
    signal: AbortSignal,
    stream: string | undefined,
  ): AsyncGenerator<RecordedEvent> {
    let at = after === undefined ? 0 : Number(after) + 1
    const follower: Follower = { by, allowed: at, failure: undefined, ended: false, wake: () => {} }
    this.#followers.add(follower)
    signal.addEventListener('abort', () => follower.wake(), { once: true })
    try {
      while (!signal.aborted && !follower.ended) {
        if (follower.failure !== undefined) throw follower.failure
        const event = this.manual && at >= follower.allowed ? undefined : this.events[at]
        if (event === undefined) {
          await new Promise<void>((resolve) => (follower.wake = resolve))
          continue
        }
        at += 1
        follower.allowed = Math.max(follower.allowed, at)
        if (stream === undefined || event.stream === stream) yield event
      }
    } finally {
      this.#followers.delete(follower)
    }
  }

  #followersOf(writer: string, epoch: number): readonly Follower[] {
    return [...this.#followers].filter(({ by }) => by === nameOf(writer, epoch))
  }

  #wakeAll(): void {
    for (const follower of this.#followers) follower.wake()
  }
}

function nameOf(writer: string, epoch: number): string {
  return `${writer}/${epoch}`
}
