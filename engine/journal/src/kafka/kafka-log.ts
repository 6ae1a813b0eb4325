import {
  controlStream,
  followed,
  limits,
  type AppendOptions,
  type Clock,
  type Ids,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type TakeFollowed,
  type Unit,
} from '@sluice/core'
import { Committer, type Sink } from '../append.ts'
import type { CheckpointOutlet, OutletState } from '../checkpoint-courier.ts'
import { DataKeys, type Report } from '../data-keys.ts'
import { Incarnation } from '../incarnation.ts'
import { KeyError, type GatewayKeys } from '../keys.ts'
import type { Log } from '../log.ts'
import { unseal, type Unsealed } from '../sealing.ts'
import { Bodies } from './bodies.ts'
import { reaching } from './brokers-error.ts'
import { Checkpoints } from './checkpoints.ts'
import { kafkaClient, type KafkaConnection } from './client.ts'
import { ControlView } from './control-view.ts'
import { KeyTopic } from './key-topic.ts'
import { Lease, leaseTimes, type LeaseTimes } from './lease.ts'
import { Offload } from './offload.ts'
import type { Parts } from './parts.ts'
import { Peers } from './peers.ts'
import { readLog, type Follow, type ReadPorts } from './read.ts'
import { TopicSink } from './topic-sink.ts'
import { TopicRetention } from './topic-retention.ts'
import { prepareTopics, topicNames, type TopicsOptions } from './topics.ts'

export interface KafkaOptions extends Omit<TopicsOptions, 'names'> {
  readonly connection: KafkaConnection
  /** Before the names of the topics, for several logs on the same brokers. */
  readonly prefix?: string
  /** This gateway's name in the log. Nobody else may have it at the same time. */
  readonly writer: string
  readonly keys: GatewayKeys
  readonly clock: Clock
  readonly ids: Ids
  /** What goes wrong beside a caller's request, for the operator. Never content. */
  readonly report: Report
  /** Bytes that may wait for the brokers before an append is refused. */
  readonly queueBytesMax?: number
  readonly lease?: LeaseTimes
  /** How often it is signed how far the log went. */
  readonly checkpointMs?: number
  /** Where else these statements go. */
  readonly outlets?: readonly CheckpointOutlet[]
  /** Called once the log says that this incarnation was lost: it writes and performs nothing any more. */
  readonly lost?: () => void
  /** Called when nothing of the log is open any more. */
  readonly closed?: () => Promise<void>
  /** Stands between the log and its brokers: fault tests delay acks with it. */
  readonly sink?: (sink: Sink) => Sink
}

/** What those who follow are given may gather for so long at the brokers, which costs less. */
const followPaceMs = 200
const closeWaitMs = 5_000
const checkpointMs = 10_000
const openWaitMs = 30_000
const otherKey =
  'The log is signed with another gateway key: give all gateways of one log the same folder of keys.'

/**
 * The log on Kafka: the brokers hold it, and every gateway writes its own part.
 *
 * @throws BrokersError when nobody is there, or lets this gateway in
 * @throws UnsafeLogError when the topics could lose what was acknowledged
 * @throws KeyError when the others sign with another key
 */
export async function openKafka(options: KafkaOptions): Promise<KafkaLog> {
  const { connection, clock, report, keys, writer } = options
  const times = options.lease ?? leaseTimes
  await using opening = new AsyncDisposableStack()
  const kafka = kafkaClient(connection, `sluice-${writer}`)
  const names = topicNames(options.prefix ?? '')
  await reaching(connection.brokers, () => prepareTopics(kafka, { ...options, names }))

  const view = new ControlView()
  const read = { kafka, names, clock, publicKey: keys.publicKey }
  let position: Position | undefined
  const catchUp = async (): Promise<void> => {
    for await (const event of readLog(read, { after: position, stream: controlStream })) {
      position = event.position
      view.take(event)
    }
  }
  await catchUp()
  const publicKey = Buffer.from(keys.publicKey).toString('hex')
  if (view.publicKey !== undefined && view.publicKey !== publicKey) throw new KeyError(otherKey)

  let resume = (): Promise<void> => Promise.reject(new Error('the log is not open'))
  const lease = await Lease.claim(writer, {
    kafka,
    clock,
    report,
    times,
    topic: names.leases,
    resume: () => resume(),
  })
  opening.defer(() => lease.close())
  const shelf = new KeyTopic(kafka, names.keys, (id) => view.isErased(id))
  await shelf.open()
  opening.defer(() => shelf.close())
  const dataKeys = await DataKeys.open(shelf, keys, report)
  opening.defer(() => dataKeys.settled())

  const incarnation = { writer, epoch: lease.epoch }
  const writing = kafkaClient(connection, `sluice-${writer}`, (what) => sink.trouble(what))
  const sink: TopicSink = new TopicSink({ kafka: writing, names, incarnation, clock, report })
  await sink.open()
  opening.defer(() => sink.close())
  const checkpoints = new Checkpoints({
    ...incarnation,
    clock,
    report,
    ids: options.ids,
    append: (unit, appendOptions) => committer.append(unit, appendOptions),
    everyMs: options.checkpointMs ?? checkpointMs,
    log: names.audit,
    signer: keys,
    outlets: options.outlets ?? [],
  })
  const committer: Committer = new Committer({
    incarnation: new Incarnation(incarnation, keys, () => dataKeys.take()),
    sink: checkpoints.through(options.sink?.(sink) ?? sink),
    clock,
    report,
    queueBytesMax: options.queueBytesMax ?? limits.appendQueueBytesMax,
  })
  const bodies = new Bodies(writing, names.bodies)
  await bodies.open()
  opening.defer(() => bodies.close())
  const offload = new Offload({
    bodies,
    takeKey: () => dataKeys.take(),
    clock,
    queueBytesMax: options.queueBytesMax ?? limits.appendQueueBytesMax,
    append: (unit, appendOptions) => committer.append(unit, appendOptions),
  })
  const held = { kafka, names, view, lease, shelf, dataKeys, times }
  const parts = { ...held, options, offload, checkpoints, sink, committer }
  const log = new KafkaLog(parts, opening.move())
  resume = () => log.resume()
  await log.join(publicKey, position).catch(async (error: unknown) => {
    await log.close()
    throw error
  })
  return log
}

export class KafkaLog implements Log {
  readonly writer: string
  readonly epoch: number
  readonly #parts: Parts
  readonly #open: AsyncDisposableStack
  readonly #closed = new AbortController()
  readonly #peers: Peers
  readonly #retention: TopicRetention
  #following: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(parts: Parts, open: AsyncDisposableStack) {
    const { lease, kafka, names, view, options, times } = parts
    this.writer = lease.writer
    this.epoch = lease.epoch
    this.#parts = parts
    this.#open = open
    const { clock, report } = options
    this.#retention = new TopicRetention({
      kafka,
      names,
      view,
      report,
      retentionMs: options.retentionMs ?? { audit: null, bodies: null },
      announce: (data) => this.#control([{ type: 'TopicRetentionSet', data }]),
    })
    this.#peers = new Peers({
      kafka,
      clock,
      report,
      times,
      lease,
      view,
      topic: names.leases,
      declareLost: ({ writer, epoch, resumes }) =>
        this.#control([{ type: 'GatewayLost', data: { writer, epoch, resumes } }]),
    })
  }

  get healthy(): boolean {
    return this.#parts.committer.healthy && !this.#parts.sink.failing && this.live
  }

  get queuedBytes(): number {
    return this.#parts.committer.queuedBytes + this.#parts.offload.waitingBytes
  }

  get outlets(): readonly OutletState[] {
    return this.#parts.checkpoints.outlets
  }

  get live(): boolean {
    const { lease, view } = this.#parts
    return lease.live && !view.incarnations.isLost(this.writer, this.epoch)
  }

  get liveForMs(): number {
    return this.live ? this.#parts.lease.leftMs : 0
  }

  append(unit: Unit, options: AppendOptions): Promise<Position> {
    return this.#parts.offload.append(unit, options)
  }

  read(after?: Position, stream?: string): AsyncIterable<RecordedEvent> {
    return readLog(this.#readPorts, { after, stream })
  }

  subscribe(after: Position | undefined, signal: AbortSignal, stream?: string): AsyncIterable<RecordedEvent> {
    return readLog(this.#readPorts, { after, stream, follow: this.#until(signal) })
  }

  async follow(after: Position | undefined, signal: AbortSignal, take: TakeFollowed): Promise<void> {
    const reading = { after, stream: undefined, follow: this.#until(signal), paceMs: followPaceMs }
    for await (const event of readLog(this.#readPorts, reading))
      await take({ events: [followed(event)], position: event.position })
  }

  #until(left: AbortSignal): Follow {
    return { left, closed: this.#closed.signal }
  }

  unseal(event: RecordedEvent): Promise<Unsealed> {
    const { shelf, options, offload } = this.#parts
    return unseal(shelf, options.keys, event, offload.fetch)
  }

  erase(key: number): Promise<void> {
    return this.#parts.shelf.erase(key)
  }

  /** The brokers do, by the settings of their topics. */
  removeOlder(): Promise<number> {
    return Promise.resolve(0)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The first events of this incarnation: those of this gateway that were left open are over. */
  async join(publicKey: string, after: Position | undefined): Promise<void> {
    const { view, lease, checkpoints } = this.#parts
    const { writer, epoch } = this
    const over = view.incarnations.joined().filter((other) => other.writer === writer)
    this.#following = this.#follow(after)
    await this.#control([
      ...over.map(
        ({ epoch, resumes }) => ({ type: 'GatewayLost', data: { writer, epoch, resumes } }) as const,
      ),
      { type: 'GatewayJoined', data: { writer, epoch, public_key: publicKey } },
    ])
    lease.keep()
    checkpoints.start()
    this.#peers.start()
    await this.#retention.set()
  }

  /** After a lapse of the lease. Rejects when the log says that others have given this incarnation up. */
  async resume(): Promise<void> {
    const { writer, epoch } = this
    const counts = await this.#readBack({ type: 'GatewayResumed', data: { writer, epoch } })
    if (!counts)
      throw new Error('this gateway was silent for so long that it was declared lost: start it again')
  }

  get #readPorts(): ReadPorts {
    const { kafka, names, options } = this.#parts
    return { kafka, names, clock: options.clock, publicKey: options.keys.publicKey }
  }

  async #control(bodies: readonly Body[], withinMs: number = openWaitMs): Promise<readonly NewEvent[]> {
    const { ids, clock } = this.#parts.options
    const events = bodies.map((body) => ({ ...body, id: ids.next('evt'), time: clock.now() }) as NewEvent)
    const [first, ...rest] = events
    if (first !== undefined)
      await this.append({ stream: controlStream, events: [first, ...rest] }, { withinMs, urgency: 'now' })
    return events
  }

  /** Whether the event counts where it came to stand. */
  async #readBack(body: Body): Promise<boolean> {
    const { ids, clock } = this.#parts.options
    const event = { ...body, id: ids.next('evt'), time: clock.now() } as NewEvent
    const read = this.#parts.view.reads(event.id)
    await this.append({ stream: controlStream, events: [event] }, { withinMs: openWaitMs, urgency: 'now' })
    return await read
  }

  async #follow(after: Position | undefined): Promise<void> {
    const { view, options } = this.#parts
    let position = after
    const { signal } = this.#closed
    while (!signal.aborted) {
      try {
        for await (const event of this.subscribe(position, signal, controlStream)) {
          position = event.position
          view.take(event)
          if (view.incarnations.isLost(this.writer, this.epoch)) options.lost?.()
          this.#retention.follow(event)
        }
      } catch (error) {
        options.report('the control stream could not be followed; trying again', error)
        await new Promise<void>((resolve) => options.clock.after(limits.approvalRetryMs, resolve))
      }
    }
  }

  async #close(): Promise<void> {
    const { committer, checkpoints, options } = this.#parts
    const { writer, epoch } = this
    this.#peers.close()
    await this.#retention.settled()
    // Nothing may follow it: whoever still appends does so before, or is refused.
    await this.#control([{ type: 'GatewayLeft', data: { writer, epoch } }], closeWaitMs).catch(() => {})
    await checkpoints.close()
    const clean = await committer.close(closeWaitMs)
    if (!clean) options.report('the log was closed before the brokers took everything', null)
    this.#closed.abort()
    await Promise.all([checkpoints.left(), this.#following])
    await this.#open.disposeAsync()
    await options.closed?.()
  }
}

type Body = Pick<NewEvent, 'type' | 'data'>
