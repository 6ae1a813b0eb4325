import type { WhatIfReport } from '@sluice/policy'
import { table } from '../../table.ts'

const groupsShown = 50

/** The report for people: what would change first, then what could not be told. */
export function whatIfText(report: WhatIfReport): string {
  const { decisions, changed, sameRevision, revision } = report
  const same = sameRevision === 0 ? '' : `, ${sameRevision} of them made by this very revision`
  return [
    `policy ${revision.slice(0, 12)}: ${decisions} decisions judged again${same}; ${changed} would change\n`,
    groupsText(report),
    section('Masked from then on', report.maskedMore, ({ column, decisions }) => [column, `${decisions}`]),
    section('No longer masked', report.maskedLess, ({ column, decisions }) => [column, `${decisions}`]),
    section('Would ask people', report.approvals, ({ rule, approvers, decisions }) => [
      `${rule} (${approvers.join(', ')})`,
      `${decisions}`,
    ]),
    ...notes(report).map((note) => `${note}\n`),
  ].join('')
}

function groupsText({ groups, ungrouped }: WhatIfReport): string {
  if (groups.length === 0) return ''
  const rows = groups
    .slice(0, groupsShown)
    .map(({ decisions, kinds, before, after, subject, target, action, template, example }) => [
      `${decisions}`,
      kinds.includes('effect') ? `${before.effect} → ${after.effect}` : kinds.join(', '),
      before.rule === after.rule ? after.rule : `${before.rule} → ${after.rule}`,
      subject,
      target,
      action,
      template?.slice(0, 12) ?? '',
      example,
    ])
  const rest = Math.max(0, groups.length - groupsShown)
  const more =
    rest + ungrouped === 0 ? '' : `and ${rest} more kinds of change, ${ungrouped} ungrouped: --json\n`
  const heading = ['COUNT', 'CHANGE', 'RULE', 'SUBJECT', 'TARGET', 'ACTION', 'TEMPLATE', 'EXAMPLE']
  return `\n${table(heading, rows)}${more}`
}

function section<T>(title: string, of: readonly T[], row: (item: T) => readonly string[]): string {
  return of.length === 0 ? '' : `\n${table([title.toUpperCase(), 'DECISIONS'], of.map(row))}`
}

function notes({
  faults,
  byGateway,
  incomplete,
  onlyCounted,
  sealed,
  without,
}: WhatIfReport): readonly string[] {
  const found = [
    ...Object.entries(faults).map(([what, times]) => `The policies failed ${times} times: ${what}`),
    ...(byGateway === 0
      ? []
      : [`${byGateway} were refused by the gateway itself, whatever the policies say.`]),
    ...(incomplete === 0 ? [] : [`${incomplete} have their session or request outside this log.`]),
    ...(onlyCounted === 0
      ? []
      : [`${onlyCounted} more were denied and only counted, so many did somebody send.`]),
    ...(sealed === 0
      ? []
      : [
          `${sealed} at hosts over SSH were not judged: the policies read what they were, and the log keeps it sealed.`,
        ]),
    ...(without.values === 0
      ? []
      : [
          `${without.values} were judged without values: the policies read them, and the log keeps them sealed.`,
        ]),
    ...(without.facts === 0
      ? []
      : [
          `${without.facts} were judged without facts of run and subject: the policies of then did not ask for them.`,
        ]),
  ]
  return found.length === 0 ? found : ['', ...found]
}
