import type { Action, EventData, Json, SubjectRecord, Usage } from '@sluice/core'
import type { ExportedEvent } from '../exported.ts'

/**
 * What every format says of an event, in one place: who, at what, what was done and what came of it. Statement text and
 * values are sealed in the log and so in none of it.
 */
export interface Outline {
  readonly eventId: string
  readonly timeMs: number
  readonly type: ExportedEvent['event']['type']
  readonly stream: string
  readonly seq: number
  readonly gateway: string
  readonly traceId: string | null
  readonly runId: string | null
  readonly session: string | null
  readonly subject: SubjectRecord | null
  readonly target: string | null
  readonly protocol: string | null
  readonly clientIp: string | null
  readonly application: string | null
  readonly exchange: string | null
  readonly decision: string | null
  /** Of the policies. */
  readonly revision: string | null
  readonly effect: EventData['DecisionMade']['effect'] | null
  readonly rule: string | null
  /** Names of the actions. */
  readonly operations: readonly string[]
  readonly relations: readonly string[]
  /** Columns that were masked. */
  readonly masked: readonly string[]
  readonly outcome: Outcome
  readonly reason: string | null
  readonly rows: number | null
  readonly bytes: number | null
  readonly durationMs: number | null
  /** What a language model counted. */
  readonly usage: Usage | null
  /** Of an event that stands for many: when they were and how many. */
  readonly counted: Counted | null
}

interface Counted {
  readonly times: number
  readonly fromMs: number
  readonly untilMs: number
}

export type Outcome = 'success' | 'failure' | 'unknown'

export function outlineOf(of: ExportedEvent): Outline {
  const { event, session, exchange } = of
  const { data } = event
  const decision = event.type === 'DecisionMade' ? event.data : (exchange?.decision ?? null)
  const actions = exchange?.actions ?? actionsIn(data)
  const denials = event.type === 'DenialsCounted' ? event.data : null
  const completed = event.type === 'ResponseCompleted' ? event.data : null
  return {
    eventId: event.id,
    timeMs: event.time,
    type: event.type,
    stream: event.stream,
    seq: event.seq,
    gateway: event.writer,
    traceId: event.trace_id,
    runId: event.run_id,
    session: session?.id ?? textIn(data, 'session'),
    subject: subjectOf(of),
    target: session?.target ?? of.approval?.target ?? of.grant?.target ?? textIn(data, 'target'),
    protocol: session?.protocol ?? textIn(data, 'protocol'),
    clientIp: session?.client_ip ?? textIn(data, 'client_ip'),
    application: session?.application ?? textIn(data, 'application'),
    exchange: exchange?.id ?? textIn(data, 'exchange'),
    decision: decision?.decision ?? textIn(data, 'decision'),
    revision: decision?.revision ?? textIn(data, 'revision'),
    effect: denials === null ? (decision?.effect ?? null) : 'deny',
    rule:
      decision?.rule ??
      (denials === null ? null : mostOf(denials)) ??
      textIn(data, 'rule') ??
      textIn(data, 'alarm'),
    operations: actions.map(({ name }) => name),
    relations: relationsOf(actions),
    masked: completed?.masked.map(({ column }) => column) ?? [],
    outcome: outcomeOf(of),
    reason: textIn(data, 'reason') ?? textIn(data, 'message') ?? textIn(data, 'errors'),
    rows: completed?.rows ?? null,
    bytes: completed?.bytes ?? null,
    durationMs: completed === null ? null : Math.round(completed.micros / 1_000),
    usage: completed?.usage ?? null,
    counted: countedBy(event),
  }
}

function subjectOf({ event, session, approval, grant }: ExportedEvent): SubjectRecord | null {
  const { data } = event
  if ('voter' in data) return data.voter
  if ('by' in data && typeof data.by !== 'string') return data.by
  if ('subject' in data && typeof data.subject !== 'string') return data.subject
  return session?.subject ?? approval?.subject ?? grant?.subject ?? null
}

function outcomeOf({ event }: ExportedEvent): Outcome {
  switch (event.type) {
    case 'AuthenticationFailed':
    case 'LoginsRefused':
    case 'PolicyRejected':
    case 'ExchangeAbandoned':
    case 'DenialsCounted':
      return 'failure'
    case 'DecisionMade':
      return event.data.effect === 'deny' ? 'failure' : event.data.effect === 'hold' ? 'unknown' : 'success'
    case 'ResponseCompleted':
      return event.data.outcome === 'completed' ? 'success' : 'failure'
    case 'AdminActed':
      return event.data.outcome === 'done' ? 'success' : 'failure'
    case 'GatewayLost':
      return 'unknown'
    default:
      return 'success'
  }
}

function countedBy(event: ExportedEvent['event']): Counted | null {
  switch (event.type) {
    case 'DenialsCounted':
      return { times: event.data.requests, fromMs: event.data.from_ms, untilMs: event.data.until_ms }
    case 'LoginsRefused':
      return { times: event.data.refused, fromMs: event.data.from_ms, untilMs: event.data.until_ms }
    default:
      return null
  }
}

/** The rule that denied the most of them. */
function mostOf({ rules }: EventData['DenialsCounted']): string | null {
  return rules.toSorted((a, b) => b.denied - a.denied)[0]?.rule ?? null
}

function textIn(data: object, key: string): string | null {
  const value: unknown = Object.hasOwn(data, key) ? (data as Readonly<Record<string, unknown>>)[key] : null
  return typeof value === 'string' && value !== '' ? value : null
}

/** What alarms and approvals say of actions themselves. */
function actionsIn(data: object): readonly Action[] {
  const text = textIn(data, 'actions') ?? textIn(data, 'summary')
  if (text === null) return []
  try {
    const parsed: unknown = JSON.parse(text)
    return (Array.isArray(parsed) ? parsed : [parsed]).filter(
      (each: unknown): each is Action =>
        typeof each === 'object' && each !== null && 'name' in each && typeof each.name === 'string',
    )
  } catch {
    return []
  }
}

function relationsOf(actions: readonly Action[]): readonly string[] {
  const names = actions.flatMap((action) => {
    const relations = action['relations']
    return (Array.isArray(relations) ? (relations as readonly object[]) : []).flatMap((each) => {
      const { schema, name } = each as { readonly schema?: unknown; readonly name?: unknown }
      return typeof name === 'string' ? [typeof schema === 'string' ? `${schema}.${name}` : name] : []
    })
  })
  return [...new Set(names)]
}

/** Not for a SIEM: what others say as well, or what only the log needs. */
export const unexported: ReadonlySet<ExportedEvent['event']['type']> = new Set([
  // Its decision follows in the same record.
  'RequestReceived',
  // Parts of an answer, sealed.
  'RecordingChunk',
  // Statements about the log.
  'CheckpointSigned',
  'GatewayJoined',
  'GatewayLeft',
  'GatewayResumed',
  // The activation tells what is in force from when on.
  'PolicyFollowed',
])

/** As it is told under a name of its own, where a format has none. */
export function usageOf({ usage }: Outline): Json | undefined {
  return usage === null ? undefined : known({ ...usage })
}

/** Without what is null and without empty lists: receivers take what is absent for what is not known. */
export function known(fields: Readonly<Record<string, Json | undefined>>): { readonly [key: string]: Json } {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]) =>
      value === null || value === undefined || (Array.isArray(value) && value.length === 0)
        ? []
        : [[key, value] as const],
    ),
  )
}
