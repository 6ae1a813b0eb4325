import { limits, pause, type Clock, type Ids, type LogFeed, type RecordedEvent } from '@sluice/core'
import { Backlog, type Parcel, type Place } from './backlog.ts'
import type { Checkpoint } from './checkpoint.ts'
import { failed, type Delivery, type Medium } from './delivery.ts'
import { deciders, type Message, type Notice, type NoticeType } from './notice.ts'
import { Pace } from './pace.ts'
import { Story } from './story.ts'

/** Where people are told, and of what. */
export interface Destination {
  readonly name: string
  readonly events: readonly NoticeType[]
  /** Only of what one of these groups decides, and alarms; `null`: of everything. */
  readonly approvers: readonly string[] | null
  readonly medium: Medium
}

export interface CourierPorts {
  readonly feed: LogFeed
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  /** Keeps how far it is. Never rejects. */
  readonly save: (checkpoint: Checkpoint) => Promise<void>
  readonly report: (what: string, error: unknown) => void
}

/**
 * Tells one destination, in the order of the log, and waits for nobody else. What is not delivered stays in the log:
 * it holds a few notices, counts the others, and keeps its place on disk only once something is dealt with.
 */
export class Courier {
  readonly #destination: Destination
  readonly #ports: CourierPorts
  readonly #signal: AbortSignal
  readonly #story: Story
  readonly #backlog = new Backlog()
  readonly #pace = new Pace()
  /** On its way, until it is dealt with. */
  #parcel: Parcel | undefined
  #checkpoint: Checkpoint
  /** Until where it reads once more what was dealt with, to know what is live. */
  #again: Checkpoint['position']

  constructor(destination: Destination, checkpoint: Checkpoint, signal: AbortSignal, ports: CourierPorts) {
    this.#destination = destination
    this.#checkpoint = checkpoint
    this.#signal = signal
    this.#ports = ports
    this.#story = new Story(checkpoint.from)
    this.#again = checkpoint.position === checkpoint.from ? null : checkpoint.position
  }

  /** Until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { feed } = this.#ports
    while (!this.#signal.aborted && !feed.ended) {
      this.#parcel ??= await this.#pick()
      if (this.#parcel !== undefined) await this.#tell(this.#parcel)
    }
    // With nothing left to tell, the next start need not read again what was of no concern here.
    const isDone = this.#backlog.count === 0 && this.#parcel === undefined && this.#again === null
    if (isDone) await this.#keep(this.#here())
  }

  /** What to tell now, if there is anything, and if it is time. */
  async #pick(): Promise<Parcel | undefined> {
    const backlog = this.#backlog
    if (backlog.count === 0) this.#hear(await this.#ports.feed.next())
    if (backlog.count === 0) return undefined
    await this.#gather(limits.noticeGatherMs)
    const step = this.#pace.step(backlog.count, backlog.urgent, this.#ports.clock.monotonic())
    switch (step.kind) {
      case 'each':
        return backlog.takeFirst()
      case 'digest':
        return backlog.takeAll()
      case 'wait':
        // An alarm that comes meanwhile is looked at before the wait is over.
        await this.#gather(Math.min(step.ms, limits.noticeAlarmWaitMs))
        return undefined
    }
  }

  #hear(event: RecordedEvent | undefined): void {
    if (event === undefined) return
    const notices = this.#story.tell(event)
    if (this.#again !== null) {
      if (event.position === this.#again) this.#again = null
      return
    }
    const place = this.#here()
    for (const notice of notices) if (this.#concerns(notice)) this.#backlog.add({ notice, place })
  }

  #here(): Place {
    const { last: position, from } = this.#story
    return { position, from }
  }

  #concerns(notice: Notice): boolean {
    const { events, approvers } = this.#destination
    if (notice.time < this.#checkpoint.since || !events.includes(notice.type)) return false
    const groups = deciders(notice)
    return approvers === null || groups === null || groups.some((group) => approvers.includes(group))
  }

  /** Hears what comes meanwhile. */
  async #gather(ms: number): Promise<void> {
    const until = pause(ms, this.#ports.clock, this.#signal)
    let event: RecordedEvent | undefined
    do this.#hear((event = await this.#ports.feed.next(until)))
    while (event !== undefined)
    await until
  }

  async #tell(parcel: Parcel): Promise<void> {
    const { clock, report } = this.#ports
    const { message, time } = parcel
    if (clock.now() - time > limits.noticeLifeMs) return this.#giveUp(parcel, 'it is too old by now')
    const delivery = await this.#attempt(message)
    switch (delivery.kind) {
      case 'delivered':
        this.#pace.sent(message.kind, clock.monotonic())
        if (this.#checkpoint.trouble !== null)
          report(`notices to ${this.#destination.name} arrive again`, `attempt ${this.#attempts + 1}`)
        return this.#dealtWith(parcel, null)
      case 'refused':
        this.#pace.sent(message.kind, clock.monotonic())
        return this.#giveUp(parcel, delivery.reason)
      case 'failed':
        return this.#signal.aborted ? undefined : this.#tryLater(delivery)
    }
  }

  async #attempt(message: Message): Promise<Delivery> {
    try {
      return await this.#destination.medium.deliver(message, this.#signal)
    } catch (error) {
      return failed(error instanceof Error ? error.message : 'it could not be tried')
    }
  }

  async #giveUp(parcel: Parcel, reason: string): Promise<void> {
    const { name } = this.#destination
    this.#ports.report(`a notice to ${name} was given up (${parcel.message.id})`, reason)
    await this.#dealtWith(parcel, { since: this.#since(), reason, attempts: this.#attempts + 1 })
  }

  async #dealtWith({ place }: Parcel, trouble: Checkpoint['trouble']): Promise<void> {
    this.#parcel = undefined
    await this.#keep({ ...place, trouble })
  }

  async #tryLater({ reason, afterMs }: Delivery & { readonly kind: 'failed' }): Promise<void> {
    const { report, ids } = this.#ports
    if (this.#checkpoint.trouble === null)
      report(`notices to ${this.#destination.name} do not arrive; trying again`, reason)
    const attempts = this.#attempts + 1
    await this.#keep({ trouble: { since: this.#since(), reason, attempts } })
    await this.#gather(Math.max(afterMs, jittered(attempts, ids)))
  }

  async #keep(change: Partial<Checkpoint>): Promise<void> {
    this.#checkpoint = { ...this.#checkpoint, ...change }
    await this.#ports.save(this.#checkpoint)
  }

  get #attempts(): number {
    return this.#checkpoint.trouble?.attempts ?? 0
  }

  #since(): number {
    return this.#checkpoint.trouble?.since ?? this.#ports.clock.now()
  }
}

/** Anything up to twice as much each time: destinations that were down are not called by everybody at once. */
function jittered(attempts: number, ids: Pick<Ids, 'random32'>): number {
  const { noticeRetryMs, noticeRetryMsMax } = limits
  const most = Math.min(noticeRetryMsMax, noticeRetryMs * 2 ** Math.min(attempts - 1, 30))
  return (most * (ids.random32() + 2 ** 31)) / 2 ** 32
}
