import {
  bindingOf,
  createStanding,
  openApprovals,
  Stop,
  type Approval,
  type Approvals,
  type ApprovalView,
  type Exchange,
  type Ids,
  type NewEvent,
  type PolicyApproval,
  type PolicyInput,
  type Standing,
  type Subject,
  type Verdict,
} from '@sluice/core'
import type { EventBody } from '../../engine/core/src/decider.ts'
import { OrderedLane, type LaneContext } from '../../engine/core/src/lane.ts'
import { allow, scriptedExchange, scriptedPseudonyms } from '../../engine/core/src/scripted.ts'
import type { SharedLog, SteppedClock } from '../../engine/core/src/scripted-control.ts'
import type { Effect } from './oracle.ts'
import { owners } from './people.ts'

const rule = 'review/delete'

/** What somebody wants to do, again and again the same. */
export interface Want {
  readonly text: string
  readonly subject: Subject
  readonly run: string | null
}

export interface Parts {
  readonly log: SharedLog
  readonly clock: SteppedClock
  readonly ids: Ids
  /** What the policy asks for in order to let it pass, at this moment. */
  readonly requirement: (want: Want) => Approval
  readonly effect: (effect: Effect) => void
  readonly changed: (gateway: string, approval: ApprovalView) => void
  readonly serves: (gateway: string, epoch: number, approvals: readonly ApprovalView[]) => void
}

/** One caller on its connection. */
export interface Caller {
  readonly stop: Stop<'gone'>
  readonly done: Promise<void>
  finished: boolean
}

/** A gateway through all of its incarnations, with the callers of the present one. */
export class Gateway {
  readonly writer: string
  readonly #parts: Parts
  epoch = 0
  book: Approvals | undefined
  standing: Standing = createStanding()
  removed: ReadonlySet<string> = new Set()
  callers: Caller[] = []
  #opening = false
  /** By decision. */
  readonly #claims = new Map<string, Effect>()

  constructor(writer: string, parts: Parts) {
    this.writer = writer
    this.#parts = parts
  }

  /** Begins the next incarnation, unless one serves or begins. */
  start(): void {
    if (this.book !== undefined || this.#opening) return
    this.#opening = true
    const epoch = ++this.epoch
    this.standing = createStanding()
    this.removed = new Set()
    this.#open(epoch).then(
      (book) => {
        this.#opening = false
        this.book = book
        this.#parts.serves(this.writer, epoch, book.list())
      },
      () => {
        this.#opening = false
        this.#parts.log.kill(this.writer, epoch)
      },
    )
  }

  /** Those who wait are told first, as far as the log takes it in time. */
  async stop(): Promise<void> {
    for (const { stop } of this.callers) stop.request('gone')
    await Promise.resolve()
    this.kill()
  }

  /** Nothing of this incarnation happens any more. */
  kill(): void {
    const { book, epoch } = this
    if (book === undefined) return
    this.book = undefined
    this.callers = []
    this.#parts.log.kill(this.writer, epoch)
    void book.close()
  }

  remove(voter: string): void {
    this.standing.note({ id: voter, groups: ['former'] })
    this.removed = new Set([...this.removed, voter])
  }

  /** A caller that wants something, waits for `holdMs`, and does it once it is approved. */
  call(want: Want, holdMs: number): void {
    const { book } = this
    if (book === undefined) return
    const stop = new Stop<'gone'>()
    const done = this.#perform(book, want, holdMs, stop)
    const caller: Caller = { stop, done, finished: false }
    void done.then(() => (caller.finished = true))
    this.callers.push(caller)
  }

  /** The pipeline itself, with a target that only notes what reaches it. */
  async #perform(book: Approvals, want: Want, holdMs: number, stop: Stop<'gone'>): Promise<void> {
    const lane = new OrderedLane(this.#context(book, want, holdMs))
    const exchange = heldExchange(want.text, (decision) => {
      const claim = this.#claims.get(decision)
      if (claim === undefined) throw new Error(`${decision} was never claimed`)
      // A process that was killed performs nothing, whatever its memory still holds.
      if (this.book === book) this.#parts.effect(claim)
    })
    stop.on(() => lane.stopAll())
    const [admission] = lane.submit([exchange], true)
    await admission?.done
  }

  #context(book: Approvals, want: Want, holdMs: number): LaneContext {
    const { clock, ids, log } = this.#parts
    const session = `ses_${this.writer}_${this.epoch}`
    const store = log.store(this.writer, this.epoch)
    const append = (bodies: readonly EventBody[]): Promise<unknown> => {
      const [first, ...rest] = bodies.map((body): NewEvent => ({
        ...body,
        id: ids.next('evt'),
        time: clock.now(),
      }))
      if (first === undefined) return Promise.resolve()
      return store.append({ stream: session, events: [first, ...rest] }, { withinMs: 1_000, urgency: 'now' })
    }
    const soon = (...bodies: readonly EventBody[]): void => void append(bodies).catch(() => {})
    return {
      session,
      target: 'shop',
      protocol: 'postgres',
      ids,
      now: () => clock.now(),
      monotonic: () => clock.now(),
      after: (ms, callback) => clock.after(ms, callback),
      approvals: this.#noting(book, want),
      approvalLink: () => null,
      subject: () => want.subject,
      run: () => ({ id: want.run, trace_id: null }),
      claim: () => {},
      bindingOf: (part, rule, requirement) =>
        bindingOf({ subject: want.subject, target: 'shop', part, rule, requirement }, scriptedPseudonyms),
      pdp: {
        revision: 'v1',
        evaluate: ({ approvals }) => ({ verdict: this.#verdict(want, holdMs, approvals), revision: 'v1' }),
      },
      input: (_id, action, _values, approvals) => ({ action, approvals }) as PolicyInput,
      moment: () => ({
        nowMs: clock.now(),
        facts: { requests: 0, denied: 0, rows: 0, bytes: 0, tokens: 0, cost_micros: 0, in_flight: 1 },
      }),
      live: () => true,
      logged: () => true,
      tooOften: () => undefined,
      asksTooMuch: () => undefined,
      count: () => {},
      append,
      // Whatever may only be counted is.
      spendOnDenials: () => false,
      countDenial: () => ids.next('dec'),
      mayWait: () => true,
      waitedInVain: () => {},
      raise: () => Promise.resolve(),
      appendSoon: soon,
      appendAbandoned: soon,
      unusable: () => undefined,
      idle: () => {},
      end: () => {},
    }
  }

  /** What the library of policies makes of a hold: it is satisfied by an approval that asked for as much. */
  #verdict(want: Want, holdMs: number, given: readonly PolicyApproval[]): Verdict {
    const approval = { ...this.#parts.requirement(want), hold_s: holdMs / 1_000 }
    const satisfied = given.some(({ quorum }) => quorum >= approval.quorum)
    const reasons = [{ rule, message: 'It needs an approval.', remedy: '' }]
    return satisfied ? { ...allow, reasons } : { ...allow, effect: 'hold', reasons, approval }
  }

  /** The book, with a note of each claim as this gateway saw it then. */
  #noting(book: Approvals, want: Want): Approvals {
    return {
      ask: (asked) => book.ask(asked),
      find: (id) => book.find(id),
      list: () => book.list(),
      shown: (id) => book.shown(id),
      usable: (binding, subject, run) => book.usable(binding, subject, run),
      park: (id) => book.park(id),
      isWaitedFor: (id) => book.isWaitedFor(id),
      lose: (ids) => book.lose(ids),
      consume: (id, by) => {
        const { exchange, decision } = by
        const { subject } = want
        const binding = this.#binding(want, book.find(id)?.quorum ?? 0)
        const { removed } = this
        this.#claims.set(decision, {
          approval: id,
          binding,
          subject: subject.id,
          exchange,
          decision,
          removed,
        })
        return book.consume(id, by)
      },
      vote: (id, voter, vote, reason) => book.vote(id, voter, vote, reason),
      cancel: (id, by, reason) => book.cancel(id, by, reason),
      onChange: (listener) => book.onChange(listener),
      healthy: book.healthy,
      close: () => book.close(),
    }
  }

  /** One that asked for more than the policy does by now is as good. */
  #binding(want: Want, quorum: number): string {
    const asked = this.#parts.requirement(want)
    const requirement = { ...asked, quorum: Math.max(quorum, asked.quorum) }
    const { subject } = want
    const part = Buffer.from(want.text)
    const binding = bindingOf({ subject, target: 'shop', part, rule, requirement }, scriptedPseudonyms)
    return Buffer.from(binding).toString('hex')
  }

  async #open(epoch: number): Promise<Approvals> {
    const { log, clock, ids, changed } = this.#parts
    const book = await openApprovals({
      writer: this.writer,
      epoch,
      store: log.store(this.writer, epoch),
      unseal: async ({ sealed }) => sealed,
      clock,
      ids,
      owners,
      standing: { groupsOf: (id) => this.standing.groupsOf(id) },
      report: () => {},
    })
    book.onChange((approval) => changed(`${this.writer}/${epoch}`, approval))
    return book
  }
}

/** A request whose target only notes that it was performed. */
function heldExchange(text: string, performed: (decision: string) => void): Exchange<string, string, null> {
  const exchange = scriptedExchange({ upstream: [], client: [] }, text)
  return {
    ...exchange,
    forward: (permit, plan, body, stop) => {
      performed(permit.decision)
      return exchange.forward(permit, plan, body, stop)
    },
  }
}
