import {
  followed,
  type EventData,
  type EventType,
  type LogFollower,
  type Position,
  type RecordedEvent,
  type TakeFollowed,
} from '@sluice/core'

/** A log whose events a test writes down, each with the number that its writer would give it. */
export class ScriptedLog implements LogFollower {
  readonly events: RecordedEvent[] = []
  readonly #next = new Map<string, number>()
  #wake = Promise.withResolvers<void>()
  /** How many events before the asked position are handed out again. */
  repeats = 0

  write<T extends EventType>(
    of: { readonly stream: string; readonly writer?: string; readonly epoch?: number; readonly run?: string },
    type: T,
    data: EventData[T],
  ): void {
    const { stream, writer = 'gw_a', epoch = 1, run = null } = of
    const key = `${writer}/${epoch}/${stream}`
    const seq = this.#next.get(key) ?? 0
    this.#next.set(key, seq + 1)
    const place = this.events.length
    const time = 1_800_000_000_000 + place * 1_000
    const rest = {
      id: `evt_${place}`,
      stream,
      seq,
      writer,
      epoch,
      time,
      trace_id: null,
      run_id: run,
      schema: 1,
    }
    const hashes = { sealed: null, prev_hash: none, hash: none, sig: stream === 'control' ? none : null }
    this.events.push({
      ...rest,
      ...hashes,
      type,
      data,
      position: `${place}` as Position,
    } as unknown as RecordedEvent)
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
  }

  async follow(after: Position | undefined, signal: AbortSignal, take: TakeFollowed): Promise<void> {
    if (after !== undefined && Number(after) >= this.events.length)
      throw new RangeError('this position is not in this log')
    let next = after === undefined ? 0 : Math.max(0, Number(after) + 1 - this.repeats)
    while (!signal.aborted) {
      const event = this.events[next]
      if (event !== undefined) {
        next += 1
        await take({ events: [followed(event)], position: event.position })
        continue
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve(), { once: true })
      await Promise.race([this.#wake.promise, promise])
    }
  }
}

const none = new Uint8Array(32)
