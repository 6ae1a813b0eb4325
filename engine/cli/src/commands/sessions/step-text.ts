import type { ContentState, RecordingStep } from '@sluice/api'
import { visible, type RequestPart } from '@sluice/core'
import { printable } from '../../printable.ts'
import { joined, parameterText, partText } from './part-text.ts'

/** One step for a terminal: what happened in one line, and below it what was asked or seen. */
export function stepText(step: RecordingStep): string {
  const time = step.at.slice(11, 23)
  return `${printable(`${time}  ${headline(step)}`)}\n${below(step)}`
}

export function headline(step: RecordingStep): string {
  switch (step.step) {
    case 'opened': {
      const person = step.on_behalf_of === null ? '' : ` on behalf of ${step.on_behalf_of}`
      const from = `from ${step.client_ip} (${step.application ?? 'names no application'})`
      return `${step.subject}${person} connects to ${step.target} (${step.protocol}) at ${step.gateway} ${from}`
    }
    case 'extended':
      return `a fresh token, until ${step.token_expires_at}`
    case 'request':
      return `asks ${asked(step.actions)}${step.run === null ? '' : ` in run ${step.run}`}`
    case 'decision':
      return decided(step)
    case 'denials':
      return `${step.requests} more requests from ${step.from} on, ${step.denied} denied by ${step.rules.map(({ rule, denied }) => `${rule}×${denied}`).join(', ')} (ref ${step.decision})`
    case 'approval':
      return approval(step)
    case 'body':
      return `sends data${missing(step.content)}`
    case 'answer':
      return `sees${missing(step.content)}`
    case 'heard':
      return `hears, without having asked${missing(step.content)}`
    case 'completed':
      return completed(step)
    case 'abandoned':
      return `not performed: ${step.reason}`
    case 'alarm':
      return `ALARM ${step.rules}`
    case 'killed':
      return `ended by ${step.by}${because(step.reason)}`
    case 'lost':
      return 'its gateway was lost: what became of what ran is unknown'
    case 'closed':
      return `closed: ${step.reason}; ${step.requests} requests, ${step.denied} denied, ${step.rows} rows, ${step.bytes} bytes`
    case 'left':
      return `told no more: ${step.reason}`
    case 'unknown':
      return `an event of a kind that is not known here: ${step.type}`
    case 'forged':
      return `FORGED: ${step.type} is not the gateway's word, ${step.why}`
  }
}

type Step<Name extends RecordingStep['step']> = Extract<RecordingStep, { readonly step: Name }>

function asked(actions: Step<'request'>['actions']): string {
  return actions
    .map(({ name, kind, relations }) => {
      const touched = relations.length === 0 ? '' : ` on ${relations.join(', ')}`
      return `${name} ${kind}${touched}`
    })
    .join('; ')
}

function decided({ effect, rule, decision, reasons, masks, approvals }: Step<'decision'>): string {
  const why = reasons.map(({ message }) => message).join(' ')
  const masked = masks.map(({ place, method, rule: by }) => `${place} ${method} by ${by}`)
  const released = approvals.map(({ id, approved_by: people }) => `${id} of ${people.join(', ')}`)
  return [
    `${effect} by ${rule} (ref ${decision})${because(why)}`,
    ...(masked.length === 0 ? [] : [`masks ${masked.join(', ')}`]),
    ...(released.length === 0 ? [] : [`approved by ${released.join('; ')}`]),
  ].join('; ')
}

function approval({ approval: id, what, by, reason, state, counted }: Step<'approval'>): string {
  const late = counted ? '' : `; it came too late or does not count, the approval stays ${state}`
  return `approval ${id} ${what} by ${by}${because(reason)}${late}`
}

function completed({ outcome, status, rows, bytes, masked }: Step<'completed'>): string {
  const hidden = masked.map(({ column, method, values }) => `${column} ${method}×${values}`).join(', ')
  const ended = [outcome, status ?? ''].join(' ').trimEnd()
  return `${ended}: ${rows} rows, ${bytes} bytes${hidden === '' ? '' : `, masked ${hidden}`}`
}

const unseen = {
  erased: 'erased: nobody can read it any more',
  missing: 'missing: the log has not all of it',
  unreadable: 'unreadable: it is not what was sealed',
  opaque: 'not shown: nobody reads recordings of this protocol',
} as const

function missing(content: ContentState): string {
  return content === 'shown' || content === 'none' ? '' : ` what is ${unseen[content]}`
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${reason}`
}

function below(step: RecordingStep): string {
  switch (step.step) {
    case 'request':
      if (step.content !== 'shown') return indented(`content${missing(step.content)}`)
      return step.statements.map((statement) => indented(statementText(statement))).join('')
    case 'body':
    case 'heard':
    case 'answer':
      return joined(step.parts)
        .map((part) => indented(partText(part)))
        .join('')
    default:
      return ''
  }
}

/** As an approver sees it: nothing hidden, nothing that looks like something else. */
function statementText({ text, name, parameters }: RequestPart): string {
  const stands =
    name === undefined ? 'what is not in the recording' : `"${visible(name)}", prepared elsewhere`
  const values = parameters.map((value, index) => `$${index + 1} = ${parameterText(value)}`)
  return [text === null ? `⟨${stands}⟩` : visible(text), ...values].join('\n')
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`.trimEnd() + '\n')
    .join('')
}
