import type { ApprovalView } from './approval-view.ts'

interface Waiting {
  callers: number
  over: boolean
  readonly settled: PromiseWithResolvers<ApprovalView>
}

/** The callers of this gateway that wait for approvals. Those of the same approval wait together. */
export class Parking {
  readonly #waiting = new Map<string, Waiting>()
  #callers = 0

  /** Over all approvals. */
  get callers(): number {
    return this.#callers
  }

  waitFor(id: string): number {
    return this.#waiting.get(id)?.callers ?? 0
  }

  /** Resolves when the approval is no longer pending, also for a caller that has left. */
  enter(approval: ApprovalView): Promise<ApprovalView> {
    const waiting = this.#waiting.get(approval.id) ?? {
      callers: 0,
      over: false,
      settled: Promise.withResolvers(),
    }
    this.#waiting.set(approval.id, waiting)
    waiting.callers += 1
    this.#callers += 1
    this.note(approval)
    return waiting.settled.promise
  }

  /** Whether it was the last caller of this approval. */
  leave(id: string): boolean {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return false
    waiting.callers -= 1
    this.#callers -= 1
    this.#clear(id, waiting)
    return waiting.callers === 0
  }

  /** Wakes who waits when there is nothing to wait for any more. */
  note(approval: ApprovalView): void {
    const waiting = this.#waiting.get(approval.id)
    if (waiting === undefined || approval.state === 'pending') return
    waiting.over = true
    waiting.settled.resolve(approval)
    this.#clear(approval.id, waiting)
  }

  #clear(id: string, { callers, over }: Waiting): void {
    if (over && callers === 0) this.#waiting.delete(id)
  }
}
