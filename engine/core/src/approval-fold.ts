import { evolveApproval, expired, isLive, withoutRevoked } from './approval.ts'
import type { ApprovalEvent, ApprovalView } from './approval-view.ts'
import type { RecordedEvent } from './events.ts'
import type { PlainEvent } from './followed.ts'
import { limits } from './limits.ts'
import type { Position } from './ports.ts'
import { revocationOf } from './revocation-fold.ts'
import type { Revocation } from './revocation.ts'

/** Where the request of an approval is, and while it is live the event itself. */
export interface RequestPlace {
  /** The event of the control stream before it. */
  readonly before: Position | undefined
  readonly event: RecordedEvent | null
}

/** All approvals that live, and the newest of those that ended, as the control stream tells. No time, no effects. */
export class ApprovalFold {
  readonly #views = new Map<string, ApprovalView>()
  readonly #places = new Map<string, RequestPlace>()
  readonly #bound = new Map<string, Set<string>>()
  readonly #live = new Set<string>()
  readonly #ended = new Set<string>()
  #last: Position | undefined

  /** The approvals that the event changed. */
  apply(event: RecordedEvent): readonly ApprovalView[] {
    const before = this.#last
    this.#last = event.position
    if (event.type === 'GatewayLost') return this.#lose(event.data, event.time)
    const revocation = revocationOf(event)
    if (revocation !== undefined) return this.#revoke(revocation)
    const of = approvalEvent(event)
    if (of === undefined) return []
    const known = this.#views.get(of.data.approval)
    const view = evolveApproval(known, of)
    if (view === undefined || view === known) return []
    if (known === undefined) this.#places.set(view.id, { before, event })
    this.#keep(view)
    return [view]
  }

  get(id: string): ApprovalView | undefined {
    return this.#views.get(id)
  }

  place(id: string): RequestPlace | undefined {
    return this.#places.get(id)
  }

  /** In the order of their requests. */
  all(): readonly ApprovalView[] {
    return [...this.#views.values()]
  }

  live(): readonly ApprovalView[] {
    return this.#of(this.#live)
  }

  /** With this binding, in the order of their requests. */
  boundTo(binding: string): readonly ApprovalView[] {
    return this.#of(this.#bound.get(binding) ?? [])
  }

  #of(ids: Iterable<string>): readonly ApprovalView[] {
    return [...ids].map((id) => this.#views.get(id)).filter((view) => view !== undefined)
  }

  /** Whoever waited in that incarnation is gone, and nobody else may use what it asked for. */
  #lose(lost: { readonly writer: string; readonly epoch: number }, time: number): readonly ApprovalView[] {
    const ended = this.live()
      .filter(({ writer, epoch }) => writer === lost.writer && epoch <= lost.epoch)
      .map((view) => expired(view, time, 'gateway'))
    for (const view of ended) this.#keep(view)
    return ended
  }

  /** Whether it is forgotten by now or not: a vote that it took away does not come back. */
  #revoke(revocation: Revocation): readonly ApprovalView[] {
    const changed = this.live().flatMap((view) => {
      const left = withoutRevoked(view, revocation)
      return left === view ? [] : [left]
    })
    for (const view of changed) this.#keep(view)
    return changed
  }

  #keep(view: ApprovalView): void {
    const { id, binding, state } = view
    this.#views.set(id, view)
    if (isLive(state)) {
      this.#live.add(id)
      this.#bound.set(binding, (this.#bound.get(binding) ?? new Set()).add(id))
      return
    }
    this.#live.delete(id)
    this.#unbind(view)
    const place = this.#places.get(id)
    if (place !== undefined) this.#places.set(id, { ...place, event: null })
    this.#ended.add(id)
    const [oldest] = this.#ended
    if (this.#ended.size > limits.approvalsEndedMax && oldest !== undefined) this.#forget(oldest)
  }

  #unbind({ id, binding }: ApprovalView): void {
    const others = this.#bound.get(binding)
    others?.delete(id)
    if (others?.size === 0) this.#bound.delete(binding)
  }

  #forget(id: string): void {
    this.#ended.delete(id)
    this.#places.delete(id)
    this.#views.delete(id)
  }
}

/** `undefined` for an event that tells of no approval. */
export function approvalEvent(event: PlainEvent): ApprovalEvent | undefined {
  switch (event.type) {
    case 'ApprovalRequested':
    case 'ApprovalGranted':
    case 'ApprovalRejected':
    case 'ApprovalExpired':
    case 'ApprovalCancelled':
    case 'ApprovalConsumed':
      return event
    default:
      return undefined
  }
}
