import { limits, pause, type Clock, type EventStore, type Position } from '@sluice/core'

export interface LagPorts {
  readonly store: Pick<EventStore, 'subscribe'>
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly report: (what: string, error: unknown) => void
}

/** What is told of an exporter that is measured. */
export interface Progress {
  readonly position: Position | null
  /** Events of the log that it dealt with. */
  readonly events: number
  /** When the oldest event was written that it has read and not dealt with; `null`: there is none. */
  readonly pendingMs: number | null
  /** When the last event was written that it has dealt with. */
  readonly doneMs: number
}

export interface Lag {
  readonly events: number
  readonly seconds: number
}

interface Follower {
  readonly progress: Progress
  waitingSinceMs: number
  /** Events that were removed from the log before it could count them. */
  uncounted: number
}

/**
 * Follows the end of the log and counts, so that everybody else's distance from it is known. It begins where the one
 * that is farthest is, whose count of events is known.
 */
export class LogEnd {
  readonly #ports: LagPorts
  readonly #leaving = new AbortController()
  readonly #followers = new Set<Follower>()
  #events: number
  #position: Position | undefined
  #running: Promise<void> | undefined

  constructor(from: { readonly position: Position | null; readonly events: number }, ports: LagPorts) {
    this.#position = from.position ?? undefined
    this.#events = from.events
    this.#ports = ports
  }

  start(): void {
    this.#running = this.#follow()
  }

  async close(): Promise<void> {
    this.#leaving.abort()
    await this.#running
  }

  /** What to ask for the distance of somebody whose `progress` is as it is at the time. */
  follower(progress: Progress): () => Lag {
    const follower: Follower = { progress, waitingSinceMs: 0, uncounted: 0 }
    this.#followers.add(follower)
    return () => this.#lagOf(follower)
  }

  #lagOf(follower: Follower): Lag {
    const { progress } = follower
    // Whoever is at the same place has nothing before it, whatever it could count on its way.
    if (progress.position === (this.#position ?? null)) follower.uncounted = this.#events - progress.events
    const events = Math.max(0, this.#events - progress.events - follower.uncounted)
    if (events === 0) return { events, seconds: 0 }
    const { pendingMs, doneMs } = progress
    const since = pendingMs ?? Math.max(doneMs, follower.waitingSinceMs)
    return { events, seconds: Math.max(0, this.#ports.clock.now() - since) / 1_000 }
  }

  async #follow(): Promise<void> {
    const { store, clock, report } = this.#ports
    const { signal } = this.#leaving
    let isFailing = false
    while (!signal.aborted) {
      try {
        for await (const { position, time } of store.subscribe(this.#position, signal)) {
          this.#count(position, time)
          isFailing = false
          if (this.#events % limits.exportTurnEvents === 0)
            await new Promise<void>((resolve) => setImmediate(resolve))
        }
        return
      } catch (error) {
        if (signal.aborted) return
        if (!isFailing) report('how far exports are behind is not known', error)
        isFailing = true
        if (error instanceof RangeError) this.#restart()
        await pause(limits.exportRetryMs, clock, signal)
      }
    }
  }

  /** Who had everything waits from now on: its last event may be old. */
  #count(position: Position, time: number): void {
    for (const follower of this.#followers)
      if (follower.progress.events + follower.uncounted >= this.#events) follower.waitingSinceMs = time
    this.#events += 1
    this.#position = position
  }

  #restart(): void {
    this.#position = undefined
    this.#events = 0
    for (const follower of this.#followers) follower.uncounted = 0
  }
}
