import type { Clock, Position } from '@sluice/core'
import type { Kafka } from 'kafkajs'
import type { Sink } from '../append.ts'
import type { Batch } from '../batch.ts'
import type { Report } from '../data-keys.ts'
import type { EncodedEvent } from '../frame.ts'
import { checkpointStream, type IncarnationOf } from '../incarnation.ts'
import { homeOf, keyOf, partitions, placeOf } from './partition.ts'
import { PartitionWriter, type PlacedRecord } from './partition-writer.ts'
import { Frontier, positionIn } from './position.ts'
import type { TopicNames } from './topics.ts'
import { encodeRecord } from './wire.ts'

export interface TopicSinkPorts {
  readonly kafka: Kafka
  readonly names: TopicNames
  readonly incarnation: IncarnationOf
  readonly clock: Clock
  readonly report: Report
}

/** One flush is one record in each partition that gets something of it: almost always one, for all sessions. */
export class TopicSink implements Sink {
  readonly #ports: TopicSinkPorts
  readonly #writer: PartitionWriter
  readonly #home: number
  readonly #key: string
  /** At most one: one flush is in flight. */
  #spare: Buffer | undefined
  #stopped = false
  #failing = false

  constructor(ports: TopicSinkPorts) {
    this.#ports = ports
    const { kafka, clock, incarnation } = ports
    this.#home = homeOf(incarnation)
    this.#key = keyOf(incarnation)
    this.#writer = new PartitionWriter({ kafka, clock, trouble: (what) => this.trouble(what) })
  }

  get failing(): boolean {
    return this.#failing
  }

  /** Call when the client said that it could not write and tries again. */
  trouble(what: string): void {
    if (!this.#failing && !this.#stopped)
      this.#ports.report('the log could not be written; trying again', new Error(what))
    this.#failing = true
  }

  /** Rejects when no broker can be reached. */
  open(): Promise<void> {
    return this.#writer.open()
  }

  async write(batch: Batch): Promise<(event: number) => Position> {
    const records = this.#recordsOf(batch)
    const offsets = await this.#writer.write(records)
    this.#failing = false
    return positionsOf(records, offsets)
  }

  buffer(bytes: number): Buffer {
    const spare = this.#spare
    this.#spare = undefined
    return spare !== undefined && spare.length >= bytes ? spare : Buffer.allocUnsafe(bytes)
  }

  /** The client has copies. */
  recycle(buffer: Buffer): void {
    this.#spare = buffer
  }

  async close(): Promise<void> {
    this.#stopped = true
    await this.#writer.close()
  }

  #recordsOf(batch: Batch): readonly UnitsRecord[] {
    const byPlace = Map.groupBy(batch.units.entries(), ([, { stream }]) => this.#placeOf(stream))
    return [...byPlace].map(([place, units]) => {
      const events: EncodedEvent[] = []
      const ends: UnitEnd[] = []
      for (const [index, { events: until }] of units) {
        events.push(...batch.eventsOf(index))
        ends.push({ last: until - 1, seen: events.length })
      }
      return { ...this.#topicOf(place), key: this.#key, value: encodeRecord(events), place, ends }
    })
  }

  #placeOf(stream: string): number | 'checkpoints' {
    return stream === checkpointStream ? 'checkpoints' : placeOf(stream, this.#home)
  }

  #topicOf(place: number | 'checkpoints'): Pick<PlacedRecord, 'topic' | 'partition'> {
    const { names } = this.#ports
    const found = place === 'checkpoints' ? { topic: place, partition: 0 } : partitions[place]
    if (found === undefined) throw new Error(`there is no partition ${place}`)
    return { topic: names[found.topic], partition: found.partition }
  }
}

/** The units of a batch that go to one partition. */
interface UnitsRecord extends PlacedRecord {
  /** Among `partitions`. */
  readonly place: number | 'checkpoints'
  readonly ends: readonly UnitEnd[]
}

interface UnitEnd {
  /** Index in the batch of the last event of a unit. */
  readonly last: number
  /** How many events the record has up to there. */
  readonly seen: number
}

/** Where the last event of each unit is, by its index in the batch: in its own partition, of the others it says nothing. */
function positionsOf(
  records: readonly UnitsRecord[],
  offsets: ReadonlyMap<PlacedRecord, number>,
): (event: number) => Position {
  const positions = new Map<number, Position>()
  for (const record of records) {
    const { place, ends } = record
    const offset = offsets.get(record) ?? -1
    // A repeat that the broker already had may be acknowledged without its place.
    if (offset < 0 || place === 'checkpoints') continue
    for (const { last, seen } of ends)
      positions.set(
        last,
        positionIn(place, last === ends.at(-1)?.last ? { offset: offset + 1, seen: 0 } : { offset, seen }),
      )
  }
  return (event) => positions.get(event) ?? Frontier.start().position
}
