import {
  approvalEvent,
  controlStream,
  evolveApproval,
  Incarnations,
  isLive,
  type ApprovalEvent,
  type ApprovalView,
  type RecordedEvent,
} from '@sluice/core'
import { isoTime } from './iso-time.ts'
import type { RecordingStep } from './recording-step.ts'

/** What the control stream says of one session, as its folds take it: approvals, alarms, its end by somebody else. */
export class ControlSteps {
  readonly #session: string
  readonly #isOf: (writer: string, epoch: number) => boolean
  readonly #incarnations = new Incarnations()
  readonly #heads = new Map<string, number>()
  readonly #approvals = new Map<string, ApprovalView>()

  /** `isOf`: whether an incarnation is the session's. */
  constructor(session: string, isOf: (writer: string, epoch: number) => boolean) {
    this.#session = session
    this.#isOf = isOf
  }

  take(event: RecordedEvent): readonly RecordingStep[] {
    if (event.stream !== controlStream) return []
    const at = isoTime(event.time)
    if (event.sig === null)
      return this.#concerns(event) ? [{ at, step: 'forged', type: event.type, why: unsigned }] : []
    if (!this.#isFresh(event) || !this.#incarnations.admits(event)) return []
    const approval = approvalEvent(event)
    if (approval !== undefined) return this.#approval(approval, at)
    switch (event.type) {
      case 'AlarmRaised':
        if (event.data.session !== this.#session) return []
        return [{ at, step: 'alarm', exchange: event.data.exchange, rules: event.data.alarm }]
      case 'SessionKilled':
        if (event.data.session !== this.#session) return []
        return [{ at, step: 'killed', by: event.data.by, reason: event.data.reason }]
      case 'GatewayLost':
        return this.#isOf(event.data.writer, event.data.epoch) ? [{ at, step: 'lost' }] : []
      default:
        return []
    }
  }

  /** Numbered by its writer: the log may hold an event twice, and who reads may read it twice. */
  #isFresh({ writer, epoch, seq }: RecordedEvent): boolean {
    const key = `${writer}/${epoch}`
    if (seq <= (this.#heads.get(key) ?? -1)) return false
    this.#heads.set(key, seq)
    return true
  }

  #concerns(event: RecordedEvent): boolean {
    if (event.type === 'Unknown') return false
    if ('session' in event.data && event.data.session === this.#session) return true
    return 'approval' in event.data && this.#approvals.get(event.data.approval)?.session === this.#session
  }

  #approval(event: ApprovalEvent, at: string): readonly RecordingStep[] {
    const id = event.data.approval
    const before = this.#approvals.get(id)
    const view = evolveApproval(before, event)
    if (view === undefined) return []
    this.#approvals.set(id, view)
    if (view.session !== this.#session && !isLive(view.state)) this.#approvals.delete(id)
    const here = event.type === 'ApprovalConsumed' && event.data.session === this.#session
    if (view.session !== this.#session && !here) return []
    const exchange = event.type === 'ApprovalConsumed' ? event.data.exchange : view.exchange
    const { state } = view
    return [{ at, step: 'approval', approval: id, exchange, ...said(event), state, counted: view !== before }]
  }
}

const unsigned = 'no gateway signed it'

type Said = Pick<RecordingStep & { readonly step: 'approval' }, 'what' | 'by' | 'reason'>

function said(event: ApprovalEvent): Said {
  switch (event.type) {
    case 'ApprovalRequested':
      return { what: 'requested', by: event.data.subject.id, reason: event.data.message }
    case 'ApprovalGranted':
      return { what: 'granted', by: event.data.voter.id, reason: event.data.reason }
    case 'ApprovalRejected':
      return { what: 'rejected', by: event.data.voter.id, reason: event.data.reason }
    case 'ApprovalExpired':
      return { what: 'expired', by: 'gateway', reason: event.data.reason }
    case 'ApprovalCancelled':
      return { what: 'cancelled', by: event.data.by, reason: event.data.reason }
    case 'ApprovalConsumed':
      return { what: 'consumed', by: 'gateway', reason: '' }
  }
}
