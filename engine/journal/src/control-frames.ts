import type { Place } from './position.ts'
import { isBefore, type ReadEnd } from './read.ts'

/** A stretch of the log to read. */
export interface Stretch {
  readonly from: Place
  readonly end: ReadEnd
}

/** Frames remembered; who falls behind more than this reads the log in between. */
const framesMax = 1_024

/**
 * Where the control stream's events of this incarnation are. They are few among very many: who follows them reads
 * these frames alone, and is woken by them alone.
 */
export class ControlFrames {
  readonly #frames: Stretch[] = []
  /** Everything from here on that belongs to the control stream is in `frames`. */
  #since: ReadEnd
  #grown: PromiseWithResolvers<void> | undefined

  constructor(since: ReadEnd) {
    this.#since = since
  }

  /** A frame with such events is durable. */
  add(frame: ReadEnd, end: ReadEnd): void {
    this.#frames.push({ from: { ...frame, index: -1 }, end })
    if (this.#frames.length > framesMax) this.#since = this.#frames.shift()?.end ?? this.#since
    this.wake()
  }

  /** What to read after a place to have seen all that was added, up to the log's end now. */
  after(place: Place, end: ReadEnd): readonly Stretch[] {
    if (isBefore(place, this.#since)) return [{ from: place, end }]
    return this.#frames.flatMap((frame) => {
      if (isBefore(place, frame.from)) return [frame]
      return isBefore(place, frame.end) ? [{ from: place, end: frame.end }] : []
    })
  }

  /** Resolves when there are more than now, or none will come. */
  grown(): Promise<void> {
    this.#grown ??= Promise.withResolvers()
    return this.#grown.promise
  }

  wake(): void {
    this.#grown?.resolve()
    this.#grown = undefined
  }
}
