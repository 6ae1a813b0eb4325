import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  controlStream,
  type ApprovalView,
  type Clock,
  type EventData,
  type EventStore,
  type EventType,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type SubjectRecord,
} from '@sluice/core'
import type { Notice } from './notice.ts'

/** Time, a control stream and people outside, that do what a test tells them. */

/** Stands still until it is told to go on; then its timers call back in order. */
export class SteppedClock implements Clock {
  #now = 1_700_000_000_000
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>()

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.#now + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  advance(ms: number): void {
    this.#now += ms
    const due = [...this.#timers].filter(({ at }) => at <= this.#now).toSorted((a, b) => a.at - b.at)
    for (const timer of due) if (this.#timers.delete(timer)) timer.callback()
  }

  /** Lets time pass in steps until something is so; fails when it never is. */
  async until(isSo: () => boolean, what: string, stepMs: number = 50, steps: number = 400): Promise<void> {
    for (let step = 0; step < steps; step++) {
      if (isSo()) return
      this.advance(stepMs)
      await sleep(1)
    }
    throw new Error(`${what} never came about`)
  }
}

/** A control stream in memory that outlives those who follow it. */
export class ScriptedControl implements Pick<EventStore, 'subscribe'> {
  readonly events: RecordedEvent[] = []
  /** The next one who follows is thrown out with it. */
  failure: Error | undefined
  readonly #clock: Pick<Clock, 'now'>
  #grown = Promise.withResolvers<void>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  record<T extends EventType>(
    type: T,
    data: EventData[T],
    change: Partial<RecordedEvent> = {},
  ): RecordedEvent {
    const count = this.events.length + 1
    const id = `evt_${String(count).padStart(26, '0')}`
    const hash = Buffer.from([count])
    const envelope = { stream: controlStream, seq: count, writer: 'gw', epoch: 1, schema: 1, sealed: null }
    const event = {
      ...({ id, type, time: this.#clock.now(), data } as NewEvent),
      ...envelope,
      trace_id: null,
      run_id: null,
      prev_hash: hash,
      hash,
      sig: hash,
      position: `at/${count}` as Position,
      ...change,
    } as RecordedEvent
    this.events.push(event)
    this.#grown.resolve()
    this.#grown = Promise.withResolvers()
    return event
  }

  async *subscribe(after: Position | undefined, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    const gone = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    for (let at = after === undefined ? 0 : Number(after.slice(3)); !signal.aborted;) {
      const { failure } = this
      this.failure = undefined
      if (failure !== undefined) throw failure
      const event = this.events[at]
      if (event === undefined) await Promise.race([this.#grown.promise, gone])
      else {
        at += 1
        yield event
      }
    }
  }
}

const agent: SubjectRecord = {
  id: 'idp#agent',
  type: 'service',
  issuer: 'idp',
  groups: ['agents'],
  on_behalf_of: null,
}

export const deletion: string = JSON.stringify([
  {
    name: 'sql.delete',
    kind: 'delete',
    relations: [{ schema: 'public', name: 'orders', access: 'delete', columns: ['id'] }],
    functions: [],
    has_where: true,
    masked: ['public.orders.note'],
  },
])

export function approvalId(number: number): string {
  return `apr_${String(number).padStart(26, '0')}`
}

export function asked(
  number: number,
  change: Partial<EventData['ApprovalRequested']> = {},
): EventData['ApprovalRequested'] {
  return {
    approval: approvalId(number),
    session: 'ses_1',
    exchange: `exc_${number}`,
    target: 'shop',
    subject: agent,
    people: [agent.id],
    run: null,
    binding: 'ab',
    rule: 'starter/delete',
    message: 'Deleting rows needs an approval.',
    summary: deletion,
    shown_bytes: 10,
    approvers: ['dba'],
    quorum: 1,
    scope: 'once',
    expires_ms: 1_700_000_600_000,
    ...change,
  }
}

export function voteOf(number: number, name: string): EventData['ApprovalGranted'] {
  const id = `idp#${name}`
  const voter = { id, type: 'human', issuer: 'idp', groups: ['dba'], on_behalf_of: null }
  return { approval: approvalId(number), voter, people: [id], token_id: 'tok', reason: 'fine' }
}

export const alarm: EventData['AlarmRaised'] = {
  session: 'ses_1',
  exchange: 'exc_1',
  decision: 'dec_1',
  subject: agent.id,
  target: 'shop',
  alarm: 'starter/break_glass',
  actions: deletion,
}

export const wanted: EventData['GrantRequested'] = {
  grant: 'grt_1',
  subject: agent,
  people: [agent.id],
  target: 'shop',
  role: 'pii_reader',
  life_ms: 1_800_000,
  reason: 'a customer asked',
  approvers: ['dba'],
  expires_ms: 1_700_000_600_000,
}

/** A request that waits for people, as a notice tells it. */
export function waitingNotice(change: Partial<ApprovalView> = {}, number: number = 1): Notice {
  const { approval: id, shown_bytes: shownBytes, expires_ms: expiresAt, ...data } = asked(number)
  const approval: ApprovalView = {
    ...data,
    id,
    state: 'pending',
    shownBytes,
    expiresAt,
    requestedAt: 1_700_000_000_000,
    votes: [],
    uses: [],
    ended: null,
    writer: 'gw',
    epoch: 1,
    requested: { id: 'evt_1', hash: 'ab' },
    ...change,
  }
  return { id: `evt_${number}`, time: 1_700_000_000_000, type: 'approval.requested', approval }
}

/** What somebody outside got. */
export interface Got {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Outside extends AsyncDisposable {
  readonly url: string
  readonly got: readonly Got[]
}

/** An HTTP server that answers as it is told. */
export async function outside(answer: (response: ServerResponse, got: Got) => void): Promise<Outside> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { path: request.url ?? '', headers: request.headers, body }
      got.push(one)
      answer(response, one)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    got,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
