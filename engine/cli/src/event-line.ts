import type { Usage } from '@sluice/core'
import { printable } from './printable.ts'

/** One event of `/v1/events`, as far as a terminal shows it. */
export interface EventLine {
  readonly time: number
  readonly type: string
  readonly stream: string
  readonly seq: number
  readonly data: Readonly<Record<string, unknown>>
}

/** `12:03:55.120  DecisionMade  ses_…K2P  deny  destructive/drop  (ref dec_…)`: short, one line, no content. */
export function eventLine(event: EventLine): string {
  const time = new Date(event.time).toISOString().slice(11, 23)
  const stream = event.stream.startsWith('ses_') ? `ses_…${event.stream.slice(-4)}` : event.stream
  return `${printable(`${time}  ${event.type.padEnd(18)}  ${stream.padEnd(9)}  ${details(event)}`)}\n`
}

function details({ type, data }: EventLine): string {
  const text = (name: string): string => shown(data[name])
  switch (type) {
    case 'SessionOpened':
      return `${text('protocol')} ${text('target')} as ${subjectId(data['subject'])} from ${text('client_ip')}`
    case 'SessionExtended':
      return `token ${text('token_id')}`
    case 'AuthenticationFailed':
      return `${text('protocol')} ${text('target')} from ${text('client_ip')}: ${text('code')} ${text('reason')}`
    case 'LoginsRefused':
      return `${text('refused')} more logins: ${sharesOf(data['reasons'], 'reason')} from ${sharesOf(data['addresses'], 'client_ip')}`
    case 'RequestReceived':
      return actionsLine(text('actions'))
    case 'DecisionMade':
      return `${text('effect')} by ${text('rule')} (ref ${text('decision')})`
    case 'DenialsCounted':
      return `${text('requests')} more requests, ${text('denied')} denied by ${sharesOf(data['rules'], 'rule', 'denied')} (ref ${text('decision')})`
    case 'ResponseCompleted':
      return responseLine(data)
    case 'ExchangeAbandoned':
    case 'SessionClosed':
      return text('reason')
    case 'RecordingChunk':
      return `${text('direction')} ${text('bytes')} bytes`
    case 'PolicyActivated':
      return `revision ${text('revision').slice(0, 12)} by ${text('by')}: ${text('reason')}`
    case 'PolicyFollowed':
      return `revision ${text('revision').slice(0, 12)}`
    case 'PolicyRejected':
      return text('errors')
    case 'AlarmRaised':
      return `ALARM ${text('alarm')}: ${text('subject')} on ${text('target')} (ref ${text('decision')})`
    case 'ApprovalRequested':
      return `${subjectId(data['subject'])} asks on ${text('target')} because of ${text('rule')} (ref ${text('approval')})`
    case 'ApprovalGranted':
    case 'ApprovalRejected':
      return `by ${subjectId(data['voter'])}${because(text('reason'))} (ref ${text('approval')})`
    case 'ApprovalCancelled':
      return `by ${text('by')}${because(text('reason'))} (ref ${text('approval')})`
    case 'ApprovalExpired':
      return `${text('reason')} (ref ${text('approval')})`
    case 'ApprovalConsumed':
      return `by ${text('exchange')}, decision ${text('decision')} (ref ${text('approval')})`
    case 'SessionKilled':
      return `${text('session')} by ${text('by')}${because(text('reason'))}`
    case 'PasswordMinted':
      return `${text('password')} for ${subjectId(data['subject'])}`
    case 'TokenRevoked':
      return `${text('token')} by ${text('by')}${because(text('reason'))}`
    case 'SubjectRevoked':
      return `${text('subject')} by ${text('by')}${because(text('reason'))}`
    case 'KeyErased':
      return `${(data['keys'] as readonly number[]).length} keys of ${text('selector')} by ${text('by')}${because(text('reason'))}`
    case 'SegmentsRemoved':
      return `${text('first')} to ${text('last')}, events before ${new Date(Number(data['until_ms'])).toISOString()}`
    case 'LegalHoldPlaced':
      return `${text('selector')} by ${text('by')}${because(text('reason'))} (ref ${text('hold')})`
    case 'LegalHoldReleased':
      return `by ${text('by')}${because(text('reason'))} (ref ${text('hold')})`
    case 'AgentInvited':
      return `${text('name')} by ${text('by')} (ref ${text('agent')})`
    case 'AgentEnrolled':
      return `${text('name')} from ${text('client_ip')} (ref ${text('agent')})`
    case 'AgentJoined':
      return `${text('name')} from ${text('client_ip')}, version ${text('version')} (ref ${text('agent')})`
    case 'AgentLeft':
      return `${text('name')}: ${text('reason')} (ref ${text('agent')})`
    case 'AgentRemoved':
      return `${text('name')} by ${text('by')}${because(text('reason'))} (ref ${text('agent')})`
    case 'AdminActed':
      return `${text('action')} ${text('resource')} by ${subjectId(data['by'])}: ${text('outcome')}`
    case 'GrantRequested':
      return `${subjectId(data['subject'])} asks for ${text('role')} on ${text('target')} (ref ${text('grant')})`
    case 'GrantGiven':
    case 'GrantRejected':
      return `by ${subjectId(data['by'])} (ref ${text('grant')})`
    case 'GrantRevoked':
      return `by ${text('by')} (ref ${text('grant')})`
    case 'TargetRegistered':
      return `${text('name')} ${text('protocol')} ${text('address')}`
    default:
      return JSON.stringify(data)
  }
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`
}

function actionsLine(actions: string): string {
  const parsed = JSON.parse(actions) as readonly {
    name: string
    kind: string
    relations?: readonly { schema: string; name: string }[]
  }[]
  return parsed
    .map(({ name, kind, relations }) => {
      const touched = (relations ?? []).map((relation) => `${relation.schema}.${relation.name}`).join(', ')
      return `${name} ${kind}${touched === '' ? '' : ` on ${touched}`}`
    })
    .join('; ')
}

function responseLine(data: EventLine['data']): string {
  const masked = (data['masked'] as readonly { column: string; values: number }[] | undefined) ?? []
  const hidden = masked.map(({ column, values }) => `${column}×${values}`).join(' ')
  const outcome = [shown(data['outcome']), shown(data['status'])].join(' ').trimEnd()
  return `${outcome}, ${shown(data['rows'])} rows${hidden === '' ? '' : `, masked ${hidden}`}${usedOf(data['usage'])}`
}

/** Of a language model: what went in, and what came out. */
function usedOf(usage: unknown): string {
  if (usage === null || usage === undefined) return ''
  const { model, input_tokens, output_tokens, cost_micros, estimated } = usage as Usage
  const cost = cost_micros === null ? '' : ` for ${(cost_micros / 1_000_000).toFixed(6)}`
  const how = estimated ? ', estimated' : ''
  return `, ${model ?? 'a model'} used ${input_tokens} + ${output_tokens} tokens${cost}${how}`
}

/** `a×2 b×1` */
function sharesOf(shares: unknown, name: string, times = 'refused'): string {
  return (shares as readonly Readonly<Record<string, string | number>>[])
    .map((share) => `${share[name]}×${share[times]}`)
    .join(' ')
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}

function subjectId(subject: unknown): string {
  return (subject as { id?: string } | undefined)?.id ?? ''
}
