import {
  placeOf,
  recordedActions,
  touchedBy,
  type AnswerPart,
  type EventData,
  type RecordedEvent,
  type Recording,
  type Verdict,
} from '@sluice/core'
import { again, OwnEvents } from './recording-own.ts'
import { isoTime } from './iso-time.ts'
import type { ContentState, RecordingStep } from './recording-step.ts'

/** The content of an event of the log. */
export type Unsealed =
  | { readonly kind: 'content'; readonly content: Uint8Array }
  | { readonly kind: 'none' }
  | { readonly kind: 'erased' }

export interface ContentPorts {
  /** Rejects when what is sealed is not what the log says that it is. */
  readonly unseal: (event: RecordedEvent) => Promise<Unsealed>
  /** Reads the recordings of a protocol; `undefined`: nobody does. */
  readonly recording: (protocol: string) => Recording | undefined
}

type Of<T extends RecordedEvent['type']> = Extract<RecordedEvent, { readonly type: T }>

/** What was lost of an exchange makes all that follows in it unreadable. */
interface Progress {
  allowed: boolean
  chunks: { request: number; response: number }
  torn: { request: boolean; response: boolean }
}

/** The stream of one session as steps. It reads; nothing of what it reads is ever performed. */
export class SessionSteps {
  readonly own: OwnEvents
  /** Milliseconds since 1970; `null`: it goes on. */
  closedAt: number | null = null
  readonly #ports: ContentPorts
  readonly #open = new Map<string, Progress>()
  #recording: Recording | undefined

  constructor(session: string, ports: ContentPorts) {
    this.own = new OwnEvents(session)
    this.#ports = ports
  }

  /** Whether something that was allowed has no outcome yet. */
  get runs(): boolean {
    return [...this.#open.values()].some(({ allowed }) => allowed)
  }

  async take(event: RecordedEvent): Promise<readonly RecordingStep[]> {
    const why = this.own.objection(event)
    if (why === again) return []
    const at = isoTime(event.time)
    if (why !== null) return [{ at, step: 'forged', type: typeOf(event), why }]
    switch (event.type) {
      case 'SessionOpened':
        return [{ at, ...this.#opened(event.data) }]
      case 'SessionExtended':
        return [{ at, step: 'extended', token_expires_at: isoTime(event.data.token_expires_ms) }]
      case 'RequestReceived':
        return [await this.#request(event, at)]
      case 'DecisionMade':
        this.#decided(event.data)
        return [decision(event.data, at)]
      case 'DenialsCounted': {
        const { decision: id, requests, denied, from_ms, until_ms, rules } = event.data
        const [from, until] = [isoTime(from_ms), isoTime(until_ms)]
        return [{ at, step: 'denials', decision: id, requests, denied, from, until, rules }]
      }
      case 'RecordingChunk':
        return [await this.#chunk(event, at)]
      case 'ResponseCompleted':
        return this.#completed(event, at)
      case 'ExchangeAbandoned': {
        const { exchange, reason } = event.data
        this.#end(exchange, false)
        return [{ at, step: 'abandoned', exchange, reason }]
      }
      case 'SessionClosed': {
        const { session: _, ...end } = event.data
        this.closedAt = event.time
        return [{ at, step: 'closed', ...end }]
      }
      default:
        return [{ at, step: 'unknown', type: typeOf(event) }]
    }
  }

  #opened(data: EventData['SessionOpened']): Omit<RecordingStep & { readonly step: 'opened' }, 'at'> {
    const { session, gateway, subject, target, protocol, client_ip, application } = data
    this.#recording = this.#ports.recording(protocol)
    return {
      step: 'opened',
      session,
      gateway,
      subject: subject.id,
      on_behalf_of: subject.on_behalf_of,
      target,
      protocol,
      client_ip,
      application,
    }
  }

  async #request(event: Of<'RequestReceived'>, at: string): Promise<RecordingStep> {
    const { exchange, bytes } = event.data
    this.#open.set(exchange, {
      allowed: false,
      chunks: { request: 0, response: 0 },
      torn: { request: false, response: false },
    })
    const { state, read } = await this.#content(event)
    const statements = read === null ? [] : (this.#recording?.request(exchange, read) ?? [])
    const run = event.run_id
    return {
      at,
      step: 'request',
      exchange,
      run,
      actions: actionsOf(event.data.actions),
      bytes,
      content: state,
      statements,
    }
  }

  #decided({ exchange, effect }: EventData['DecisionMade']): void {
    if (effect === 'deny') this.#end(exchange, false)
    const progress = this.#open.get(exchange)
    if (progress !== undefined) progress.allowed = effect === 'allow'
  }

  async #chunk(event: Of<'RecordingChunk'>, at: string): Promise<RecordingStep> {
    const { session, exchange, direction, index } = event.data
    if (exchange === session) return this.#aside(event, at)
    const step = direction === 'request' ? 'body' : 'answer'
    const progress = this.#open.get(exchange)
    const expected = progress?.chunks[direction]
    if (progress !== undefined) progress.chunks[direction] = index + 1
    if (index !== expected)
      return this.#tear(exchange, direction, { at, step, exchange, content: 'missing', parts: [] })
    const { state, read } = await this.#content(event)
    if (read === null)
      return this.#tear(exchange, direction, { at, step, exchange, content: state, parts: [] })
    if (progress?.torn[direction] === true) return { at, step, exchange, content: 'missing', parts: [] }
    const parts = this.#recording?.[step](exchange, read) ?? []
    return { at, step, exchange, content: state, parts }
  }

  /** What it heard that no request asked for, in whole messages. */
  async #aside(event: Of<'RecordingChunk'>, at: string): Promise<RecordingStep> {
    const { exchange } = event.data
    const { state, read } = await this.#content(event)
    const parts = read === null ? [] : (this.#recording?.answer(exchange, read) ?? [])
    return { at, step: 'heard', content: state, parts }
  }

  async #completed(event: Of<'ResponseCompleted'>, at: string): Promise<readonly RecordingStep[]> {
    const { exchange, outcome, status, rows, bytes, masked, chunks } = event.data
    const progress = this.#open.get(exchange)
    const torn = progress?.torn.response === true || progress?.chunks.response !== chunks
    const { state, read } = torn ? { state: 'missing' as const, read: null } : await this.#content(event)
    const seen = read === null ? [] : (this.#recording?.answer(exchange, read) ?? [])
    const parts = [...seen, ...this.#end(exchange, outcome === 'completed' || outcome === 'cut')]
    const content = state === 'none' && parts.length > 0 ? 'shown' : state
    const answer: RecordingStep = { at, step: 'answer', exchange, content, parts }
    return [
      ...(content === 'none' ? [] : [answer]),
      { at, step: 'completed', exchange, outcome, status, rows, bytes, masked },
    ]
  }

  #end(exchange: string, performed: boolean): readonly AnswerPart[] {
    this.#open.delete(exchange)
    return this.#recording?.end(exchange, performed) ?? []
  }

  #tear(exchange: string, direction: 'request' | 'response', step: RecordingStep): RecordingStep {
    const progress = this.#open.get(exchange)
    if (progress !== undefined) progress.torn[direction] = true
    return step
  }

  async #content(
    event: RecordedEvent,
  ): Promise<{ readonly state: ContentState; readonly read: Uint8Array | null }> {
    try {
      const unsealed = await this.#ports.unseal(event)
      if (unsealed.kind !== 'content') return { state: unsealed.kind, read: null }
      if (this.#recording === undefined) return { state: 'opaque', read: null }
      return { state: 'shown', read: unsealed.content }
    } catch {
      return { state: 'unreadable', read: null }
    }
  }
}

function typeOf(event: RecordedEvent): string {
  return event.type === 'Unknown' ? event.unknown : event.type
}

function decision(data: EventData['DecisionMade'], at: string): RecordingStep {
  const { exchange, decision: id, effect, rule, revision } = data
  const verdicts = JSON.parse(data.verdicts) as readonly Verdict[]
  const approvals = JSON.parse(data.approvals) as readonly { id: string; approved_by: readonly string[] }[]
  const masks = verdicts.flatMap(({ mask }) => mask)
  return {
    at,
    step: 'decision',
    exchange,
    decision: id,
    effect,
    rule,
    revision,
    reasons: distinct(verdicts.flatMap(({ reasons }) => reasons)).map(({ rule: by, message }) => ({
      rule: by,
      message,
    })),
    masks: distinct(masks.map((mask) => ({ place: placeOf(mask), method: mask.method, rule: mask.rule }))),
    approvals: approvals.map(({ id: approval, approved_by }) => ({ id: approval, approved_by })),
  }
}

function distinct<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}

function actionsOf(text: string): (RecordingStep & { readonly step: 'request' })['actions'] {
  return recordedActions(text).map((action) => ({
    name: action.name,
    kind: action.kind,
    relations: touchedBy(action),
  }))
}
