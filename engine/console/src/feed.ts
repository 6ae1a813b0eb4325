import type { Json, LogEvent } from './api/shapes.ts'

/** One judged request, as the feed shows it. */
export interface Decision {
  readonly exchange: string
  readonly session: string
  readonly time: number
  readonly target: string
  readonly protocol: string
  readonly subject: string
  readonly run: string | null
  readonly summary: string
  readonly effect: 'allow' | 'deny' | 'hold'
  readonly rule: string
  /** Values hidden in its answer. */
  readonly masked: number
  /** From the request to the end of its answer; `null` while it runs. */
  readonly micros: number | null
  readonly rows: number
}

interface Opened {
  readonly target: string
  readonly protocol: string
  readonly subject: string
}

const decisionsMax = 2_000
const sessionsMax = 5_000
const requestsMax = 5_000

/** Folds events into the latest decisions, and holds no more than is shown. */
export class Feed {
  /** By exchange, oldest first. */
  readonly #decisions = new Map<string, Decision>()
  readonly #sessions = new Map<string, Opened>()
  readonly #requests = new Map<string, { readonly summary: string; readonly time: number }>()

  /** Newest first. */
  get decisions(): readonly Decision[] {
    return [...this.#decisions.values()].toReversed()
  }

  /** A session that was opened before what is heard. */
  know({ id, ...opened }: Opened & { readonly id: string }): void {
    kept(this.#sessions, id, opened, sessionsMax)
  }

  take({ type, stream, time, run_id: run, data }: LogEvent): void {
    const exchange = textOf(data['exchange'])
    switch (type) {
      case 'SessionOpened':
        return kept(this.#sessions, stream, openedOf(data), sessionsMax)
      case 'RequestReceived':
        return kept(
          this.#requests,
          exchange,
          { summary: summaryOf(textOf(data['actions'])), time },
          requestsMax,
        )
      case 'DecisionMade':
        return this.#decided(exchange, stream, run, time, data)
      case 'ResponseCompleted':
        return this.#completed(exchange, data)
      default:
    }
  }

  #decided(
    exchange: string,
    session: string,
    run: string | null,
    time: number,
    data: LogEvent['data'],
  ): void {
    const { target = '', protocol = '', subject = '' } = this.#sessions.get(session) ?? {}
    const summary = this.#requests.get(exchange)?.summary ?? this.#decisions.get(exchange)?.summary ?? ''
    const effect = effectOf(data['effect'])
    const rule = textOf(data['rule'])
    const decision = {
      exchange,
      session,
      time,
      target,
      protocol,
      subject,
      run,
      summary,
      effect,
      rule,
      masked: 0,
      micros: null,
      rows: 0,
    }
    // A hold that was released is the same request, decided again.
    this.#decisions.delete(exchange)
    kept(this.#decisions, exchange, decision, decisionsMax)
  }

  #completed(exchange: string, data: LogEvent['data']): void {
    const decision = this.#decisions.get(exchange)
    if (decision === undefined) return
    const masked = Array.isArray(data['masked'])
      ? (data['masked'] as readonly { readonly values?: number }[])
      : []
    this.#decisions.set(exchange, {
      ...decision,
      masked: masked.reduce((sum, { values = 0 }) => sum + values, 0),
      micros: numberOf(data['micros']),
      rows: numberOf(data['rows']) ?? 0,
    })
    this.#requests.delete(exchange)
  }
}

function kept<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= most) return
    map.delete(oldest)
  }
}

function openedOf(data: LogEvent['data']): Opened {
  const subject = data['subject'] as { readonly id?: string } | undefined
  return { target: textOf(data['target']), protocol: textOf(data['protocol']), subject: subject?.id ?? '' }
}

/** `sql.select public.customers`; of an HTTP request its route. */
export function summaryOf(actions: string): string {
  return parsed(actions)
    .map(({ name, relations = [], route }) => {
      const touched = [...new Set(relations.map((each) => `${each.schema}.${each.name}`))]
      return [name, ...(route == null ? [] : [route]), touched.join(', ')]
        .filter((part) => part !== '')
        .join(' ')
    })
    .join('; ')
}

interface RecordedAction {
  readonly name: string
  readonly route?: string | null
  readonly relations?: readonly { readonly schema: string; readonly name: string }[]
}

function parsed(actions: string): readonly RecordedAction[] {
  try {
    return JSON.parse(actions) as readonly RecordedAction[]
  } catch {
    return []
  }
}

function effectOf(value: Json | undefined): Decision['effect'] {
  return value === 'deny' || value === 'hold' ? value : 'allow'
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : ''
}

function numberOf(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}
