import {
  bindingOf,
  createStanding,
  openApprovals,
  Refused,
  Stop,
  type Approval,
  type Approvals,
  type ApprovalView,
  type Ids,
  type Standing,
  type Subject,
} from '@sluice/core'
import type { SharedLog, SteppedClock } from '../../engine/core/src/scripted-control.ts'
import type { Effect } from './oracle.ts'
import { owners } from './people.ts'

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
    const done = this.#perform(book, want, holdMs, stop).catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error
    })
    const caller: Caller = { stop, done, finished: false }
    void done.then(() => (caller.finished = true))
    this.callers.push(caller)
  }

  /** What the pipeline does with a held request. */
  async #perform(book: Approvals, want: Want, holdMs: number, stop: Stop<'gone'>): Promise<void> {
    const { ids } = this.#parts
    const exchange = ids.next('exc')
    const session = `ses_${this.writer}_${this.epoch}`
    const run = { id: want.run, trace_id: null }
    for (let turn = 0; turn < 4 && stop.requested === undefined; turn++) {
      const requirement = this.#parts.requirement(want)
      const binding = this.#binding(want, requirement)
      const approval =
        book.usable(binding, want.subject, run) ??
        (await book.ask({
          binding,
          subject: want.subject,
          target: 'shop',
          session,
          exchange,
          run,
          rule: 'review/delete',
          message: 'It needs an approval.',
          requirement,
          summary: [],
          shown: Buffer.from(want.text),
        }))
      const parked = book.park(approval.id)
      const waited = await this.#wait(parked.settled, holdMs, stop)
      if (waited === 'gone') return parked.leave('gone', 'disconnected')
      if (waited === 'over') return parked.leave('pending', 'answered')
      if (waited.state !== 'approved') {
        await parked.leave('released', '')
        // Somebody else left and took it along: this caller still wants it.
        if (waited.state === 'cancelled') continue
        return
      }
      const now = this.#binding(want, this.#parts.requirement(want))
      const decision = ids.next('dec')
      const { removed } = this
      const claimed =
        Buffer.from(now).equals(binding) && (await book.consume(approval.id, { session, exchange, decision }))
      await parked.leave('released', '')
      if (!claimed) continue
      if (this.book !== book || stop.requested !== undefined) return
      this.#parts.effect({
        approval: approval.id,
        binding: Buffer.from(binding).toString('hex'),
        subject: want.subject.id,
        exchange,
        decision,
        removed,
      })
      return
    }
  }

  async #wait(
    settled: Promise<ApprovalView>,
    holdMs: number,
    stop: Stop<'gone'>,
  ): Promise<ApprovalView | 'gone' | 'over'> {
    const { promise, resolve } = Promise.withResolvers<ApprovalView | 'gone' | 'over'>()
    using _hold = this.#parts.clock.after(holdMs, () => resolve('over'))
    using _stop = stop.on(() => resolve('gone'))
    void settled.then(resolve)
    return await promise
  }

  #binding(want: Want, requirement: Approval): Uint8Array {
    const { subject, text } = want
    return bindingOf({
      subject: subject.id,
      target: 'shop',
      part: Buffer.from(text),
      rule: 'review/delete',
      requirement,
    })
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
