import type { EventData, EventType, RecordedEvent } from '@sluice/core'
import { DayCounts, dayMs, dayOf } from './day-counts.ts'
import { FirstAccesses, type FirstAccess } from './first-access.ts'
import { outliers, type Outlier } from './outliers.ts'

export interface BrokenGlass {
  readonly at_ms: number
  readonly subject: string
  readonly target: string
  readonly rule: string
  readonly decision: string
}

/** Something at the gateway itself. */
export interface Change {
  readonly at_ms: number
  readonly what: string
  readonly by: string
}

export interface AuditReport {
  readonly since_ms: number
  readonly until_ms: number
  /** Days before `since_ms` that the log tells of: what is new is new against them. */
  readonly days_before: number
  readonly totals: Totals
  readonly denied_by_rule: readonly { readonly rule: string; readonly times: number }[]
  readonly first_access: readonly FirstAccess[]
  readonly many_denials: readonly Outlier[]
  readonly many_rows: readonly Outlier[]
  readonly break_glass: readonly BrokenGlass[]
  readonly changes: readonly Change[]
}

interface Totals {
  sessions: number
  subjects: number
  requests: number
  allowed: number
  denied: number
  held: number
  approved: number
  rejected: number
  rows: number
  failed_logins: number
}

/** What the report is made from. */
export const reportedTypes: readonly EventType[] = [
  'SessionOpened',
  'SessionClosed',
  'RequestReceived',
  'DecisionMade',
  'DenialsCounted',
  'ExchangeAbandoned',
  'ResponseCompleted',
  'AuthenticationFailed',
  'LoginsRefused',
  'AlarmRaised',
  'ApprovalGranted',
  'ApprovalRejected',
  'PolicyActivated',
  'TargetRegistered',
  'TargetRemoved',
  'KeyErased',
  'SessionKilled',
  'TokenRevoked',
  'SubjectRevoked',
  'GatewayLost',
  'LogRecovered',
]

/** Fewer on a day are nothing to look at. */
const denialsMin = 10
const rowsMin = 1_000

interface Session {
  readonly subject: string
  readonly target: string
  /** Actions of what is not decided yet, as JSON, by exchange. */
  readonly asked: Map<string, string>
}

/** Folds the log into a report on one period. Feed it from the log's beginning: what was before is what is usual. */
export class Reporting {
  readonly #sinceMs: number
  readonly #untilMs: number
  #oldestMs = Infinity
  readonly #sessions = new Map<string, Session>()
  readonly #subjects = new Set<string>()
  readonly #access = new FirstAccesses()
  readonly #denials = new DayCounts()
  readonly #rows = new DayCounts()
  readonly #rules = new Map<string, number>()
  readonly #glass: BrokenGlass[] = []
  readonly #changes: Change[] = []
  readonly #totals: Totals = {
    sessions: 0,
    subjects: 0,
    requests: 0,
    allowed: 0,
    denied: 0,
    held: 0,
    approved: 0,
    rejected: 0,
    rows: 0,
    failed_logins: 0,
  }

  constructor(sinceMs: number, untilMs: number) {
    this.#sinceMs = sinceMs
    this.#untilMs = untilMs
  }

  take(event: RecordedEvent): void {
    const { time } = event
    if (time >= this.#untilMs) return
    this.#oldestMs = Math.min(this.#oldestMs, time)
    const counts = time >= this.#sinceMs
    if (counts) this.#count(event)
    switch (event.type) {
      case 'SessionOpened': {
        const { session, subject, target } = event.data
        this.#sessions.set(session, { subject: subject.id, target, asked: new Map() })
        return
      }
      case 'SessionClosed':
        this.#sessions.delete(event.data.session)
        return
      case 'RequestReceived':
        this.#sessions.get(event.data.session)?.asked.set(event.data.exchange, event.data.actions)
        return
      case 'ExchangeAbandoned':
        this.#sessions.get(event.data.session)?.asked.delete(event.data.exchange)
        return
      case 'DecisionMade':
        this.#decided(event.data, time, counts)
        return
      case 'DenialsCounted':
        this.#denials.add(event.data.subject, dayOf(time), event.data.denied)
        return
      case 'ResponseCompleted': {
        const subject = this.#sessions.get(event.data.session)?.subject
        if (subject !== undefined) this.#rows.add(subject, dayOf(time), event.data.rows)
        return
      }
      default:
    }
  }

  get report(): AuditReport {
    const first = dayOf(this.#sinceMs)
    const out = (counts: DayCounts, least: number): readonly Outlier[] =>
      outliers(counts.from(first), counts.before(first), least)
    const known = this.#oldestMs === Infinity ? 0 : Math.max(0, this.#sinceMs - this.#oldestMs)
    return {
      since_ms: this.#sinceMs,
      until_ms: this.#untilMs,
      days_before: Math.floor(known / dayMs),
      totals: { ...this.#totals, subjects: this.#subjects.size },
      denied_by_rule: [...this.#rules]
        .map(([rule, times]) => ({ rule, times }))
        .toSorted((a, b) => b.times - a.times),
      first_access: this.#access.since(this.#sinceMs),
      many_denials: out(this.#denials, denialsMin),
      many_rows: out(this.#rows, rowsMin),
      break_glass: this.#glass,
      changes: this.#changes,
    }
  }

  #decided(data: EventData['DecisionMade'], time: number, counts: boolean): void {
    const session = this.#sessions.get(data.session)
    const actions = session?.asked.get(data.exchange)
    if (data.effect !== 'hold') session?.asked.delete(data.exchange)
    if (session === undefined) return
    if (data.effect === 'deny') this.#denials.add(session.subject, dayOf(time), 1)
    if (data.effect === 'allow' && actions !== undefined)
      this.#access.add(actions, session, { time, decision: data.decision, counts })
  }

  #count(event: RecordedEvent): void {
    const totals = this.#totals
    const { time } = event
    switch (event.type) {
      case 'SessionOpened':
        totals.sessions += 1
        this.#subjects.add(event.data.subject.id)
        return
      case 'RequestReceived':
        totals.requests += 1
        return
      case 'DecisionMade': {
        const { effect, rule } = event.data
        totals[({ allow: 'allowed', deny: 'denied', hold: 'held' } as const)[effect]] += 1
        if (effect === 'deny') this.#denied(rule, 1)
        return
      }
      case 'DenialsCounted': {
        const { requests, denied, rules } = event.data
        totals.requests += requests
        totals.denied += denied
        for (const each of rules) this.#denied(each.rule, each.denied)
        return
      }
      case 'ResponseCompleted':
        totals.rows += event.data.rows
        return
      case 'AuthenticationFailed':
        totals.failed_logins += 1
        return
      case 'LoginsRefused':
        totals.failed_logins += event.data.refused
        return
      case 'ApprovalGranted':
        totals.approved += 1
        return
      case 'ApprovalRejected':
        totals.rejected += 1
        return
      case 'AlarmRaised': {
        const { subject, target, alarm, decision } = event.data
        this.#glass.push({ at_ms: time, subject, target, rule: alarm, decision })
        return
      }
      default: {
        const change = changeOf(event)
        if (change !== undefined) this.#changes.push({ at_ms: time, ...change })
      }
    }
  }

  #denied(rule: string, times: number): void {
    this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + times)
  }
}

function changeOf(event: RecordedEvent): Omit<Change, 'at_ms'> | undefined {
  switch (event.type) {
    case 'PolicyActivated': {
      const { revision, by, reason } = event.data
      return { what: `policy ${revision.slice(0, 12)} in force: ${reason}`, by }
    }
    case 'TargetRegistered':
      return { what: `target ${event.data.name} registered`, by: event.data.by }
    case 'TargetRemoved':
      return { what: `target ${event.data.name} removed`, by: event.data.by }
    case 'KeyErased':
      return { what: `content made unreadable: ${event.data.reason}`, by: event.data.by }
    case 'SessionKilled':
      return { what: `session ${event.data.session} ended`, by: event.data.by }
    case 'TokenRevoked':
      return { what: `token ${event.data.token} revoked`, by: event.data.by }
    case 'SubjectRevoked':
      return { what: `tokens of ${event.data.subject} revoked`, by: event.data.by }
    case 'GatewayLost':
      return { what: `gateway ${event.data.writer} lost`, by: event.writer }
    case 'LogRecovered':
      return {
        what: `log recovered, ${event.data.dropped_bytes} bytes that nobody was told of dropped`,
        by: event.writer,
      }
    default:
      return undefined
  }
}
