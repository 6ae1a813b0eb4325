import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  controlStream,
  systemClock,
  type Clock,
  type EventData,
  type EventStore,
  type EventType,
  type Position,
  type RecordedEvent,
  type SubjectRecord,
} from '@sluice/core'
import type { DeadLetters } from './dead-letter.ts'
import type { ExporterPorts } from './exporter.ts'
import type { Mapper } from './mapper.ts'
import { Offsets } from './offsets.ts'
import type { Parcel } from './parcel.ts'
import { delivered, type Delivery, type Sink } from './sink.ts'

/** Time, a log, a mapper and a receiver that do what a test tells them. */

/** The time of the machine, so many times faster. */
export function hurried(times: number): Clock {
  const start = systemClock.now()
  const monotonic = systemClock.monotonic()
  const passed = (): number => (systemClock.monotonic() - monotonic) * times
  return {
    now: () => start + passed(),
    monotonic: passed,
    after: (ms, back) => systemClock.after(ms / times, back),
  }
}

export const clock: Clock = hurried(20)
export const ids = { random32: () => 0 }

/** A folder of a test, gone when the test is. */
export function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-exporters-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Waits until something is so; fails when it is not within a while. */
export async function until(isSo: () => boolean, what: string, withinMs: number = 10_000): Promise<void> {
  for (const end = performance.now() + withinMs; performance.now() < end;) {
    if (isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${what} did not come about`)
}

interface Written {
  readonly stream: string
  readonly run?: string | null
  readonly time?: number
  readonly signed?: boolean
  readonly writer?: string
}

/** A log whose events a test writes down. */
export class ScriptedLog implements Pick<EventStore, 'read' | 'subscribe'> {
  readonly events: RecordedEvent[] = []
  /** Whoever reads next is thrown out with it, once. */
  failure: Error | undefined
  /** How often somebody began to read. */
  readings = 0
  #wake = Promise.withResolvers<void>()

  write<T extends EventType>(
    { stream, run = null, time, signed = true, writer = 'gw_a' }: Written,
    type: T,
    data: EventData[T],
  ): RecordedEvent {
    const place = this.events.length
    const event = {
      id: `evt_${String(place).padStart(6, '0')}`,
      stream,
      seq: this.events.filter((each) => each.stream === stream).length,
      writer,
      epoch: 1,
      time: time ?? 1_800_000_000_000 + place * 1_000,
      trace_id: null,
      run_id: run,
      schema: 1,
      sealed: new TextEncoder().encode('secret'),
      prev_hash: none,
      hash: none,
      sig: stream === controlStream && signed ? none : null,
      position: String(place) as Position,
      type,
      data,
    } as unknown as RecordedEvent
    this.events.push(event)
    this.#wake.resolve()
    this.#wake = Promise.withResolvers()
    return event
  }

  async *read(after?: Position): AsyncGenerator<RecordedEvent> {
    yield* this.events.slice(this.#begin(after))
  }

  async *subscribe(after: Position | undefined, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    for (let next = this.#begin(after); !signal.aborted;) {
      this.#fail()
      const event = this.events[next]
      if (event !== undefined) {
        next += 1
        yield event
        continue
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      signal.addEventListener('abort', () => resolve(), { once: true })
      await Promise.race([this.#wake.promise, promise])
    }
  }

  #begin(after: Position | undefined): number {
    this.readings += 1
    this.#fail()
    if (after !== undefined && Number(after) >= this.events.length) throw new RangeError('not in this log')
    return after === undefined ? 0 : Number(after) + 1
  }

  #fail(): void {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
  }
}

const none = new Uint8Array(32)

export const alice: SubjectRecord = {
  id: 'demo#alice',
  type: 'human',
  issuer: 'demo',
  groups: ['analysts'],
  on_behalf_of: null,
}

/** A session that asks for something once. */
export function conversation(
  log: ScriptedLog,
  name: string,
  exchanges: number = 1,
  close: boolean = true,
): void {
  const session = `ses_${name}`
  log.write({ stream: session }, 'SessionOpened', {
    session,
    gateway: 'gw_a',
    target: 'shop',
    protocol: 'postgres',
    subject: alice,
    claims: '{}',
    labels: '{"env":"prod"}',
    token_id: 'tok',
    token_expires_ms: 0,
    client_ip: '10.0.0.1',
    application: 'psql',
  })
  for (let number = 0; number < exchanges; number++) exchange(log, session, `exc_${name}_${number}`)
  if (close)
    log.write({ stream: session }, 'SessionClosed', {
      session,
      reason: 'done',
      requests: exchanges,
      denied: 0,
      rows: 0,
      bytes: 0,
    })
}

export function exchange(
  log: ScriptedLog,
  session: string,
  id: string,
  effect: 'allow' | 'deny' = 'allow',
): void {
  const of = { session, exchange: id }
  log.write({ stream: session }, 'RequestReceived', {
    ...of,
    actions: JSON.stringify([{ name: 'sql.select', kind: 'select', read_only: true }]),
    digest: 'd1',
    bytes: 9,
  })
  log.write({ stream: session }, 'DecisionMade', {
    ...of,
    decision: `dec_${id}`,
    effect,
    verdicts: '[]',
    rule: 'starter/read',
    revision: 'r1',
    now_ms: 0,
    facts: '{}',
    approvals: '[]',
    grants: '[]',
  })
  if (effect === 'deny') return
  log.write({ stream: session }, 'ResponseCompleted', {
    ...of,
    outcome: 'completed',
    status: null,
    rows: 1,
    bytes: 2,
    masked: [],
    chunks: 0,
    micros: 3,
    usage: null,
  })
}

/** Says of each event what it was joined with. */
export const plain: Mapper = {
  format: 'json',
  map: ({ event, session, exchange: of, approval, grant }) => ({
    id: event.id,
    timeMs: event.time,
    body: {
      id: event.id,
      type: event.type,
      target: session?.target ?? null,
      action: of?.actions[0]?.name ?? null,
      rule: of?.decision?.rule ?? null,
      approval: approval?.rule ?? null,
      grant: grant?.role ?? null,
    },
  }),
}

/** A receiver that answers as it is told. */
export class ScriptedSink implements Sink {
  readonly got: Parcel[] = []
  readonly attempts: (readonly string[])[] = []
  closed = false
  answer: (batch: readonly Parcel[], signal: AbortSignal) => Delivery | Promise<Delivery> = () => delivered

  async deliver(batch: readonly Parcel[], signal: AbortSignal): Promise<Delivery> {
    this.attempts.push(batch.map(({ id }) => id))
    const answer = await this.answer(batch, signal)
    if (answer.kind === 'delivered') this.got.push(...batch)
    if (answer.kind === 'sorted') {
      const not = new Set([...answer.left, ...answer.refused.map(({ at }) => at)])
      this.got.push(...batch.filter((_, at) => !not.has(at)))
    }
    return answer
  }

  get gotIds(): readonly string[] {
    return this.got.map(({ id }) => id)
  }

  async close(): Promise<void> {
    this.closed = true
  }
}

export class ScriptedDeadLetters implements DeadLetters {
  readonly letters: { readonly id: string; readonly reason: string }[] = []
  failure: Error | undefined

  async add({ id }: Parcel, reason: string): Promise<void> {
    const { failure } = this
    this.failure = undefined
    if (failure !== undefined) throw failure
    this.letters.push({ id, reason })
  }
}

/** What an exporter needs, on a log of a test. */
export function ports(
  log: ScriptedLog,
  file: string = '',
): ExporterPorts & { readonly deadLetters: ScriptedDeadLetters; readonly reported: string[] } {
  const reported: string[] = []
  return {
    read: (after, signal) => log.subscribe(after, signal),
    offsets: new Offsets(file, (what) => reported.push(what)),
    deadLetters: new ScriptedDeadLetters(),
    clock,
    ids,
    report: (what, error) =>
      reported.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
    reported,
  }
}

let made = 0

/** A document on its way, of any event. */
export function parcel(change: Partial<Parcel> = {}): Parcel {
  const id = change.id ?? `evt_${made++}`
  const text = change.text ?? JSON.stringify({ id })
  const rest = {
    timeMs: 1_800_000_000_123,
    kind: 'document',
    type: 'DecisionMade',
    stream: 'ses_1',
    seq: 7,
    severity: 6,
  } as const
  return { ...rest, bytes: Buffer.byteLength(text), ...change, id, text }
}
