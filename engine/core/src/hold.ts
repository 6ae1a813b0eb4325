import type { StopReason } from './adapter.ts'
import { abandon, unrecorded } from './abandon.ts'
import type { ApprovalView } from './approval-view.ts'
import { summaryOf } from './approval-request.ts'
import type { Approvals, Leaving, Parked } from './approvals.ts'
import { decide, evolve } from './decider.ts'
import { raiseAlarms, type Held, type Settled } from './enforce.ts'
import { refusal, refusalOf, type Refusal } from './errors.ts'
import { judge, objected, type Ruling } from './judge.ts'
import type { LaneContext } from './lane.ts'
import { limits } from './limits.ts'
import { mint } from './permit.ts'
import type { Moment, PolicyApproval } from './ports.ts'
import { decisionRecord } from './record.ts'
import type { Requirement } from './requirement.ts'
import { worded } from './wording.ts'

/**
 * A held exchange waits for people on its live connection. It ends in exactly one way: an approval is found or given,
 * the request is judged once more with it, the approval is used up, and that second decision mints the Permit; or
 * nothing is performed, and the log says why. Never rejects.
 */
export async function hold<Up, Down, Plan>(
  held: Held<Up, Down, Plan>,
  lane: LaneContext,
): Promise<Settled<Up, Down, Plan>> {
  try {
    const { stop, leaving, passage } = held.entry
    passage?.arrive('hold')
    const reason = stop.requested ?? leaving.requested
    if (reason !== undefined) return stopped(held, reason, null, lane)
    if (lane.approvals === undefined) return await refuse(held, noApprovals, null, lane)
    await using holding = new Holding(held, lane, lane.approvals)
    return await holding.run(held.requirement)
  } catch (error) {
    return refuse(held, refusalOf(error), null, lane)
  }
}

const noApprovals = refusal(
  'denied',
  'sluice/approval',
  'It needs a person’s approval, which this gateway cannot ask for.',
)

/** How a wait ended. */
type Waited =
  | { readonly kind: 'settled'; readonly approval: ApprovalView }
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  /** As long as the policy lets it wait. */
  | { readonly kind: 'late' }

class Holding<Up, Down, Plan> {
  readonly #held: Held<Up, Down, Plan>
  readonly #lane: LaneContext
  readonly #approvals: Approvals
  readonly #startedMs: number
  #parked: Parked | undefined
  #notice: Disposable | undefined

  constructor(held: Held<Up, Down, Plan>, lane: LaneContext, approvals: Approvals) {
    this.#held = held
    this.#lane = lane
    this.#approvals = approvals
    this.#startedMs = lane.monotonic()
  }

  /** Whatever went wrong: nobody waits for its approval any more. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#notice?.[Symbol.dispose]()
    return this.#leave('gone', 'the request could not be performed')
  }

  /** Asks again where somebody else was first, or where the policy by now asks for something else. */
  async run(first: Requirement): Promise<Settled<Up, Down, Plan>> {
    let requirement = first
    for (let asked = 0; asked < limits.holdAsksMax; asked++) {
      const binding = await this.#binding(requirement)
      const approval = this.#usable(binding) ?? (await this.#ask(binding, requirement))
      const waited = await this.#wait(approval, requirement)
      if (waited.kind === 'stopped') return await this.#gone(approval, waited.reason)
      if (waited.kind === 'late') return await this.#pending(approval, requirement)
      if (isOver(waited.approval)) return await this.#ended(waited.approval)
      const released = await this.#release(waited.approval, binding, requirement)
      await this.#leave('released', 'released')
      if (released.kind === 'place') return released.place
      requirement = released.requirement
    }
    return refuse(this.#held, contested, null, this.#lane)
  }

  async #binding({ approval, rule }: Requirement): Promise<Uint8Array> {
    const part = await this.#held.entry.exchange.bound()
    return this.#lane.bindingOf(part, rule, approval)
  }

  #usable(binding: Uint8Array): ApprovalView | undefined {
    return this.#approvals.usable(binding, this.#lane.subject(), this.#lane.run())
  }

  #ask(binding: Uint8Array, { approval, rule, message, masked }: Requirement): Promise<ApprovalView> {
    const lane = this.#lane
    const { entry } = this.#held
    const { exchange } = entry
    return this.#approvals.ask({
      binding,
      subject: lane.subject(),
      target: lane.target,
      session: lane.session,
      exchange: entry.id,
      run: lane.run(),
      rule,
      message,
      requirement: approval,
      summary: summaryOf(exchange, masked),
      shown: exchange.shown(),
    })
  }

  /** Until it is decided, the caller gives up, or the caller has waited as long as the policy says. */
  async #wait(approval: ApprovalView, { approval: { hold_s }, message }: Requirement): Promise<Waited> {
    if (approval.state !== 'pending') return { kind: 'settled', approval }
    this.#parked = this.#approvals.park(approval.id)
    const { waits = true } = this.#held.entry.exchange
    const waitMs = waits ? hold_s * 1_000 - (this.#lane.monotonic() - this.#startedMs) : 0
    if (waitMs <= 0) return { kind: 'late' }
    return this.#told(approval, this.#parked, waitMs, message)
  }

  async #told(approval: ApprovalView, parked: Parked, waitMs: number, message: string): Promise<Waited> {
    const { entry } = this.#held
    const { promise, resolve } = Promise.withResolvers<Waited>()
    const link = this.#lane.approvalLink(approval.id)
    using _stop = entry.stop.on((reason) => resolve({ kind: 'stopped', reason }))
    using _leaving = entry.leaving.on((reason) => resolve({ kind: 'stopped', reason }))
    using _late = this.#lane.after(waitMs, () => resolve({ kind: 'late' }))
    using _impatient = this.#impatient(() => resolve({ kind: 'stopped', reason: 'limit' }))
    // Once, also when it then waits for another approval because somebody else used up this one.
    this.#notice ??= entry.exchange.held({ reference: approval.id, message, link, waitMs })
    void parked.settled.then((settled) => resolve({ kind: 'settled', approval: settled }))
    return await promise
  }

  /**
   * Judges once more, with the approval, the token, the facts and the policies of now. Only when that allows is the
   * approval used up, and only what the log holds first counts.
   */
  async #release(
    approval: ApprovalView,
    binding: Uint8Array,
    requirement: Requirement,
  ): Promise<
    | { readonly kind: 'place'; readonly place: Settled<Up, Down, Plan> }
    | { readonly kind: 'again'; readonly requirement: Requirement }
  > {
    if (approval.state !== 'approved') return { kind: 'again', requirement }
    const { entry } = this.#held
    const lane = this.#lane
    const given = [policyApproval(approval)]
    const moment = lane.moment()
    entry.passage?.arrive('evaluate')
    const ruling =
      lane.unusable() ??
      (await judge(entry.exchange, lane.pdp, (action) =>
        lane.input(entry.id, action, entry.exchange.values, given, moment),
      ))
    entry.passage?.arrive('hold')
    if (ruling.kind === 'refused')
      return { kind: 'place', place: await settle(this.#held, { ruling, moment }, given, lane) }
    const asked = ruling.kind === 'held' ? ruling.requirement : requirement
    const changed = !Buffer.from(await this.#binding(asked)).equals(binding)
    if (ruling.kind === 'held') {
      // The same question although it was answered: a policy that looks at no approvals never lets go.
      if (!changed) return { kind: 'place', place: await refuse(this.#held, unheeded, approval.id, lane) }
      return { kind: 'again', requirement: asked }
    }
    if (changed) return { kind: 'again', requirement }
    if (entry.stop.requested !== undefined)
      return { kind: 'place', place: await this.#gone(approval, entry.stop.requested) }
    const by = { session: lane.session, exchange: entry.id, decision: lane.ids.next('dec') }
    if (!(await this.#approvals.consume(approval.id, by))) return { kind: 'again', requirement }
    return { kind: 'place', place: await settle(this.#held, { ruling, moment }, given, lane, by.decision) }
  }

  /** The caller's own limit counts from the start of its request, as it would at the target. */
  #impatient(over: () => void): Disposable | undefined {
    const { patienceMs = null } = this.#held.entry.exchange
    if (patienceMs === null) return undefined
    return this.#lane.after(Math.max(0, patienceMs - (this.#lane.monotonic() - this.#startedMs)), over)
  }

  async #leave(why: Leaving, reason: string): Promise<void> {
    const parked = this.#parked
    this.#parked = undefined
    await parked?.leave(why, reason)
  }

  async #gone(approval: ApprovalView, reason: StopReason): Promise<Settled<Up, Down, Plan>> {
    await this.#leave('gone', whyGone[reason])
    return stopped(this.#held, reason, approval.id, this.#lane)
  }

  /** The approval stays open: the same request finds it again. */
  async #pending(approval: ApprovalView, { rule, message }: Requirement): Promise<Settled<Up, Down, Plan>> {
    await this.#leave('pending', 'the caller was told to come back')
    const link = this.#lane.approvalLink(approval.id)
    const pending = refusal('pending', rule, message)
    const told = link === null ? pending : { ...pending, link }
    return refuse(this.#held, told, approval.id, this.#lane)
  }

  #ended({ id, state, ended }: ApprovalView): Promise<Settled<Up, Down, Plan>> {
    const reason = state === 'rejected' && ended !== null && ended.reason !== '' ? `: ${ended.reason}` : ''
    const rule = `approval/${state}`
    return refuse(
      this.#held,
      refusal('denied', rule, `The approval that it needs was ${state}${reason}.`),
      id,
      this.#lane,
    )
  }
}

/**
 * Whether people, or time, have decided against it. One that another caller used up, or gave up while this one came to
 * wait for it too, says nothing of this request.
 */
function isOver({ state, ended }: ApprovalView): boolean {
  if (state === 'cancelled') return ended?.by !== 'gateway'
  return state === 'rejected' || state === 'expired'
}

/** The caller gave up: nothing comes of it, and nobody is asked any more. */
function stopped<Up, Down, Plan>(
  { entry }: Held<Up, Down, Plan>,
  reason: StopReason,
  reference: string | null,
  lane: LaneContext,
): Settled<Up, Down, Plan> {
  abandon(entry, 'the caller gave up while it waited for an approval', lane)
  const told = { cancelled: holdCancelled, limit: impatient, ending: sessionEnding }[reason]
  return { kind: 'refused', entry, refusal: worded(told, reference) }
}

const whyGone = {
  cancelled: 'the caller cancelled it',
  limit: 'the caller let it take no longer',
  ending: 'the caller is gone',
} as const

const impatient = refusal(
  'cancelled',
  'sluice/timeout',
  'The time that the caller gives its requests was over while it waited for an approval. Nothing was executed.',
)
const holdCancelled = refusal(
  'cancelled',
  'sluice/cancel',
  'The request was cancelled while it waited for an approval. Nothing was executed.',
)
const sessionEnding = refusal(
  'cancelled',
  'sluice/session',
  'The session ended while the request waited for an approval. Nothing was executed.',
)
const contested = refusal(
  'too_many',
  'sluice/approval',
  'Others have used the approvals of this request. Nothing was executed. Try again later.',
)
const unheeded = refusal(
  'policy_error',
  'policy/approvals',
  'The policy holds this request although it was approved. Nothing was executed. Tell the policy’s author.',
)

function policyApproval({
  id,
  rule,
  approvers,
  quorum,
  scope,
  votes,
  expiresAt,
}: ApprovalView): PolicyApproval {
  return {
    id,
    rules: rule.split(' '),
    approvers,
    quorum,
    scope,
    approved_by: votes.filter(({ vote }) => vote === 'approve').map(({ voter }) => voter.id),
    expires_ms: expiresAt,
  }
}

/** What comes of it without an approval. `reference` is what the caller may ask about. */
function refuse<Up, Down, Plan>(
  held: Held<Up, Down, Plan>,
  reason: Refusal,
  reference: string | null,
  lane: LaneContext,
): Promise<Settled<Up, Down, Plan>> {
  const ruling = objected(reason, lane.pdp.revision)
  return settle(held, { ruling, moment: lane.moment() }, [], lane, lane.ids.next('dec'), reference)
}

/** The second decision: recorded before anything comes of it, as the first one was. */
async function settle<Up, Down, Plan>(
  { entry, contentDigest }: Held<Up, Down, Plan>,
  { ruling, moment }: { readonly ruling: Ruling<Plan>; readonly moment: Moment },
  given: readonly PolicyApproval[],
  lane: LaneContext,
  decision: string = lane.ids.next('dec'),
  reference: string | null = null,
): Promise<Settled<Up, Down, Plan>> {
  if (ruling.kind === 'held') throw new Error('a second decision that holds')
  entry.passage?.judged(ruling)
  entry.passage?.arrive('append')
  const of = { session: lane.session, exchange: entry.id }
  const decided = decisionRecord(of, decision, ruling, moment, given)
  const bodies = decide({ kind: 'settle', decided }, entry.state)
  for (const body of bodies) entry.state = evolve(entry.state, body)
  try {
    await lane.append(bodies, 'now')
    await raiseAlarms({ entry, ruling, decision }, lane)
  } catch (error) {
    return unrecorded(entry, error, lane)
  }
  if (ruling.kind === 'refused')
    return { kind: 'refused', entry, refusal: worded(ruling.refusal, reference ?? decision) }
  return { kind: 'allowed', entry, ruling, permit: mint(decision, contentDigest, () => lane.live()) }
}
