import { expired, isLive, isReleased, objection, stateAt } from './approval.ts'
import { ApprovalFold } from './approval-fold.ts'
import { approvalRecord, reasonText, unaskable } from './approval-request.ts'
import type { ApprovalBody, ApprovalView } from './approval-view.ts'
import type {
  ApprovalPorts,
  Approvals,
  Asked,
  CancelResult,
  Leaving,
  Parked,
  Performing,
  VoteResult,
} from './approvals.ts'
import { Control } from './control.ts'
import { Endings, type EndBody } from './endings.ts'
import { refusal, Refused } from './errors.ts'
import type { RecordedEvent } from './events.ts'
import { limits } from './limits.ts'
import { Parking } from './parking.ts'
import { peopleBehind, subjectRecord } from './people.ts'
import { controlStream } from './ports.ts'
import type { Identity, Run, Subject } from './request.ts'
import { worded } from './wording.ts'

/** A request that is not folded yet: others who ask the same wait for it too. */
interface UnderWay {
  readonly subject: string
  readonly target: string
  readonly approval: Promise<ApprovalView>
}

/** The approvals as one process of a gateway knows them, and its callers that wait for some. */
export class ApprovalBook implements Approvals {
  readonly #ports: ApprovalPorts
  readonly #fold = new ApprovalFold()
  readonly #control: Control
  readonly #parking = new Parking()
  readonly #endings: Endings
  readonly #underWay = new Map<string, UnderWay>()
  /** Requests that nobody waits for any more and that the log may still take. */
  readonly #givenUp = new Set<string>()
  /** Live ones that were asked for here: this process ends them. */
  readonly #own = new Set<string>()
  readonly #listeners = new Set<(approval: ApprovalView) => void>()

  constructor(ports: ApprovalPorts) {
    this.#ports = ports
    this.#control = new Control(ports, (event) => this.#apply(event))
    const { clock, report } = ports
    this.#endings = new Endings({
      clock,
      report,
      control: this.#control,
      live: () => this.#fold.live(),
      due: (approval) => this.#due(approval),
    })
  }

  /** What an earlier incarnation of this gateway asked for ends before anything is served. */
  async open(): Promise<void> {
    await this.#control.open()
    const { writer, epoch } = this.#ports
    const left = this.#fold.live().filter((view) => view.writer === writer && view.epoch < epoch)
    await Promise.all(left.map(({ id }) => this.#control.record(lost(id))))
  }

  async lose(ids: readonly string[]): Promise<void> {
    const live = this.#fold.live().filter(({ id }) => ids.includes(id))
    await Promise.all(live.map(({ id }) => this.#endings.end(lost(id))))
  }

  get healthy(): boolean {
    return this.#control.healthy
  }

  async ask(asked: Asked): Promise<ApprovalView> {
    const binding = hex(asked.binding)
    const subject = asked.subject.id
    const known = this.#bound(binding, subject).find(({ state }) => state === 'pending')
    if (known !== undefined) return known
    const other = this.#underWay.get(binding)
    if (other?.subject === subject) return other.approval
    this.#admit(asked)
    const approval = this.#request(asked, binding)
    this.#underWay.set(binding, { subject, target: asked.target, approval })
    try {
      return await approval
    } finally {
      this.#underWay.delete(binding)
    }
  }

  find(id: string): ApprovalView | undefined {
    const view = this.#fold.get(id)
    return view === undefined ? undefined : this.#asOfNow(view)
  }

  list(): readonly ApprovalView[] {
    return this.#fold.all().map((view) => this.#asOfNow(view))
  }

  async shown(id: string): Promise<Uint8Array | null> {
    const place = this.#fold.place(id)
    if (place === undefined) return null
    if (place.event !== null) return this.#ports.unseal(place.event)
    for await (const event of this.#ports.store.read(place.before, controlStream))
      if (event.type === 'ApprovalRequested' && event.data.approval === id) return this.#ports.unseal(event)
    return null
  }

  usable(binding: Uint8Array, subject: Subject, run: Run): ApprovalView | undefined {
    return this.#bound(hex(binding), subject.id).find(
      (view) =>
        view.state === 'approved' && (view.scope !== 'run' || view.run === run.id) && this.#isReleased(view),
    )
  }

  park(id: string): Parked {
    const view = this.find(id)
    if (view === undefined) throw new Error(`there is no approval ${id}`)
    const settled = this.#parking.enter(view)
    if (this.#parking.waitFor(id) === 1) this.#tellOfWait(view)
    let left = false
    return {
      settled,
      leave: async (why, reason) => {
        if (left) return
        left = true
        await this.#leave(id, why, reason)
      },
    }
  }

  isWaitedFor(id: string): boolean | undefined {
    if (this.#parking.waitFor(id) > 0) return true
    return this.#own.has(id) ? false : undefined
  }

  async consume(id: string, by: Performing): Promise<boolean> {
    const view = this.#fold.get(id)
    const body = { type: 'ApprovalConsumed', data: { approval: id, ...by } } as const
    if (view === undefined || this.#endings.isEnding(id)) return false
    if (!this.#isReleased(view) || objection(view, body, this.#ports.clock.now()) !== undefined) return false
    // The log may have taken its time.
    return (await this.#control.record(body)) && this.#ports.clock.now() < view.expiresAt
  }

  async vote(id: string, voter: Identity, vote: 'approve' | 'reject', reason: string): Promise<VoteResult> {
    const { clock, owners } = this.#ports
    if (voter.expiresAt <= clock.now())
      return { kind: 'forbidden', reason: 'The token of this vote is no longer good.' }
    const data = {
      approval: id,
      voter: subjectRecord(voter.subject),
      people: peopleBehind(voter.subject, owners),
      token_id: voter.tokenId,
      reason: reasonText(reason),
    }
    return this.#command({ type: vote === 'approve' ? 'ApprovalGranted' : 'ApprovalRejected', data })
  }

  cancel(id: string, by: Subject, reason: string): Promise<CancelResult> {
    return this.#command({
      type: 'ApprovalCancelled',
      data: { approval: id, by: by.id, reason: reasonText(reason) },
    })
  }

  onChange(listener: (approval: ApprovalView) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async close(): Promise<void> {
    this.#endings.close()
    await this.#control.close()
  }

  /** Answers by what the fold made of the event, also when somebody else's came first meanwhile. */
  async #command(body: ApprovalBody): Promise<VoteResult> {
    const { clock } = this.#ports
    const before = this.find(body.data.approval)
    if (before === undefined) return { kind: 'unknown' }
    const objected = objection(before, body, clock.now())
    if (objected?.kind === 'forbidden') return { kind: 'forbidden', reason: objected.reason }
    if (objected !== undefined) return { kind: 'conflict', approval: before, reason: objected.reason }
    const accepted = await this.#control.record(body)
    const approval = this.find(before.id) ?? before
    if (accepted) return { kind: 'accepted', approval }
    const reason = objection(approval, body, clock.now())?.reason ?? 'Something else came first.'
    return { kind: 'conflict', approval, reason }
  }

  #admit(asked: Asked): void {
    const underWay = [...this.#underWay.values()]
    const alike = underWay.filter(
      ({ subject, target }) => subject === asked.subject.id && target === asked.target,
    )
    const refused = unaskable(asked, {
      live: this.#fold.live(),
      underWay: underWay.length,
      underWayAlike: alike.length,
      parked: this.#parking.callers,
    })
    if (refused !== undefined) throw new Refused(worded(refused, null))
  }

  async #request(asked: Asked, binding: string): Promise<ApprovalView> {
    const { clock, ids, owners } = this.#ports
    const id = ids.next('apr')
    this.#own.add(id)
    const people = peopleBehind(asked.subject, owners)
    const data = approvalRecord(id, asked, binding, people, clock.now())
    try {
      await this.#control.record({ type: 'ApprovalRequested', data, sealed: asked.shown }, asked.run)
    } catch (error) {
      this.#giveUp(id)
      throw error
    }
    const view = this.find(id)
    if (view === undefined) throw new Refused(worded(unrecorded, null))
    return view
  }

  /** Should the request land after all, it is cancelled at once: nobody waits for it. */
  #giveUp(id: string): void {
    this.#own.delete(id)
    this.#givenUp.add(id)
    const [oldest] = this.#givenUp
    if (this.#givenUp.size > limits.approvalsLiveMax && oldest !== undefined) this.#givenUp.delete(oldest)
  }

  async #leave(id: string, why: Leaving, reason: string): Promise<void> {
    const last = this.#parking.leave(id)
    const view = this.#fold.get(id)
    if (last && view !== undefined) this.#tellOfWait(this.#asOfNow(view))
    if (!last || why !== 'gone' || view === undefined || !this.#isOwn(view)) return
    if (view.state === 'pending' || (view.state === 'approved' && view.scope === 'once'))
      await this.#cancelled(id, reason)
  }

  #cancelled(id: string, reason: string): Promise<void> {
    const data = { approval: id, by: 'gateway', reason: reasonText(reason) }
    return this.#endings.end({ type: 'ApprovalCancelled', data })
  }

  /** By time, whatever the log says until it takes the end. */
  #due(approval: ApprovalView): void {
    this.#parking.note(this.#asOfNow(approval))
    if (this.#isOwn(approval))
      void this.#endings.end({ type: 'ApprovalExpired', data: { approval: approval.id, reason: 'time' } })
  }

  #apply(event: RecordedEvent): boolean {
    const changed = this.#fold.apply(event)
    for (const view of changed) this.#changed(view)
    if (event.type === 'ApprovalRequested' && this.#givenUp.delete(event.data.approval))
      void this.#cancelled(event.data.approval, 'nobody waits for it')
    return changed.length > 0
  }

  #changed(view: ApprovalView): void {
    if (isLive(view.state)) this.#endings.watch(view.expiresAt)
    else {
      this.#endings.ended(view.id)
      this.#own.delete(view.id)
    }
    this.#parking.note(view)
    this.#tell(view)
  }

  /** Whether somebody waits matters as long as nobody has decided. */
  #tellOfWait(view: ApprovalView): void {
    if (view.state === 'pending') this.#tell(view)
  }

  #tell(view: ApprovalView): void {
    for (const listener of this.#listeners) {
      try {
        listener(view)
      } catch (error) {
        this.#ports.report('a listener of approvals failed', error)
      }
    }
  }

  /** Of this subject with this binding, but for those that are about to end. */
  #bound(binding: string, subject: string): readonly ApprovalView[] {
    return this.#fold
      .boundTo(binding)
      .filter((view) => view.subject.id === subject && !this.#endings.isEnding(view.id))
      .map((view) => this.#asOfNow(view))
  }

  #isReleased(view: ApprovalView): boolean {
    return isReleased(view, (voter) => this.#ports.standing.groupsOf(voter))
  }

  #isOwn({ id }: ApprovalView): boolean {
    return this.#own.has(id)
  }

  #asOfNow(view: ApprovalView): ApprovalView {
    return stateAt(view, this.#ports.clock.now()) === view.state
      ? view
      : expired(view, view.expiresAt, 'time')
  }
}

/** Who asked for it is gone, and whoever waited. */
function lost(id: string): EndBody {
  return { type: 'ApprovalExpired', data: { approval: id, reason: 'gateway' } }
}

const unrecorded = refusal('log_unavailable', 'sluice/log', 'The approval could not be recorded.')

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
