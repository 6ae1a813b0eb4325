import type { ApprovalBody, ApprovalView } from './approval-view.ts'
import type { Control } from './control.ts'
import { Refused } from './errors.ts'
import { limits } from './limits.ts'
import { StoreError, type Clock } from './ports.ts'

/** An end that nobody voted for. */
export type EndBody = ApprovalBody & { readonly type: 'ApprovalExpired' | 'ApprovalCancelled' }

export interface EndingPorts {
  readonly clock: Clock
  readonly control: Pick<Control, 'record'>
  /** All that may still end. */
  readonly live: () => readonly ApprovalView[]
  /** Its time is over. */
  readonly due: (approval: ApprovalView) => void
  readonly report: (what: string, error: unknown) => void
}

/**
 * Ends approvals whose time is over or whose callers are gone. A log that does not take it now is asked again: until
 * then the approval is `ending`, and nobody is given it any more.
 */
export class Endings {
  readonly #ports: EndingPorts
  readonly #ending = new Set<string>()
  #timer: { readonly at: number; readonly timer: Disposable } | undefined
  #closed = false

  constructor(ports: EndingPorts) {
    this.#ports = ports
  }

  isEnding(id: string): boolean {
    return this.#ending.has(id)
  }

  /** Resolves after the first attempt. Never rejects. */
  async end(body: EndBody): Promise<void> {
    if (this.#ending.has(body.data.approval)) return
    this.#ending.add(body.data.approval)
    await this.#attempt(body, true)
  }

  /** The log says that it ended. */
  ended(id: string): void {
    this.#ending.delete(id)
  }

  /** Calls `due` in time for an approval that ends then. */
  watch(expiresAt: number): void {
    if (this.#closed || (this.#timer !== undefined && this.#timer.at <= expiresAt)) return
    this.#timer?.timer[Symbol.dispose]()
    const { clock } = this.#ports
    const timer = clock.after(Math.max(0, expiresAt - clock.now()), () => this.#sweep())
    this.#timer = { at: expiresAt, timer }
  }

  close(): void {
    this.#closed = true
    this.#timer?.timer[Symbol.dispose]()
  }

  /** A timer may be early, when it is far away or the clock was set back, as well as late. */
  #sweep(): void {
    this.#timer = undefined
    const now = this.#ports.clock.now()
    const live = this.#ports.live()
    for (const approval of live) if (approval.expiresAt <= now) this.#ports.due(approval)
    const next = Math.min(...live.map(({ expiresAt }) => expiresAt).filter((at) => at > now))
    if (next < Infinity) this.watch(next)
  }

  async #attempt(body: EndBody, first: boolean): Promise<void> {
    const { control, clock, report } = this.#ports
    try {
      await control.record(body)
    } catch (error) {
      if (first) report('the end of an approval could not be recorded', error)
      if (!wasRefused(error) || this.#closed) return
      clock.after(limits.approvalRetryMs, () => {
        if (!this.#closed && this.isEnding(body.data.approval)) void this.#attempt(body, false)
      })
    }
  }
}

/** What the log took too late it never gives up: only what it did not take is worth another attempt. */
function wasRefused(error: unknown): boolean {
  const cause = error instanceof Refused ? error.cause : error
  return cause instanceof StoreError && (cause.reason === 'unavailable' || cause.reason === 'full')
}
