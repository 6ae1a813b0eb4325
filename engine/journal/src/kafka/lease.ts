import { randomUUID } from 'node:crypto'
import avro from 'avsc'
import type { Clock } from '@sluice/core'
import { Partitioners, type Kafka, type Producer } from 'kafkajs'
import type { Report } from '../data-keys.ts'
import { patiently } from './client.ts'

/** A sign of life of one incarnation. Of no interest once the next one is there. */
export interface Beat {
  readonly writer: string
  /** 0 in the claim, whose place in the topic gives the number. */
  readonly epoch: number
  readonly nonce: string
}

const beatType = avro.Type.forSchema({
  type: 'record',
  name: 'Beat',
  namespace: 'sluice.leases',
  fields: [
    { name: 'writer', type: 'string' },
    { name: 'epoch', type: 'long' },
    { name: 'nonce', type: 'string' },
  ],
})

/** Throws for what is none. */
export function decodeBeat(value: Buffer): Beat {
  return beatType.fromBuffer(value) as Beat
}

/** Times of a lease, milliseconds. A peer declares lost who was silent for twice the lease and a beat. */
export interface LeaseTimes {
  readonly beatMs: number
  readonly leaseMs: number
}

export const leaseTimes: LeaseTimes = { beatMs: 1_000, leaseMs: 5_000 }

export interface LeasePorts {
  readonly kafka: Kafka
  readonly topic: string
  readonly clock: Clock
  readonly report: Report
  readonly times: LeaseTimes
  /**
   * Called when the log can be reached again after the lease had lapsed: resolves once the log says that this
   * incarnation goes on, rejects when it does not say so.
   */
  readonly resume: () => Promise<void>
}

/**
 * Whether this incarnation may still perform effects: it may for `leaseMs` after it sent a beat that the log took. By
 * its own clock, so that a process that slept finds its lease lapsed before it does anything else.
 */
export class Lease {
  readonly writer: string
  readonly epoch: number
  readonly #ports: LeasePorts
  readonly #producer: Producer
  readonly #nonce: string
  #sentMs: number
  #lapsed = false
  #timer: Disposable | undefined
  #beating: Promise<void> | undefined
  #closed = false

  private constructor(
    ports: LeasePorts,
    producer: Producer,
    of: Omit<Beat, 'epoch'> & { readonly epoch: number; readonly sentMs: number },
  ) {
    this.#ports = ports
    this.#producer = producer
    this.writer = of.writer
    this.epoch = of.epoch
    this.#nonce = of.nonce
    this.#sentMs = of.sentMs
  }

  /** Claims the next epoch: no other claim, of whichever gateway, has the same place in the topic. */
  static async claim(writer: string, ports: LeasePorts): Promise<Lease> {
    const producer = ports.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: patiently,
    })
    await producer.connect()
    const nonce = randomUUID()
    const sentMs = ports.clock.monotonic()
    const offset = await send(producer, ports.topic, { writer, epoch: 0, nonce })
    return new Lease(ports, producer, { writer, epoch: offset + 1, nonce, sentMs })
  }

  /** Check at each effect, in the turn in which it leaves. */
  get live(): boolean {
    if (this.#ports.clock.monotonic() - this.#sentMs > this.#ports.times.leaseMs) this.#lapsed = true
    return !this.#lapsed && !this.#closed
  }

  /** How long it lasts without another beat, as long as it is live. */
  get leftMs(): number {
    return this.#ports.times.leaseMs - (this.#ports.clock.monotonic() - this.#sentMs)
  }

  /** Beats from now on. */
  keep(): void {
    this.#timer = this.#ports.clock.after(this.#ports.times.beatMs, () => {
      this.#beating = this.#beat().finally(() => {
        if (!this.#closed) this.keep()
      })
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    await this.#beating
    await this.#producer.disconnect()
  }

  async #beat(): Promise<void> {
    const { clock, topic, report, resume } = this.#ports
    const sentMs = clock.monotonic()
    try {
      await send(this.#producer, topic, { writer: this.writer, epoch: this.epoch, nonce: this.#nonce })
      // Read before it is renewed: who slept in between must not come out of it unnoticed.
      const wasLive = this.live
      this.#sentMs = sentMs
      if (wasLive || this.#closed) return
      await resume()
      this.#lapsed = false
    } catch (error) {
      if (!this.live && !this.#closed)
        report('the lease of this gateway has lapsed: it performs nothing', error)
    }
  }
}

async function send(producer: Producer, topic: string, beat: Beat): Promise<number> {
  const [written] = await producer.send({
    topic,
    acks: -1,
    messages: [{ partition: 0, key: beat.writer, value: beatType.toBuffer(beat) }],
  })
  return Number(written?.baseOffset ?? -1)
}
