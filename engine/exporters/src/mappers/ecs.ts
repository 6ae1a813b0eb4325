import type { Json } from '@sluice/core'
import type { ExportedEvent } from '../exported.ts'
import type { Mapper } from '../mapper.ts'
import { severityOf } from '../severity.ts'
import { known, outlineOf, unexported, usageOf, type Outline } from './outline.ts'

const ecsVersion = '8.17.0'

/** Elastic Common Schema. What it has no field for is under `sluice`. */
export const ecs: Mapper = {
  format: 'ecs',
  map(of) {
    const { event } = of
    if (unexported.has(event.type)) return null
    const o = outlineOf(of)
    const { category, type, kind = 'event' } = classOf(event.type, o)
    return {
      id: event.id,
      timeMs: event.time,
      body: known({
        '@timestamp': new Date(event.time).toISOString(),
        ecs: { version: ecsVersion },
        message: messageOf(o),
        event: known({
          id: event.id,
          kind,
          category,
          type: [...type],
          outcome: o.outcome,
          action: event.type,
          dataset: 'sluice.audit',
          module: 'sluice',
          provider: 'sluice',
          sequence: event.seq,
          severity: severityOf(event),
          reason: o.reason,
          duration: o.durationMs === null ? null : o.durationMs * 1_000_000,
          start: isoTime(o.counted?.fromMs),
          end: isoTime(o.counted?.untilMs),
        }),
        rule: o.rule === null ? undefined : known({ name: o.rule, version: o.revision }),
        user:
          o.subject === null
            ? undefined
            : known({ id: o.subject.id, name: o.subject.id, roles: o.subject.groups }),
        source: o.clientIp === null ? undefined : { ip: o.clientIp },
        destination: o.target === null ? undefined : { address: o.target },
        network: o.protocol === null ? undefined : { protocol: o.protocol },
        observer: { name: o.gateway, type: 'gateway', vendor: 'Sluice', product: 'Sluice' },
        trace: o.traceId === null ? undefined : { id: o.traceId },
        related: known({
          user: [...new Set([o.subject?.id, o.subject?.on_behalf_of].filter(isText))],
          ip: o.clientIp === null ? [] : [o.clientIp],
        }),
        sluice: known({
          session_id: o.session,
          exchange_id: o.exchange,
          decision_id: o.decision,
          policy_revision: o.revision,
          effect: o.effect,
          run_id: o.runId,
          stream: o.stream,
          on_behalf_of: o.subject?.on_behalf_of ?? null,
          application: o.application,
          actions: o.operations,
          relations: o.relations,
          masked: o.masked,
          rows: o.rows,
          bytes: o.bytes,
          usage: usageOf(o),
          counted: o.counted?.times,
        }),
      } satisfies Record<string, Json | undefined>),
    }
  },
}

interface EcsClass {
  readonly category: readonly string[]
  readonly type: readonly string[]
  readonly kind?: 'alert'
}

/** Both are lists of closed words: `event.category` and `event.type` of ECS. */
function classOf(type: ExportedEvent['event']['type'], o: Outline): EcsClass {
  switch (type) {
    case 'SessionOpened':
      return { category: ['authentication', 'session'], type: ['start'] }
    case 'SessionExtended':
      return { category: ['session'], type: ['info'] }
    case 'SessionClosed':
    case 'SessionKilled':
      return { category: ['session'], type: ['end'] }
    case 'AuthenticationFailed':
    case 'LoginsRefused':
      return { category: ['authentication'], type: ['start'] }
    case 'DecisionMade':
    case 'DenialsCounted':
      return {
        category: [trafficOf(o)],
        type: ['access', o.effect === 'deny' ? 'denied' : o.effect === 'hold' ? 'info' : 'allowed'],
      }
    case 'ResponseCompleted':
    case 'ExchangeAbandoned':
      return { category: [trafficOf(o)], type: o.outcome === 'success' ? ['access'] : ['access', 'error'] }
    case 'AlarmRaised':
      return { category: [trafficOf(o)], type: ['access', 'allowed'], kind: 'alert' }
    case 'GrantGiven':
    case 'GrantRevoked':
    case 'GrantRequested':
    case 'GrantRejected':
      return { category: ['iam'], type: ['user', type === 'GrantRevoked' ? 'deletion' : 'change'] }
    case 'AgentJoined':
      return { category: ['session'], type: ['start'] }
    case 'AgentLeft':
      return { category: ['session'], type: ['end'] }
    case 'TokenRevoked':
    case 'SubjectRevoked':
      return { category: ['iam', 'session'], type: ['user', 'end'] }
    case 'LegalHoldPlaced':
    case 'AgentInvited':
    case 'AgentEnrolled':
      return { category: ['configuration'], type: ['creation'] }
    case 'KeyErased':
    case 'SegmentsRemoved':
    case 'LegalHoldReleased':
    case 'AgentRemoved':
      return { category: ['configuration'], type: ['deletion'] }
    default:
      return { category: ['configuration'], type: ['change'] }
  }
}

function trafficOf({ protocol }: Outline): string {
  return protocol === 'http' ? 'web' : protocol === 'ssh' ? 'session' : 'database'
}

function messageOf({ type, effect, operations, relations, rule }: Outline): string {
  const what = [operations.join(', '), relations.length === 0 ? '' : `on ${relations.join(', ')}`]
  const why = effect === null ? '' : `${effect}${rule === null ? '' : ` by ${rule}`}`
  return [type, ...what, why].filter((part) => part !== '').join(' ')
}

function isoTime(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

function isText(value: string | null | undefined): value is string {
  return typeof value === 'string'
}
