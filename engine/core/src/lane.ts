import type { Admission, Arrival, Exchange, Lane, Outcome, StopReason } from './adapter.ts'
import type { Approvals } from './approvals.ts'
import { Asides } from './asides.ts'
import { Capture } from './capture.ts'
import type { EventBody, ExchangeState } from './decider.ts'
import { initialState } from './decider.ts'
import { enforce } from './enforce.ts'
import { refusalOf, type Refusal } from './errors.ts'
import type { EventData } from './events.ts'
import type { Ruling } from './judge.ts'
import type {
  Clock,
  Ids,
  Moment,
  PolicyApproval,
  PolicyDecisionPoint,
  PolicyInput,
  SessionFacts,
} from './ports.ts'
import type { Action, Json, Run, Subject } from './request.ts'
import { Stop } from './stop.ts'
import { Passage, type Telemetry } from './telemetry.ts'
import type { Approval } from './verdict.ts'

/** What a session gives to the pipeline. */
export interface LaneContext extends Pick<Clock, 'now' | 'monotonic' | 'after'> {
  readonly session: string
  readonly target: string
  readonly protocol: string
  readonly ids: Ids
  readonly pdp: PolicyDecisionPoint
  /** `undefined`: this gateway cannot ask people. */
  readonly approvals: Approvals | undefined
  /** `undefined`: nobody measures. */
  readonly telemetry?: Telemetry | undefined
  subject(): Subject
  run(): Run
  /** What the caller says of its run counts for this lane from now on. */
  claim(run: Run): void
  /** What an approval of a request of this session is bound to; `part` is the adapter's. */
  bindingOf(part: Uint8Array, rule: string, requirement: Approval): Uint8Array
  /** Where an approver finds it, if this gateway has such a place. */
  approvalLink(id: string): string | null
  input(
    requestId: string,
    action: Action,
    values: readonly Json[] | undefined,
    approvals: readonly PolicyApproval[],
    moment: Moment,
  ): PolicyInput
  /** Everything that is judged at once is judged by the same. */
  moment(): Moment
  count(done: Partial<Omit<SessionFacts, 'requests' | 'in_flight'>>): void
  append(bodies: readonly EventBody[], urgency: 'now' | 'soon'): Promise<unknown>
  /** Pays for recording denials with contents of these sizes one by one. `false`: they are to be counted. */
  spendOnDenials(sizes: readonly number[]): boolean
  /** Counts a denial instead of recording it, or by no rule what was skipped behind one. Its reference. */
  countDenial(exchange: string, rule: string | null): string
  /** Whether what the policy holds may wait for people now. */
  mayWait(): boolean
  /** It waited, with so many bytes of content, and nothing came of it. */
  waitedInVain(bytes: number): void
  /** In the control stream, where whoever must hear of it listens. */
  raise(alarm: EventData['AlarmRaised']): Promise<unknown>
  /** Nobody waits for it, but a failure ends the session: a lost record is never silent. */
  appendSoon(...bodies: readonly EventBody[]): void
  /** That nothing was performed. A failure is reported and the session stays: nothing happened that the log lacks. */
  appendAbandoned(...bodies: readonly EventBody[]): void
  /** Whether an effect may leave in this turn: the lease on the log has not lapsed. */
  live(): boolean
  /** Whether the log takes what it is given, as far as is known. */
  logged(): boolean
  /** The refusal for everything from now on: the token's life is over, or the gateway drains. */
  unusable(): Ruling<never> | undefined
  /** So many more requests are about to be judged as one: the refusal when there are too many of their subject. */
  tooOften(requests: number): Ruling<never> | undefined
  /** Spends of the budget for conditions on masked values. */
  asksTooMuch(conditions: number): Ruling<never> | undefined
  end(reason: Refusal): void
  /** An exchange is done: a session that is to end may end now. */
  idle(): void
}

/** One exchange on its way through the lane. */
export interface Entry<Up, Down, Plan> {
  readonly id: string
  /** Exchanges that were submitted together have the same one. */
  readonly batch: object
  readonly exchange: Exchange<Up, Down, Plan>
  readonly stop: Stop<StopReason>
  /** The caller waits for no people any more. */
  readonly leaving: Stop<StopReason>
  readonly startedMs: number
  /** `undefined`: nobody measures. */
  readonly passage: Passage | undefined
  readonly admitted: PromiseWithResolvers<'forwarded' | 'refused' | 'skipped'>
  readonly done: PromiseWithResolvers<Outcome>
  state: ExchangeState
  replies: AsyncIterable<Down>
  body(plan: Plan): AsyncIterable<Up>
}

type Waiting = Pick<Entry<never, never, never>, 'stop' | 'done' | 'admitted' | 'batch' | 'state' | 'passage'>

/** Judges batches one after another and answers exchanges one after another; the two overlap. */
export class OrderedLane implements Lane {
  #judging: Promise<void> = Promise.resolve()
  #answering: Promise<unknown> = Promise.resolve()
  readonly #queue: Waiting[] = []
  readonly #leaving = new Stop<StopReason>()
  readonly #context: LaneContext
  readonly #onClosed: () => void
  readonly #asides: Asides
  #closed = false

  /** `onClosed` is called once, when the lane was closed and nothing of it runs any more. */
  constructor(context: LaneContext, onClosed: () => void = () => {}) {
    this.#context = context
    this.#onClosed = onClosed
    this.#asides = new Asides(context)
  }

  get pending(): number {
    return this.#queue.length
  }

  claim(run: Run): void {
    this.#context.claim(run)
  }

  aside(rows: number, record: Uint8Array): Promise<void> | undefined {
    this.#context.count({ rows, bytes: record.length })
    return this.#asides.add(record)
  }

  arrive(): Arrival {
    return this.#context.telemetry === undefined ? undefined : this.#context.monotonic()
  }

  submit<Up, Down, Plan>(
    batch: readonly Exchange<Up, Down, Plan>[],
    atomic: boolean,
    arrival: Arrival = this.arrive(),
  ): readonly Admission[] {
    const entries = batch.map((exchange) => this.#enter(exchange, batch, arrival))
    this.#judging = this.#judging
      .then(() => enforce(entries, atomic, this.#context, (entry, turn) => this.#answer(entry, turn)))
      .catch((error: unknown) => {
        for (const entry of entries) this.#broken(entry, error)
      })
    return entries.map((entry) => ({ admitted: entry.admitted.promise, done: entry.done.promise }))
  }

  /**
   * The oldest exchange that is not yet answered is the one that runs. With one of its own batch that waits for
   * people it may also be done, and its answer wait for the end of the batch: then the wait is what is cancelled.
   */
  cancel(): void {
    const oldest = this.#queue[0]
    oldest?.stop.request('cancelled')
    const parked = this.#queue.find(({ state }) => state.kind === 'held')
    if (parked !== undefined && parked.batch === oldest?.batch) parked.stop.request('cancelled')
  }

  leave(): void {
    this.#leaving.request('ending')
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.leave()
    this.stopAll()
    if (this.#queue.length === 0) this.#onClosed()
  }

  stopAll(): void {
    this.#asides.flush()
    for (const entry of this.#queue) entry.stop.request('ending')
  }

  #enter<Up, Down, Plan>(
    exchange: Exchange<Up, Down, Plan>,
    batch: object,
    arrival: Arrival,
  ): Entry<Up, Down, Plan> {
    const id = this.#context.ids.next('exc')
    const entry: Entry<Up, Down, Plan> = {
      id,
      batch,
      exchange,
      stop: new Stop<StopReason>(),
      leaving: this.#leaving,
      startedMs: this.#context.monotonic(),
      passage: this.#passage(id, exchange.actions[0].name, arrival),
      admitted: Promise.withResolvers(),
      done: Promise.withResolvers(),
      state: initialState,
      replies: nothing,
      body: (plan) => recordedBody(entry, plan, this.#context),
    }
    this.#queue.push(entry)
    return entry
  }

  #passage(exchange: string, action: string, arrival: Arrival): Passage | undefined {
    if (arrival === undefined) return undefined
    const { session, protocol, target } = this.#context
    const run = this.#context.run()
    return new Passage({ exchange, session, protocol, target, action, run }, this.#context, arrival)
  }

  #answer(entry: Waiting, turn: () => Promise<Outcome>): void {
    this.#answering = this.#answering.then(turn).then(
      (outcome) => this.#settle(entry, outcome),
      (error: unknown) => this.#broken(entry, error),
    )
  }

  /** A broken invariant: the session ends, and nobody waits for ever. */
  #broken(entry: Waiting, error: unknown): void {
    this.#context.end(refusalOf(error))
    this.#settle(entry, { outcome: 'cut', status: 'internal' })
  }

  #settle(entry: Waiting, outcome: Outcome): void {
    const at = this.#queue.indexOf(entry)
    if (at >= 0) {
      this.#queue.splice(at, 1)
      const { telemetry } = this.#context
      if (telemetry !== undefined) entry.passage?.end(outcome.outcome, telemetry)
      if (this.#closed && this.#queue.length === 0) this.#onClosed()
    }
    entry.admitted.resolve('refused')
    entry.done.resolve(outcome)
    this.#context.idle()
  }
}

const nothing: AsyncIterable<never> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
}

/** What the caller streams after its request: masked, recorded, then forwarded, piece by piece. */
async function* recordedBody<Up, Down, Plan>(
  entry: Entry<Up, Down, Plan>,
  plan: Plan,
  lane: LaneContext,
): AsyncGenerator<Up> {
  const of = { session: lane.session, exchange: entry.id, direction: 'request' } as const
  const capture = new Capture(of, (body) => lane.append([body], 'soon'))
  for await (const shown of entry.exchange.maskBody(entry.exchange.body, plan)) {
    await capture.add(shown.record)
    yield shown.item
  }
  capture.end()
}
