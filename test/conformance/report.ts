import type { Expected } from './expected.ts'
import type { Finding, Outcome } from './finding.ts'

/** Figures of a run, and what is not as it should be. */
export interface Report {
  readonly statements: number
  readonly equal: number
  readonly sameError: number
  readonly refused: number
  /** Of these, such as the server refuses as well, in other words. */
  readonly refusedFailing: number
  readonly skipped: number
  readonly unstable: number
  readonly differing: number
  /** Statements whose relations were compared with the server's own. */
  readonly planned: number
  readonly rules: readonly Count[]
  /** Of what the server would have done. */
  readonly reasons: readonly Count[]
  readonly faults: readonly Fault[]
  /** Entries of what is expected that nothing matched. */
  readonly unused: readonly Expected[]
}

export interface Count {
  readonly what: string
  readonly count: number
}

export interface Fault {
  readonly finding: Finding
  readonly how: string
  readonly expected: Expected | undefined
}

export function reportOf(findings: readonly Finding[], expected: readonly Expected[]): Report {
  const of = (kind: Outcome['kind']): number => findings.filter(({ outcome }) => outcome.kind === kind).length
  const refused = findings.flatMap(({ outcome }) => (outcome.kind === 'refused' ? [outcome] : []))
  const faults = findings.flatMap((finding) => faultsOf(finding, expected))
  return {
    statements: findings.length,
    equal: of('equal'),
    sameError: of('same_error'),
    refused: refused.length,
    refusedFailing: refused.filter(({ fails }) => fails !== null).length,
    skipped: of('skipped'),
    unstable: of('unstable'),
    differing: of('differs'),
    planned: findings.filter(({ planned }) => planned).length,
    rules: counted(refused.map(({ rule }) => rule)),
    reasons: counted(refused.filter(({ fails }) => fails === null).map(({ reason }) => kindOf(reason))),
    faults,
    unused: expected.filter(
      (entry) => entry.sometimes !== true && !faults.some((fault) => fault.expected === entry),
    ),
  }
}

function faultsOf(finding: Finding, expected: readonly Expected[]): readonly Fault[] {
  const { outcome, misread, test, statement } = finding
  const found = [...differenceIn(outcome), ...misread]
  const entry = expected.find((each) => each.test === test && plain(statement).startsWith(each.statement))
  return found.map((how) => ({ finding, how, expected: entry }))
}

/** Rules of the adapter itself: with a policy that allows everything nobody else refuses. */
const known = /^adapter\/(closed_world|limits|name|parse|function_call)$/

function differenceIn(outcome: Outcome): readonly string[] {
  if (outcome.kind === 'differs') return [outcome.how]
  const refused = outcome.kind === 'refused' || outcome.kind === 'skipped'
  return refused && !known.test(outcome.rule) ? [`refused by ${outcome.rule}: ${outcome.reason}`] : []
}

/** On one line, as `expected.ts` names it. */
export function plain(statement: string): string {
  return statement.replaceAll(/\s+/g, ' ').trim()
}

/** A reason without the names in it. */
function kindOf(reason: string): string {
  return reason
    .replaceAll(/"[^"]*"/g, '"…"')
    .replace(/^(The (?:function|type|operator|setting|operation)) \S+/, '$1 …')
    .slice(0, 100)
}

function counted(names: readonly string[]): readonly Count[] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .map(([what, count]) => ({ what, count }))
    .toSorted((one, other) => other.count - one.count)
}

/** One line for a test, or for all of them. */
export function lineOf(
  name: string,
  { statements, equal, sameError, refused, refusedFailing, skipped, unstable, planned, faults }: Report,
): string {
  const unexpected = faults.filter((fault) => fault.expected === undefined).length
  const figures = [
    [statements, 'statements'],
    [equal, 'equal'],
    [sameError, 'refused as by the server'],
    [refused - refusedFailing, 'refused'],
    [refusedFailing, 'refused where the server fails too'],
    [skipped, 'skipped'],
    [unstable, 'unstable'],
    [planned, 'with the relations of the server’s own analysis'],
    [faults.length - unexpected, 'expected to differ'],
    [unexpected, 'DIFFERING'],
  ] as const
  const said = figures.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `${name.padEnd(24)} ${said.join(', ')}`
}

/** What is refused, by rule and by reason: what more could pass. */
export function roadmap({ statements, rules, reasons, refused }: Report, most: number): string {
  const share = ((100 * refused) / Math.max(1, statements)).toFixed(1)
  const list = (counts: readonly Count[]): string =>
    counts
      .slice(0, most)
      .map(({ count, what }) => `${String(count).padStart(7)}  ${what}`)
      .join('\n')
  return `refused: ${refused} of ${statements} (${share} %), by rule\n${list(rules)}\nreasons, where the server would have done it\n${list(reasons)}`
}

export function told({ finding, how }: Fault): string {
  return `${finding.test}: ${plain(finding.statement).slice(0, 300)}\n  ${how}`
}
