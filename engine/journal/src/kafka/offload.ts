import { StoreError, type AppendOptions, type Clock, type Position, type Unit } from '@sluice/core'
import type { DataKey } from '../data-keys.ts'
import type { RecordableEvent, RecordableUnit } from '../incarnation.ts'
import { PutElsewhere, type Elsewhere } from '../sealing.ts'
import type { Bodies, Manifest } from './bodies.ts'

export interface OffloadPorts {
  readonly bodies: Pick<Bodies, 'put' | 'get'>
  readonly takeKey: () => DataKey | undefined
  readonly clock: Clock
  /** Bytes that may wait at once. */
  readonly queueBytesMax: number
  readonly append: (unit: RecordableUnit, options: AppendOptions) => Promise<Position>
}

/** Content up to this stays in its event. */
export const inlineBytesMax = 65_536
/** A unit is one record, which has no room for more than this of content. */
const unitInlineBytesMax = 524_288

/**
 * Puts large content elsewhere before the unit that it belongs to is appended. The units of a stream that come
 * meanwhile wait, so that they stay in the order of the calls.
 */
export class Offload {
  readonly #ports: OffloadPorts
  readonly #streams = new Map<string, Promise<unknown>>()
  #waitingBytes = 0

  constructor(ports: OffloadPorts) {
    this.#ports = ports
  }

  get waitingBytes(): number {
    return this.#waitingBytes
  }

  append(unit: Unit, options: AppendOptions): Promise<Position> {
    const before = this.#streams.get(unit.stream)
    const large = largeOf(unit)
    if (before === undefined && large.size === 0) return this.#ports.append(unit, options)
    return this.#inTurn(before, unit, large, options)
  }

  /** Content by the place that its event holds. */
  readonly fetch: Elsewhere = (stream, place, key) =>
    this.#ports.bodies.get(stream, JSON.parse(Buffer.from(place).toString()) as Manifest, key)

  async #inTurn(
    before: Promise<unknown> | undefined,
    unit: Unit,
    large: ReadonlySet<number>,
    options: AppendOptions,
  ): Promise<Position> {
    const bytes = unit.events.reduce((sum, { sealed }) => sum + (sealed?.length ?? 0), 0)
    if (this.#waitingBytes + bytes > this.#ports.queueBytesMax)
      throw new StoreError('full', 'Too much is waiting for the log.')
    this.#waitingBytes += bytes
    const until = this.#ports.clock.monotonic() + options.withinMs
    const turn = (before ?? Promise.resolve()).then(async () => {
      const recordable = await this.#put(unit, large)
      return { position: this.#ports.append(recordable, { ...options, withinMs: this.#left(until) }) }
    })
    const settled = turn.then(
      () => undefined,
      () => undefined,
    )
    this.#streams.set(unit.stream, settled)
    void settled.then(() => {
      this.#waitingBytes -= bytes
      if (this.#streams.get(unit.stream) === settled) this.#streams.delete(unit.stream)
    })
    return await (
      await this.#within(turn, options.withinMs)
    ).position
  }

  /** The content that was put for a caller who no longer waits is still appended: a unit is never given up. */
  #within<T>(turn: Promise<T>, ms: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const late = new StoreError('deadline', 'The log did not take this in time; it may still do so.')
    const timer = this.#ports.clock.after(ms, () => reject(late))
    void turn.then(resolve, reject).finally(() => timer[Symbol.dispose]())
    return promise
  }

  #left(until: number): number {
    return Math.max(1, until - this.#ports.clock.monotonic())
  }

  async #put(unit: Unit, large: ReadonlySet<number>): Promise<RecordableUnit> {
    const events: RecordableEvent[] = []
    for (const [index, event] of unit.events.entries()) {
      const { sealed, ...rest } = event
      events.push(
        sealed !== undefined && large.has(index)
          ? { ...rest, sealed: await this.#place(unit.stream, sealed) }
          : event,
      )
    }
    const [first, ...rest] = events
    if (first === undefined) throw new Error('a unit has at least one event')
    return { stream: unit.stream, events: [first, ...rest] }
  }

  async #place(stream: string, content: Uint8Array): Promise<PutElsewhere> {
    const key = this.#ports.takeKey()
    if (key === undefined)
      throw new StoreError('unavailable', 'No data key could be written for this content.')
    const manifest = await this.#ports.bodies.put(stream, content, key)
    return new PutElsewhere(key, Buffer.from(JSON.stringify(manifest)))
  }
}

/** Which contents do not stay in their events: each large one, and the largest until the rest fits into a record. */
function largeOf({ events }: Unit): ReadonlySet<number> {
  const large = new Set<number>()
  let inline = 0
  for (const [index, { sealed }] of events.entries())
    if (sealed !== undefined && sealed.length > inlineBytesMax) large.add(index)
    else inline += sealed?.length ?? 0
  if (inline <= unitInlineBytesMax) return large
  const rest = [...events.entries()]
    .filter(([index]) => !large.has(index))
    .toSorted(([, a], [, b]) => (b.sealed?.length ?? 0) - (a.sealed?.length ?? 0))
  for (const [index, { sealed }] of rest) {
    if (inline <= unitInlineBytesMax) break
    large.add(index)
    inline -= sealed?.length ?? 0
  }
  return large
}
