import type { ApprovalPage } from '@sluice/api'
import { printable } from '../../printable.ts'

type Request = NonNullable<ApprovalPage['request']>

/**
 * An approval as a terminal shows it. Each line of the statement stands behind a bar, so that no statement can look
 * like anything else of this page.
 */
export function pageText(page: ApprovalPage): string {
  const lines = [
    `${page.id}  ${page.state}, ${page.approved} of ${page.quorum} approved`,
    row('asked by', who(page)),
    row('target', page.target),
    row('held by', `${page.rule}: ${page.message}`),
    row('approvers', `${page.quorum} of ${page.approvers.join(', ')}; it lets pass: ${page.scope}`),
    row('until', `${page.expires_at} (${page.expires_in_s} s)`),
    ...(page.caller_waits === false ? [row('caller', gone)] : []),
    ...soFar(page),
    ...page.actions.flatMap(actionRows),
    ...(page.request === null ? [row('statement', 'erased')] : requestRows(page.request)),
    ...page.votes.map((vote) => row(vote.vote, `${vote.voter} at ${vote.at} ${vote.reason}`)),
    ...page.before.map((other) => row('before', `${other.id} ${other.state}, asked for at ${other.at}`)),
    ...(page.ended === null
      ? []
      : [
          row(
            'ended',
            `${page.ended.at} by ${page.ended.by}: ${page.state === 'consumed' ? 'what it let pass has run' : page.ended.reason}`,
          ),
        ]),
    ...next(page),
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}

/** It was answered that this is pending: an approval lets the next one pass. */
const gone = 'waits no more: once it is approved, the same request passes when it is sent again'

function row(name: string, text: string): string {
  return `  ${name.padEnd(10)}  ${text}`
}

function who({ requester }: ApprovalPage): string {
  const { id, type, groups, on_behalf_of: person } = requester
  const behind = person === null ? '' : ` on behalf of ${person}`
  return `${id} (${type}; ${groups.join(', ')})${behind}`
}

function soFar({ run, session, session_so_far: so }: ApprovalPage): readonly string[] {
  const inRun =
    run === null
      ? []
      : [row('run', `${run.id}: ${run.sessions} sessions, ${run.requests} requests, ${run.denied} denied`)]
  if (so === null) return [...inRun, row('session', `${session}, not open here`)]
  const counted = `${so.requests} requests, ${so.denied} denied, ${so.rows} rows, ${so.bytes} bytes so far`
  const recent = (so.recent ?? []).map((each) =>
    row('', `${each.at.slice(11, 19)}  ${each.action}  ${each.outcome}  ${each.relations.join(', ')}`),
  )
  return [...inRun, row('session', `${session}: ${counted}`), ...recent]
}

function actionRows({
  name,
  relations,
  functions,
  has_where: where,
}: ApprovalPage['actions'][number]): string[] {
  const touched = relations.map(
    ({ schema, name: relation, access, columns }) =>
      `${access} ${schema}.${relation} (${columns.join(', ')})`,
  )
  const conditions = where === null ? [] : [where ? 'with WHERE' : 'WITHOUT WHERE']
  const called = functions.length === 0 ? [] : [`calls ${functions.join(', ')}`]
  return [row('action', [name, ...touched, ...conditions, ...called].join('; '))]
}

function requestRows({ statement, stands_for: stands, parameters, hidden, estimates }: Request): string[] {
  return [
    ...Object.entries(estimates).map(([relation, rows]) =>
      row('estimate', rows === null ? `${relation}: unknown` : `${relation}: about ${rows} rows`),
    ),
    ...textRows('statement', statement),
    ...stands.flatMap((text) => textRows('stands for', text)),
    ...parameters.map((value, index) => row(`$${index + 1}`, JSON.stringify(value))),
    ...hiddenRows(hidden),
  ]
}

function textRows(name: string, { text, bytes, lines }: Request['statement']): string[] {
  const size = `${bytes} bytes, ${lines} ${lines === 1 ? 'line' : 'lines'}`
  return [row(name, size), ...text.split('\n').map((line) => `    | ${line.replaceAll('\t', '    ')}`)]
}

function hiddenRows(hidden: Request['hidden']): string[] {
  if (hidden === 'all') return [row('hidden', 'all values')]
  return hidden.length === 0 ? [] : [row('hidden', `values, since the policy masks ${hidden.join(', ')}`)]
}

function next({ id, state, may_not_vote: why, approvers }: ApprovalPage): readonly string[] {
  if (state !== 'pending') return []
  if (why !== null) return ['', `You may not vote: ${why} Ask one of ${approvers.join(', ')}.`]
  return ['', `sluice approvals approve ${id}`, `sluice approvals reject ${id} --reason <text>`]
}
