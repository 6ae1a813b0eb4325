import type { Json } from '@sluice/core'
import type { ExportedEvent } from '../exported.ts'
import type { Mapper } from '../mapper.ts'
import { severityOf, type Severity } from '../severity.ts'
import { known, outlineOf, unexported, usageOf, type Outline } from './outline.ts'

export const ocsfVersion = '1.8.0'

/** Open Cybersecurity Schema Framework, with the profile `security_control`. */
export const ocsf: Mapper = {
  format: 'ocsf',
  map(of) {
    const { event } = of
    if (unexported.has(event.type)) return null
    const o = outlineOf(of)
    const { classUid, activity, fields } = classOf(event.type, o)
    return {
      id: event.id,
      timeMs: event.time,
      body: known({
        class_uid: classUid,
        category_uid: Math.floor(classUid / 1_000),
        activity_id: activity,
        type_uid: classUid * 100 + activity,
        time: event.time,
        severity_id: severities[severityOf(event)],
        status_id: { success: 1, failure: 2, unknown: 0 }[o.outcome],
        status_detail: o.reason,
        message: event.type,
        metadata: metadataOf(event, o),
        ...controlOf(o),
        ...fields,
        duration: o.durationMs,
        count: o.counted?.times,
        start_time: o.counted?.fromMs,
        end_time: o.counted?.untilMs,
        unmapped: unmappedOf(o),
      }),
    }
  },
}

/** 1 informational … 5 critical. */
const severities: Readonly<Record<Severity, number>> = { 1: 5, 4: 3, 5: 2, 6: 1 }

interface OcsfClass {
  readonly classUid: 2004 | 3002 | 3005 | 4002 | 4007 | 6003 | 6005
  readonly activity: number
  readonly fields: Readonly<Record<string, Json | undefined>>
}

const other = 99

function classOf(type: ExportedEvent['event']['type'], o: Outline): OcsfClass {
  switch (type) {
    case 'SessionOpened':
    case 'AuthenticationFailed':
    case 'LoginsRefused':
      return { classUid: 3002, activity: 1, fields: authentication(o) }
    case 'SessionClosed':
      return { classUid: 3002, activity: 2, fields: authentication(o) }
    case 'SessionExtended':
      return { classUid: 3002, activity: other, fields: authentication(o) }
    case 'DecisionMade':
    case 'DenialsCounted':
    case 'ResponseCompleted':
    case 'ExchangeAbandoned':
      return traffic(o)
    case 'AlarmRaised':
      return { classUid: 2004, activity: 1, fields: finding(o) }
    case 'GrantGiven':
      return { classUid: 3005, activity: 1, fields: access(o) }
    case 'GrantRevoked':
      return { classUid: 3005, activity: 2, fields: access(o) }
    case 'ApprovalRequested':
    case 'GrantRequested':
    case 'TargetRegistered':
    case 'PolicyActivated':
    case 'LegalHoldPlaced':
    case 'AgentInvited':
    case 'AgentEnrolled':
      return { classUid: 6003, activity: 1, fields: administration(o) }
    case 'TargetRemoved':
    case 'SessionKilled':
    case 'TokenRevoked':
    case 'SubjectRevoked':
    case 'KeyErased':
    case 'SegmentsRemoved':
    case 'LegalHoldReleased':
    case 'AgentRemoved':
      return { classUid: 6003, activity: 4, fields: administration(o) }
    default:
      return { classUid: 6003, activity: 3, fields: administration(o) }
  }
}

function traffic(o: Outline): OcsfClass {
  const common = { actor: actorOf(o), src_endpoint: sourceOf(o), dst_endpoint: targetOf(o) }
  if (o.protocol === 'ssh') return { classUid: 4007, activity: 6, fields: common }
  if (o.protocol === 'http')
    return {
      classUid: 4002,
      activity: httpActivity(o),
      fields: { ...common, http_request: known({ http_method: methodOf(o), uid: o.exchange }) },
    }
  return {
    classUid: 6005,
    activity: datastoreActivity(o),
    fields: {
      ...common,
      type_id: 1,
      database: known({ name: o.target ?? 'unknown', type_id: 1 }),
      table: o.relations[0] === undefined ? undefined : { name: o.relations[0] },
    },
  }
}

const datastoreActivities: Readonly<Record<string, number>> = {
  select: 4,
  insert: 5,
  update: 2,
  merge: 2,
  delete: 7,
  truncate: 7,
  ddl: 6,
  copy: 1,
}

function datastoreActivity({ operations }: Outline): number {
  return datastoreActivities[operations[0]?.split('.')[1] ?? ''] ?? other
}

const httpActivities = ['connect', 'delete', 'get', 'head', 'options', 'post', 'put', 'trace', 'patch']

function httpActivity(o: Outline): number {
  return httpActivities.indexOf(methodOf(o)?.toLowerCase() ?? '') + 1 || other
}

function methodOf({ operations }: Outline): string | null {
  const method = operations[0]?.split('.')[1]
  return method !== undefined && httpActivities.includes(method) ? method.toUpperCase() : null
}

function authentication(o: Outline): OcsfClass['fields'] {
  return {
    user: userOf(o),
    src_endpoint: sourceOf(o),
    dst_endpoint: targetOf(o),
    service: { name: o.protocol ?? 'sluice' },
    is_remote: true,
    session: o.session === null ? undefined : { uid: o.session },
  }
}

function access(o: Outline): OcsfClass['fields'] {
  return {
    user: userOf(o),
    actor: actorOf(o),
    privileges: [o.rule ?? 'access'],
    resources: o.target === null ? undefined : [{ name: o.target }],
  }
}

function administration(o: Outline): OcsfClass['fields'] {
  return {
    actor: actorOf(o),
    api: { operation: o.type },
    src_endpoint: sourceOf(o),
    resources: o.target === null ? undefined : [{ name: o.target }],
  }
}

function finding(o: Outline): OcsfClass['fields'] {
  return {
    finding_info: known({ uid: o.eventId, title: o.rule ?? o.type, types: ['break_glass'] }),
    is_alert: true,
    resources: o.target === null ? undefined : [{ name: o.target }],
    ...(o.subject === null ? {} : { evidences: [{ actor: actorOf(o) }] }),
  }
}

function metadataOf({ id, seq }: ExportedEvent['event'], o: Outline): Json {
  return known({
    version: ocsfVersion,
    uid: id,
    sequence: seq,
    correlation_uid: o.session,
    event_code: o.type,
    log_name: o.stream,
    log_provider: o.gateway,
    profiles: o.effect === null ? [] : ['security_control'],
    product: { name: 'Sluice', vendor_name: 'Sluice' },
  })
}

/** What the gateway did about it. Masked is modified. */
function controlOf(o: Outline): Readonly<Record<string, Json | undefined>> {
  if (o.effect === null) return {}
  const { action, disposition } =
    o.effect === 'deny'
      ? { action: 2, disposition: 2 }
      : o.effect === 'hold'
        ? { action: 3, disposition: 14 }
        : { action: o.masked.length > 0 ? 4 : 1, disposition: 1 }
  const policy = known({ name: o.rule ?? 'unknown', uid: o.rule, version: o.revision })
  return {
    action_id: action,
    disposition_id: disposition,
    policy,
    authorizations: [{ decision: o.effect, policy }],
  }
}

function actorOf(o: Outline): Json {
  return known({
    user: userOf(o),
    app_name: o.application,
    session: o.session === null ? undefined : { uid: o.session },
  })
}

function userOf({ subject }: Outline): Json {
  if (subject === null) return { name: 'unknown' }
  return known({
    uid: subject.id,
    name: subject.id,
    type: subject.type,
    groups: subject.groups.map((name) => ({ name })),
  })
}

function sourceOf({ clientIp, gateway }: Outline): Json {
  return clientIp === null ? { name: gateway } : { ip: clientIp }
}

function targetOf({ target }: Outline): Json | undefined {
  return target === null ? undefined : { name: target }
}

function unmappedOf(o: Outline): Json | undefined {
  const rest = known({
    decision_id: o.decision,
    exchange_id: o.exchange,
    policy_revision: o.revision,
    trace_id: o.traceId,
    run_id: o.runId,
    on_behalf_of: o.subject?.on_behalf_of ?? null,
    actions: o.operations,
    relations: o.relations,
    masked: o.masked,
    rows: o.rows,
    bytes: o.bytes,
    usage: usageOf(o),
  })
  return Object.keys(rest).length === 0 ? undefined : rest
}
