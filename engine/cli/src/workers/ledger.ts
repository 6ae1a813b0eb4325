import {
  limits,
  workerLost,
  type Approvals,
  type Clock,
  type EventStore,
  type Ids,
  type Unit,
} from '@sluice/core'

interface Counts {
  requests: number
  denied: number
  rows: number
  bytes: number
}

export interface LedgerPorts {
  readonly store: Pick<EventStore, 'append'>
  readonly approvals: Pick<Approvals, 'lose'>
  readonly clock: Pick<Clock, 'now'>
  readonly ids: Pick<Ids, 'next'>
  readonly report: (what: string, error: unknown) => void
}

/** What the log says that one worker has begun and not ended, so that it can be ended for it. */
export class Ledger {
  readonly #open = new Map<string, Counts>()
  readonly #asked = new Set<string>()

  /** Nobody waits for this approval any more, whatever became of it. */
  ended(approval: string): void {
    this.#asked.delete(approval)
  }

  /** Durable, and of that worker. */
  take({ stream, events }: Unit): void {
    const counts = this.#open.get(stream)
    for (const { type, data } of events) {
      if (type === 'SessionOpened') this.#open.set(stream, { requests: 0, denied: 0, rows: 0, bytes: 0 })
      else if (type === 'SessionClosed') this.#open.delete(stream)
      else if (type === 'ApprovalRequested') this.#asked.add(data.approval)
      else if (counts === undefined) continue
      else if (type === 'RequestReceived') counts.requests += 1
      else if (type === 'DecisionMade' && data.effect === 'deny') counts.denied += 1
      else if (type === 'DenialsCounted') {
        counts.requests += data.requests
        counts.denied += data.denied
      } else if (type === 'ResponseCompleted') {
        counts.rows += data.rows
        counts.bytes += data.bytes
      }
    }
  }

  /**
   * The worker is gone. Its sessions are over, what they were doing is unknown, and nobody waits for what they asked
   * people. Never rejects.
   */
  async lose({ store, approvals, clock, ids, report }: LedgerPorts): Promise<void> {
    const sessions = [...this.#open]
    this.#open.clear()
    const closing = sessions.map(([session, counts]) => {
      const data = { session, reason: workerLost, ...counts }
      const event = { type: 'SessionClosed', id: ids.next('evt'), time: clock.now(), data } as const
      return store.append({ stream: session, events: [event] }, soon)
    })
    const results = await Promise.allSettled([approvals.lose([...this.#asked]), ...closing])
    for (const result of results)
      if (result.status === 'rejected') report('the end of a lost worker was not recorded', result.reason)
  }
}

const soon = { withinMs: limits.recordWaitMs, urgency: 'soon' } as const
