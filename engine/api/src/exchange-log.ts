import {
  recordedActions,
  spent,
  touchedBy,
  workerLost,
  type Clock,
  type EventData,
  type EventStore,
  type Position,
  type RecordedEvent,
} from '@sluice/core'

/** One exchange as the log tells it, without content. */
export interface ExchangeLine {
  readonly exchange: string
  readonly at: string
  /** Names of its actions. */
  readonly action: string
  readonly relations: readonly string[]
  readonly bytes: number
  /** Of the last decision; `null` while there is none. */
  readonly effect: EventData['DecisionMade']['effect'] | null
  readonly rule: string | null
  readonly decision: string | null
  /** `running` until the log says otherwise: after a crash it is not known what became of it. */
  readonly outcome:
    | 'held'
    | 'running'
    | 'refused'
    | 'abandoned'
    | 'unknown'
    | 'expired'
    | EventData['ResponseCompleted']['outcome']
  readonly status: string | null
  readonly rows: number
  readonly masked: number
}

export interface ReadOptions {
  /** Where the log says that the session was opened, when that is known: the log is not read from its beginning. */
  readonly after: Position | undefined
  /** Of many only the latest. */
  readonly last: number
  readonly within?: { readonly ms: number; readonly clock: Pick<Clock, 'monotonic'> }
}

export interface ReadExchanges {
  /** Oldest first. */
  readonly exchanges: readonly ExchangeLine[]
  /** Whether the log was read to its end in time. */
  readonly complete: boolean
  /** What the log says first of the session, when it was read from there. */
  readonly opened: EventData['SessionOpened'] | null
  readonly openedAt: number | null
  readonly closed: EventData['SessionClosed'] | null
  readonly spent: ReturnType<typeof spent>
}

/** Folds the events of one session, holding no more than is asked for. */
export async function readExchanges(
  store: Pick<EventStore, 'read'>,
  session: string,
  { after, last, within }: ReadOptions,
): Promise<ReadExchanges> {
  const lines = new Map<string, ExchangeLine>()
  let opened: RecordedEvent | undefined
  let closed: EventData['SessionClosed'] | null = null
  let complete = true
  const sum = { tokens: 0, cost_micros: 0 }
  const started = within?.clock.monotonic() ?? 0
  for await (const event of store.read(after, session)) {
    if (within !== undefined && within.clock.monotonic() - started > within.ms) {
      complete = false
      break
    }
    // A store may hand out more than it is asked for.
    if (event.stream !== session) continue
    if (event.type === 'SessionOpened') opened = event
    else if (event.type === 'SessionClosed') closed = event.data
    else fold(lines, event, last)
    if (event.type !== 'ResponseCompleted') continue
    const { tokens, cost_micros } = spent(event.data.usage)
    sum.tokens += tokens
    sum.cost_micros += cost_micros
  }
  const exchanges = [...lines.values()]
  return {
    exchanges: closed?.reason === workerLost ? exchanges.map(left) : exchanges,
    complete,
    opened: opened?.type === 'SessionOpened' ? opened.data : null,
    openedAt: opened?.time ?? null,
    closed,
    spent: sum,
  }
}

function fold(lines: Map<string, ExchangeLine>, event: RecordedEvent, last: number): void {
  if (event.type === 'RequestReceived') {
    lines.set(event.data.exchange, received(event.data, event.time))
    const [oldest] = lines.keys()
    if (lines.size > last && oldest !== undefined) lines.delete(oldest)
    return
  }
  const change = changeOf(event)
  const known = change === undefined ? undefined : lines.get(change.exchange)
  if (known !== undefined) lines.set(known.exchange, { ...known, ...change })
}

function received({ exchange, actions, bytes }: EventData['RequestReceived'], time: number): ExchangeLine {
  const parsed = recordedActions(actions)
  return {
    exchange,
    at: new Date(time).toISOString(),
    action: parsed.map(({ name }) => name).join(', '),
    relations: touchedBy(...parsed),
    bytes,
    effect: null,
    rule: null,
    decision: null,
    outcome: 'running',
    status: null,
    rows: 0,
    masked: 0,
  }
}

/** What the process that served it was doing when it was lost. */
function left(line: ExchangeLine): ExchangeLine {
  if (line.outcome === 'held') return { ...line, outcome: 'expired' }
  return line.outcome === 'running' ? { ...line, outcome: 'unknown' } : line
}

const outcomes = { allow: 'running', hold: 'held', deny: 'refused' } as const

function changeOf(event: RecordedEvent): (Partial<ExchangeLine> & { readonly exchange: string }) | undefined {
  switch (event.type) {
    case 'DecisionMade': {
      const { exchange, effect, rule, decision } = event.data
      return { exchange, effect, rule, decision, outcome: outcomes[effect] }
    }
    case 'ExchangeAbandoned':
      return { exchange: event.data.exchange, outcome: 'abandoned' }
    case 'ResponseCompleted': {
      const { exchange, outcome, status, rows, masked } = event.data
      return { exchange, outcome, status, rows, masked: masked.reduce((sum, { values }) => sum + values, 0) }
    }
    default:
      return undefined
  }
}
