import { setImmediate as nextTurn } from 'node:timers/promises'
import { type AppendOptions, type Clock, type HeadRecord, type Ids, type NewEvent } from '@sluice/core'
import type { Sink } from '../append.ts'
import type { Batch } from '../batch.ts'
import { hashBytes, hashIn, hashOf, zeroHash } from '../chain.ts'
import { CheckpointCourier, type CheckpointOutlet, type OutletState } from '../checkpoint-courier.ts'
import type { Report } from '../data-keys.ts'
import { checkpointStream, type RecordableUnit } from '../incarnation.ts'
import type { Signer } from '../keys.ts'
import { signedLine, statementKind } from '../statement.ts'
import { homeOf, partitions, placeOf } from './partition.ts'

export interface CheckpointPorts {
  readonly writer: string
  readonly epoch: number
  readonly clock: Clock
  readonly ids: Ids
  readonly report: Report
  readonly append: (unit: RecordableUnit, options: AppendOptions) => Promise<unknown>
  readonly everyMs: number
  /** As statements name it. */
  readonly log: string
  readonly signer: Signer
  readonly outlets: readonly CheckpointOutlet[]
}

interface Head {
  events: number
  readonly link: Buffer
}

/** The link after an event: over the one before and the event's hash. Covers all of an incarnation in a partition. */
export function linkAfterEvent(link: Uint8Array, hash: Uint8Array): Buffer {
  return hashOf(Buffer.concat([link, hash], 2 * hashBytes))
}

/**
 * Counts and links what this incarnation has written to each partition, and signs that from time to time: a chain says
 * what follows what, and only a statement kept elsewhere says that its end is missing.
 */
export class Checkpoints {
  readonly #ports: CheckpointPorts
  readonly #heads = new Map<number, Head>()
  readonly #couriers: readonly CheckpointCourier[]
  readonly #home: number
  #number = 0
  #stated = -1
  #events = 0
  #timer: Disposable | undefined
  #stating: Promise<void> | undefined
  #closing = false

  constructor(ports: CheckpointPorts) {
    const { clock, report, outlets } = ports
    this.#ports = ports
    this.#home = homeOf(ports)
    this.#couriers = outlets.map((outlet) => new CheckpointCourier(outlet, { clock, report, paceMs: 0 }))
  }

  /** The same sink; what it writes counts. */
  through(sink: Sink): Sink {
    return {
      write: async (batch) => {
        const [positions] = await Promise.all([sink.write(batch), this.#counted(batch)])
        return positions
      },
      buffer: (bytes) => sink.buffer(bytes),
      recycle: (buffer) => sink.recycle(buffer),
    }
  }

  /** What is in no statement yet was written after this: whoever verifies takes it for young. */
  start(): void {
    this.#stating = this.#state(false).finally(() => this.#next())
  }

  /** The last one: nothing of this incarnation follows. */
  async close(): Promise<void> {
    this.#closing = true
    this.#timer?.[Symbol.dispose]()
    // Two statements with one number would be one too few.
    await this.#stating
    await this.#state(true)
  }

  get outlets(): readonly OutletState[] {
    return this.#couriers.map(({ state }) => state)
  }

  /** Resolves once the outlets have what was stated last, or did not take it in time. */
  async left(): Promise<void> {
    await Promise.all(this.#couriers.map((courier) => courier.close()))
  }

  #next(): void {
    if (this.#closing) return
    this.#timer = this.#ports.clock.after(this.#ports.everyMs, () => this.start())
  }

  /**
   * While the brokers write it: a statement that counts it becomes durable after it. The request leaves in this turn of
   * the event loop.
   */
  async #counted(batch: Batch): Promise<void> {
    await nextTurn()
    this.#count(batch)
  }

  #count(batch: Batch): void {
    for (const [index, { stream }] of batch.units.entries()) {
      if (stream === checkpointStream) continue
      const place = placeOf(stream, this.#home)
      const head = this.#heads.get(place) ?? { events: 0, link: Buffer.from(zeroHash) }
      this.#heads.set(place, head)
      for (const { bytes, signed } of batch.eventsOf(index)) {
        linkAfterEvent(head.link, hashIn(bytes, signed)).copy(head.link)
        head.events += 1
        this.#events += 1
      }
    }
  }

  async #state(closed: boolean): Promise<void> {
    const { writer, epoch, clock, ids, report, append, log, signer } = this.#ports
    if (this.#events === this.#stated && !closed) return
    const events = this.#events
    const data = { writer, epoch, number: this.#number, closed, heads: this.#records() }
    const time = clock.now()
    const event: NewEvent = { id: ids.next('evt'), time, type: 'CheckpointSigned', data }
    try {
      await append({ stream: checkpointStream, events: [event] }, { withinMs: stateMs, urgency: 'soon' })
      this.#number += 1
      this.#stated = events
      const line = signedLine({ kind: statementKind, log, time, ...data }, signer)
      for (const courier of this.#couriers) courier.send(line)
    } catch (error) {
      report('a checkpoint of the log was not written; the next one says as much', error)
    }
  }

  #records(): readonly HeadRecord[] {
    return [...this.#heads.entries()].map(([index, { events, link }]) => {
      const { topic, partition } = partitions[index] ?? { topic: 'audit', partition: -1 }
      return { topic, partition, events, link: link.toString('hex') }
    })
  }
}

const stateMs = 5_000
