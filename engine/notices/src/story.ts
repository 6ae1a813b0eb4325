import {
  controlStream,
  evolveApproval,
  expired,
  isLive,
  limits,
  type ApprovalEvent,
  type ApprovalState,
  type ApprovalView,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import type { Notice } from './notice.ts'

interface Told {
  readonly view: ApprovalView
  /** The event of the control stream before its request. */
  readonly before: Position | null
}

/**
 * What the control stream tells, event by event: only what changed something, since a vote that came too late is no
 * news. Holds the approvals that are live, and nothing of those that ended.
 */
export class Story {
  readonly #live = new Map<string, Told>()
  #last: Position | null

  /** `after`: the position behind which it is told; `null` for the beginning of the log. */
  constructor(after: Position | null) {
    this.#last = after
  }

  /** The event that was told last. */
  get last(): Position | null {
    return this.#last
  }

  /** Whoever starts to read after this one knows as much, once it is where this one is. */
  get from(): Position | null {
    const [oldest] = this.#live.values()
    return oldest === undefined ? this.#last : oldest.before
  }

  tell(event: RecordedEvent): readonly Notice[] {
    const before = this.#last
    this.#last = event.position
    // A store may hand out more than it is asked for. What no gateway signed is nobody's word.
    if (event.stream !== controlStream || event.sig === null) return []
    const { id, time } = event
    switch (event.type) {
      case 'AlarmRaised':
        return [{ id, time, type: 'alarm.raised', alarm: event.data }]
      case 'GrantRequested':
        return [{ id, time, type: 'access.requested', access: event.data }]
      case 'GatewayLost':
        return this.#lose(event.data, id, time)
      case 'ApprovalRequested':
      case 'ApprovalGranted':
      case 'ApprovalRejected':
      case 'ApprovalExpired':
      case 'ApprovalCancelled':
      case 'ApprovalConsumed':
        return this.#evolve(event, before)
      default:
        return []
    }
  }

  #evolve(event: ApprovalEvent, before: Position | null): readonly Notice[] {
    const known = this.#live.get(event.data.approval)
    const approval = evolveApproval(known?.view, event)
    if (approval === undefined || approval === known?.view) return []
    this.#keep(approval, known?.before ?? before)
    if (approval.state === known?.view.state) return []
    return [{ id: event.id, time: event.time, type: typeOf[approval.state], approval }]
  }

  /** Whoever waited in that incarnation is gone. */
  #lose(lost: { readonly writer: string; readonly epoch: number }, id: string, time: number): Notice[] {
    return [...this.#live.values()]
      .filter(({ view }) => view.writer === lost.writer && view.epoch <= lost.epoch)
      .map(({ view, before }) => {
        const approval = expired(view, time, 'gateway')
        this.#keep(approval, before)
        return { id: `${id}.${approval.id}`, time, type: typeOf.expired, approval }
      })
  }

  #keep(view: ApprovalView, before: Position | null): void {
    if (isLive(view.state)) this.#live.set(view.id, { view, before })
    else this.#live.delete(view.id)
    const [oldest] = this.#live.keys()
    if (this.#live.size > limits.approvalsLiveMax && oldest !== undefined) this.#live.delete(oldest)
  }
}

const typeOf = {
  pending: 'approval.requested',
  approved: 'approval.approved',
  rejected: 'approval.rejected',
  expired: 'approval.expired',
  cancelled: 'approval.cancelled',
  consumed: 'approval.consumed',
} as const satisfies Readonly<Record<ApprovalState, Notice['type']>>
