import { table } from '../table.ts'
import type { AuditReport } from './audit-report.ts'
import type { Outlier } from './outliers.ts'

const rowsShown = 50
const dayMs = 86_400_000

/** The report for people: what asks for a look comes first. */
export function reportText(report: AuditReport): string {
  const { totals, days_before: before } = report
  return [
    `${instant(report.since_ms)} to ${instant(report.until_ms)}, against ${before} days before\n`,
    before < 7 ? 'With fewer than seven days before it, much looks new or unusual that is not.\n' : '',
    `${totals.sessions} sessions of ${totals.subjects} subjects, ${totals.failed_logins} failed logins; ` +
      `${totals.requests} requests: ${totals.allowed} allowed, ${totals.denied} denied, ${totals.held} held ` +
      `(votes: ${totals.approved} for, ${totals.rejected} against); ${totals.rows} rows\n`,
    section('Broken glass', ['WHEN', 'SUBJECT', 'TARGET', 'RULE', 'DECISION'], report.break_glass, (each) => [
      instant(each.at_ms),
      each.subject,
      each.target,
      each.rule,
      each.decision,
    ]),
    section('Unusually many denials in a day', outlierHeading, report.many_denials, outlierRow),
    section('Unusually many rows in a day', outlierHeading, report.many_rows, outlierRow),
    section(
      'For the first time',
      ['WHEN', 'SUBJECT', 'TARGET', 'ACTION', 'TABLE', 'TIMES', 'DECISION'],
      report.first_access,
      (each) => [
        instant(each.first_ms),
        each.subject,
        each.target,
        each.action,
        each.table ?? '',
        `${each.times}`,
        each.decision,
      ],
    ),
    section('Denied', ['RULE', 'TIMES'], report.denied_by_rule, ({ rule, times }) => [rule, `${times}`]),
    section('At the gateway', ['WHEN', 'WHAT', 'BY'], report.changes, ({ at_ms, what, by }) => [
      instant(at_ms),
      what,
      by,
    ]),
  ].join('')
}

const outlierHeading = ['DAY', 'SUBJECT', 'COUNT', 'USUAL', 'COMPARED WITH']

function outlierRow({ day, subject, count, usual, comparedWith }: Outlier): readonly string[] {
  return [instant(day * dayMs).slice(0, 10), subject, `${count}`, `${usual}`, comparedWith]
}

function section<T>(
  title: string,
  heading: readonly string[],
  of: readonly T[],
  row: (item: T) => readonly string[],
): string {
  if (of.length === 0) return ''
  const rest = of.length - rowsShown
  const more = rest > 0 ? `and ${rest} more: --json\n` : ''
  return `\n${title}\n${table(heading, of.slice(0, rowsShown).map(row))}${more}`
}

function instant(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
}
