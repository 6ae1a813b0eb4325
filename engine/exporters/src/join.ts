import {
  controlStream,
  Incarnations,
  type Action,
  type EventData,
  type IncarnationState,
  type RecordedEvent,
} from '@sluice/core'
import type { Contexts } from './contexts.ts'
import type { ExchangeContext, ExportableEvent, ExportedEvent, SessionContext } from './exported.ts'

/** What is remembered, by its kind. */
interface Contextual {
  readonly session: SessionContext
  readonly exchange: ExchangeContext
  readonly approval: EventData['ApprovalRequested']
  readonly grant: EventData['GrantRequested']
  readonly incarnations: readonly IncarnationState[]
}

/**
 * Joins each event with what its own stream said before. It depends on nothing else: an event gives the same whether
 * it is exported as it happens, after a restart, or a year later.
 */
export class Join {
  readonly #contexts: Contexts
  readonly #incarnations: Incarnations

  constructor(contexts: Contexts) {
    this.#contexts = contexts
    this.#incarnations = new Incarnations(this.#get('incarnations', 'all') ?? [])
  }

  /** `null`: of a type that this version does not know, or in the control stream and nobody's word. */
  take(event: RecordedEvent): ExportedEvent | null {
    if (event.type === 'Unknown') return null
    if (event.stream !== controlStream)
      return {
        event,
        session: this.#session(event),
        exchange: this.#exchange(event),
        approval: null,
        grant: null,
      }
    if (event.sig === null || !this.#incarnations.admits(event)) return null
    if (event.type.startsWith('Gateway')) this.#keepIncarnations(event)
    return {
      event,
      session: null,
      exchange: null,
      approval: this.#approval(event),
      grant: this.#grant(event),
    }
  }

  #session(event: ExportableEvent): SessionContext | null {
    const { stream } = event
    switch (event.type) {
      case 'SessionOpened': {
        const { session: id, gateway, target, protocol, subject, labels, client_ip, application } = event.data
        const of = { id, gateway, target, protocol, subject, client_ip, application, opened_ms: event.time }
        return this.#put('session', stream, { ...of, labels: parsed<Labels>(labels, {}) }, event)
      }
      case 'SessionExtended': {
        const known = this.#get('session', stream)
        if (known === null) return null
        return this.#put('session', stream, { ...known, subject: event.data.subject }, event)
      }
      case 'SessionClosed':
        this.#contexts.close(stream, event.time)
        return this.#get('session', stream)
      default:
        return this.#get('session', stream)
    }
  }

  #exchange(event: ExportableEvent): ExchangeContext | null {
    if (!('exchange' in event.data)) return null
    const { exchange: id } = event.data
    if (event.type === 'RequestReceived') {
      const { actions, digest, bytes } = event.data
      const of = { id, received_ms: event.time, digest, bytes, decision: null }
      return this.#put('exchange', id, { ...of, actions: parsed<readonly Action[]>(actions, []) }, event)
    }
    const known = this.#get('exchange', id)
    if (known === null) return null
    switch (event.type) {
      case 'DecisionMade': {
        const decided = { ...known, decision: { ...event.data, event: event.id } }
        if (event.data.effect === 'deny') this.#contexts.drop(`exchange/${id}`)
        else this.#put('exchange', id, decided, event)
        return decided
      }
      case 'ResponseCompleted':
      case 'ExchangeAbandoned':
        this.#contexts.drop(`exchange/${id}`)
        return known
      default:
        return known
    }
  }

  #approval(event: ExportableEvent): EventData['ApprovalRequested'] | null {
    if (!('approval' in event.data)) return null
    const { approval: id } = event.data
    if (event.type !== 'ApprovalRequested') return this.#get('approval', id)
    return this.#put('approval', id, event.data, event, event.data.expires_ms)
  }

  #grant(event: ExportableEvent): EventData['GrantRequested'] | null {
    if (!('grant' in event.data)) return null
    const { grant: id } = event.data
    if (event.type === 'GrantRequested')
      return this.#put('grant', id, event.data, event, event.data.expires_ms)
    const known = this.#get('grant', id)
    // Once given it may be revoked until its end.
    return known !== null && event.type === 'GrantGiven'
      ? this.#put('grant', id, known, event, event.data.expires_ms)
      : known
  }

  #keepIncarnations(event: ExportableEvent): void {
    this.#put('incarnations', 'all', this.#incarnations.states(), event)
    if (event.type !== 'GatewayLost') return
    const { writer, epoch } = event.data
    this.#contexts.lose(writer, epoch, event.time)
  }

  #get<K extends keyof Contextual>(kind: K, id: string): Contextual[K] | null {
    return (this.#contexts.get(`${kind}/${id}`)?.value as Contextual[K] | undefined) ?? null
  }

  /** What belongs to a session ends with it; `endsMs` is of what ends by itself. */
  #put<K extends keyof Contextual>(
    kind: K,
    id: string,
    value: Contextual[K],
    { stream, writer, epoch }: ExportableEvent,
    endsMs: number | null = null,
  ): Contextual[K] {
    const of =
      stream === controlStream ? { session: '', writer: '', epoch: 0 } : { session: stream, writer, epoch }
    this.#contexts.put(`${kind}/${id}`, { ...of, value, endsMs })
    return value
  }
}

type Labels = Readonly<Record<string, string>>

/** What a gateway wrote is JSON; whatever is not must not stop what follows. */
function parsed<T>(text: string, otherwise: T): T {
  try {
    return JSON.parse(text) as T
  } catch {
    return otherwise
  }
}
