import { controlStream, followed, type FollowedEvent, type TakeFollowed } from '@sluice/core'
import type { Batch } from './batch.ts'
import { decodeEvent } from './codec.ts'
import type { IncarnationOf } from './incarnation.ts'
import { positionOf, type Place } from './position.ts'

/** A batch that is durable. */
interface Written {
  readonly events: readonly FollowedEvent[]
  readonly bytes: number
  readonly at: Pick<Place, 'segment' | 'offset'>
}

/** What waits while a follower is busy; with more it reads the log itself. */
const waitingBytesMax = 8_388_608

/**
 * Hands a follower what is being written, which then need not be read back. Writing waits for nobody: it only hears
 * when it is over.
 */
export class Tail {
  readonly #take: TakeFollowed
  readonly #over = Promise.withResolvers<Place>()
  readonly #waiting: Written[] = []
  #waitingBytes = 0
  #busy = false
  #ended = false
  #upTo: Place

  /** `from`: the present end of the log. */
  constructor(from: Pick<Place, 'segment' | 'offset'>, take: TakeFollowed) {
    this.#upTo = { ...from, index: -1 }
    this.#take = take
  }

  /** Up to where the follower was given everything, once it is given no more. Rejects with what it threw. */
  get over(): Promise<Place> {
    return this.#over.promise
  }

  /** What waits then is for the follower to read. */
  end(): void {
    this.#ended = true
    if (!this.#busy) this.#over.resolve(this.#upTo)
  }

  add(batch: Batch, of: IncarnationOf, at: Written['at']): void {
    if (this.#ended) return
    const written = { events: eventsOf(batch, of, at), bytes: batch.length, at }
    if (!this.#busy) this.#give(written)
    else if (this.#waitingBytes > waitingBytesMax) this.end()
    else {
      this.#waiting.push(written)
      this.#waitingBytes += written.bytes
    }
  }

  #give({ events, bytes, at }: Written): void {
    this.#upTo = { segment: at.segment, offset: at.offset + bytes, index: -1 }
    if (events.length === 0) return
    try {
      const taking = this.#take({ events, position: positionOf({ ...at, index: events.length - 1 }) })
      if (taking !== undefined) void this.#wait(taking)
    } catch (error) {
      this.#over.reject(error)
    }
  }

  async #wait(taking: Promise<void>): Promise<void> {
    this.#busy = true
    try {
      await taking
    } catch (error) {
      this.#over.reject(error)
      return
    }
    this.#busy = false
    while (!this.#busy && !this.#ended) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#waitingBytes -= next.bytes
      this.#give(next)
    }
    if (this.#ended) this.end()
  }
}

function eventsOf(
  batch: Batch,
  { writer, epoch }: IncarnationOf,
  at: Written['at'],
): readonly FollowedEvent[] {
  const found: FollowedEvent[] = []
  for (const [index, { stream, seq, recorded }] of batch.units.entries()) {
    if (stream === controlStream) {
      for (const { bytes } of batch.eventsOf(index))
        found.push(followed(decodeEvent(bytes, positionOf({ ...at, index: found.length }))))
      continue
    }
    for (const [nth, event] of recorded.entries()) {
      const { id, time, type, data, trace_id = null, run_id = null } = event
      const of = { id, stream, seq: seq + nth, writer, epoch, time, trace_id, run_id }
      const proof = { hash: batch.hashOf(found.length), sig: null, recorded: null }
      found.push({ ...of, ...proof, type, data } as FollowedEvent)
    }
  }
  return found
}
