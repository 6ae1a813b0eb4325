import type { Clock, RecordedEvent } from '@sluice/core'
import type { TopicOf } from '@sluice/kafka'
import { recordedEvent } from '../codec.ts'
import { verifySignature } from '../keys.ts'
import type { Finding } from '../inspector.ts'
import { readCheckpoints, type KeptCheckpoints } from '../kept-checkpoints.ts'
import type { Statement } from '../statement.ts'
import type { Verification } from '../verify.ts'
import { hashAt, hashOf } from '../chain.ts'
import { reaching } from './brokers-error.ts'
import { ChainInspector, type FoundAt } from './chain-inspector.ts'
import { kafkaClient, type KafkaConnection } from './client.ts'
import { openCluster, type Cluster } from './cluster.ts'
import { ExpectedHeads } from './expected-heads.ts'
import { partitions } from './partition.ts'
import { Frontier } from './position.ts'
import { RecordReader, type Lane } from './reader.ts'
import { topicNames, type TopicNames } from './topics.ts'
import { decodeRecord, type DecodedEvent } from './wire.ts'

export interface VerifyOptions {
  readonly connection: KafkaConnection
  readonly prefix?: string
  /** The gateways' public key, from elsewhere than the log. Without it the log's own word is taken, and said so. */
  readonly publicKey?: Uint8Array | null
  /** Milliseconds since 1970: only what was written since. Chains may then begin anywhere. */
  readonly since?: number
  /** What outlets kept of this log, to hold it against. Says nothing of a log that is read from somewhere in it. */
  readonly kept?: readonly KeptCheckpoints[]
  readonly clock: Clock
  /** Called now and then with how many events were checked, of about how many records. */
  readonly progress?: (events: number, records: { readonly done: number; readonly of: number }) => void
}

/**
 * Reads the topics themselves and trusts no gateway: names what was changed, removed, put in another order, repeated or
 * forked, and where what the gateways signed says that the end is missing. Memory does not grow with the log.
 *
 * @throws BrokersError
 */
export async function verifyKafka(options: VerifyOptions): Promise<Verification> {
  const kafka = kafkaClient(options.connection, 'sluice-verify')
  const names = topicNames(options.prefix ?? '')
  const cluster = openCluster(kafka)
  try {
    await reaching(options.connection.brokers, async () => {
      await cluster.connect()
      await cluster.addMultipleTargetTopics([names.audit, names.control, names.checkpoints])
    })
    return await new Verifier(cluster, names, options).run()
  } finally {
    await cluster.disconnect()
  }
}

interface PlacedLane {
  readonly kind: TopicOf
  readonly topic: string
  readonly partition: number
}

interface VerifiedLane extends Lane, PlacedLane {
  readonly topic: string
  readonly partition: number
  /** Where reading began. */
  readonly from: number
}

class Verifier {
  readonly #cluster: Cluster
  readonly #names: TopicNames
  readonly #options: VerifyOptions
  #publicKey: Uint8Array | null
  readonly #problems: { readonly at: FoundAt; readonly what: string }[] = []

  constructor(cluster: Cluster, names: TopicNames, options: VerifyOptions) {
    this.#cluster = cluster
    this.#names = names
    this.#options = options
    this.#publicKey = options.publicKey ?? null
  }

  async run(): Promise<Verification> {
    // First, so that a log that grows meanwhile is only ever ahead of what was signed.
    this.#publicKey ??= await this.#ownWord()
    const retentionMs = await this.#retentionMs()
    const expected = new ExpectedHeads(this.#options.clock.now() - (retentionMs ?? 0))
    const elsewhere = await this.#kept(expected)
    await this.#stated(expected)
    const { since } = this.#options
    const lanes = await this.#lanes(
      partitions.map(({ topic, partition }) => this.#place(topic, partition)),
      since,
    )
    // Of a topic of which no gateway signed that it may be shortened everything must be there.
    const shortened = lanes.filter(({ kind, from }) => kind === 'audit' && retentionMs !== null && from > 0)
    const inspector = new ChainInspector(
      () => this.#publicKey,
      expected.byLane(),
      since !== undefined,
      new Set(shortened.map(({ kind, partition }) => `${kind}/${partition}`)),
    )
    for (const { at, what } of this.#problems) inspector.note(at, what)
    for await (const { at, record } of this.#records(lanes)) {
      const events = unitIn(record)
      if (events === null) inspector.note(at, 'this record is not what a gateway writes')
      else for (const event of events) inspector.event(at, event)
      this.#options.progress?.(inspector.events, progressOf(lanes))
    }
    inspector.end()
    const { events, streams, unknown } = inspector
    const findings = [
      ...elsewhere,
      ...inspector.findings.map((finding) => ({ ...finding, segment: this.#topicOf(finding.segment) })),
    ]
    const removed = since === undefined ? shortened.reduce((sum, { from }) => sum + from, 0) : 0
    return { ok: findings.length === 0, events, streams, unknown, removed, findings }
  }

  /** The key that the first gateway joined with. */
  async #ownWord(): Promise<Uint8Array | null> {
    const lanes = await this.#lanes([this.#place('control', 0)], undefined)
    for await (const { record } of this.#records(lanes))
      for (const { envelope } of unitIn(record) ?? []) {
        const event = recordedEvent(envelope, Frontier.start().position)
        if (event.type === 'GatewayJoined') return Buffer.from(event.data.public_key, 'hex')
      }
    return null
  }

  /** The shortest time that a gateway ever had the brokers keep events of sessions; `null`: for ever. */
  async #retentionMs(): Promise<number | null> {
    const lanes = await this.#lanes([this.#place('control', 0)], undefined)
    let shortest: number | null = null
    for await (const { record } of this.#records(lanes))
      for (const unit of unitIn(record) ?? []) {
        const event = this.#signed(unit)
        if (event?.type !== 'TopicRetentionSet' || event.data.topic !== 'audit') continue
        const { retention_ms: ms } = event.data
        if (ms >= 0) shortest = Math.min(ms, shortest ?? ms)
      }
    return shortest
  }

  /** What the gateways signed in the log itself. */
  async #stated(expected: ExpectedHeads): Promise<void> {
    const lanes = await this.#lanes([this.#place('checkpoints', 0)], undefined)
    for await (const { at, record } of this.#records(lanes))
      for (const event of unitIn(record) ?? []) {
        const signed = this.#signed(event)
        if (signed?.type === 'CheckpointSigned')
          expected.add(signed.data, event.envelope.time, this.#names.checkpoints)
        else this.#problems.push({ at, what: 'this checkpoint was not signed by the gateway' })
      }
  }

  /** What they signed and others kept; what is wrong with that. */
  async #kept(expected: ExpectedHeads): Promise<readonly Finding[]> {
    const found: Finding[] = []
    for (const kept of this.#options.kept ?? []) {
      const take = (statement: Statement): void => expected.add(statement, statement.time, kept.name)
      const of = { log: this.#names.audit, publicKey: this.#publicKey, take }
      found.push(...(await readCheckpoints(kept, of)))
    }
    return found
  }

  #place(kind: TopicOf, partition: number): PlacedLane {
    return { kind, topic: this.#names[kind], partition }
  }

  /** As people find it on the brokers. */
  #topicOf(lane: string): string {
    const [kind, partition] = lane.split('/')
    const found = Object.entries(this.#names).find(([name]) => name === kind)
    return `${found?.[1] ?? lane}/${partition ?? ''}`
  }

  #signed({ envelope, bytes }: DecodedEvent): RecordedEvent | null {
    const { sig, hash } = envelope
    if (sig === null || this.#publicKey === null) return null
    const right = Buffer.compare(hashOf(bytes.subarray(0, hashAt(bytes.length, true))), hash) === 0
    if (!right || !verifySignature(this.#publicKey, hash, sig)) return null
    return recordedEvent(envelope, Frontier.start().position)
  }

  async #lanes(of: readonly PlacedLane[], since: number | undefined): Promise<readonly VerifiedLane[]> {
    const byTopic = Map.groupBy(of, ({ topic }) => topic)
    const wanted = [...byTopic].map(([topic, lanes]) => ({
      topic,
      partitions: lanes.map(({ partition }) => ({ partition })),
    }))
    const ends = await this.#cluster.fetchTopicsOffset(
      wanted.map((each) => ({ ...each, fromBeginning: false })),
    )
    const starts = await this.#cluster.fetchTopicsOffset(
      wanted.map((each) => ({
        ...each,
        ...(since === undefined ? { fromBeginning: true } : { fromTimestamp: since }),
      })),
    )
    return of.map(({ kind, topic, partition }) => {
      const end = offsetIn(ends, topic, partition)
      const first = offsetIn(starts, topic, partition)
      // Nothing since then.
      const from = first < 0 ? end : first
      return { kind, topic, partition, from, next: from, end, records: [] }
    })
  }

  /** Lane after lane, since a chain lies in one of them. */
  async *#records(
    lanes: readonly VerifiedLane[],
  ): AsyncGenerator<{ readonly at: FoundAt; readonly record: Buffer | null }> {
    const reader = new RecordReader(this.#cluster, lanes)
    for (;;) {
      let found = 0
      for (const lane of lanes)
        for (const { offset, value } of lane.records.splice(0)) {
          found += 1
          yield { at: { lane: `${lane.kind}/${lane.partition}`, offset: Number(offset) }, record: value }
        }
      if (found === 0 && lanes.every(({ next, end }) => next >= end)) return
      if (found === 0) await reader.more()
    }
  }
}

function unitIn(record: Buffer | null): readonly DecodedEvent[] | null {
  try {
    return decodeRecord(record ?? Buffer.alloc(0))
  } catch {
    return null
  }
}

function offsetIn(
  found: Awaited<ReturnType<Cluster['fetchTopicsOffset']>>,
  topic: string,
  partition: number,
): number {
  const partitionsOf = found.find((each) => each.topic === topic)?.partitions ?? []
  return Number(partitionsOf.find((each) => each.partition === partition)?.offset ?? 0)
}

function progressOf(lanes: readonly VerifiedLane[]): {
  readonly done: number
  readonly of: number
} {
  return {
    done: lanes.reduce((sum, { next, from }) => sum + next - from, 0),
    of: lanes.reduce((sum, { end, from }) => sum + end - from, 0),
  }
}
