import { join } from 'node:path'
import {
  testPolicies,
  type CaseResult,
  type FileCoverage,
  type TestReport,
  type TestResult,
} from '@sluice/policy'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { patiently } from '../../patience.ts'
import type { PolicyOptions } from '../policy.ts'
import { policyCache } from './cache.ts'

export async function testCommand({ folder, json, filter = '' }: PolicyOptions, io: Io): Promise<ExitCode> {
  const work = testPolicies(folder, { cache: await policyCache(io), filter })
  const report = placed(folder, await patiently(io, `testing ${folder}`, work))
  if (filter !== '' && report.tests.length === 0)
    throw new UsageError(`no Rego test's package.name matches "${filter}"`)
  if (json) io.out(asLines(report))
  else io.out(asText(report, filter === ''))
  return report.passed ? 0 : 1
}

/** With the files as they can be opened from here. */
function placed(folder: string, report: TestReport): TestReport {
  const from = <T extends { readonly file: string }>(part: T): T => ({
    ...part,
    file: join(folder, part.file),
  })
  const { tests, cases, coverage } = report
  return { ...report, tests: tests.map(from), cases: cases.map(from), coverage: coverage.map(from) }
}

function asLines({ tests, cases, coverage, passed, revision }: TestReport): string {
  const lines = [
    ...tests.map((test) => ({ kind: 'test', ...test })),
    ...cases.map((each) => ({
      kind: 'case',
      ...each,
      outcome: each.problems.length === 0 ? 'passed' : 'failed',
    })),
    ...coverage.map((file) => ({ kind: 'coverage', ...file })),
    { kind: 'summary', passed, revision, tests: tests.length, cases: cases.length },
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** A filtered run covers what it happens to touch: its coverage says nothing. */
function asText({ tests, cases, coverage, passed, revision }: TestReport, whole: boolean): string {
  const failed = tests.filter(isFailed).length + cases.filter(({ problems }) => problems.length > 0).length
  return [
    ...byFile(tests, testLine),
    ...byFile(cases, caseLine),
    ...(whole ? ['coverage\n', ...coverage.map(coverageLine)] : []),
    `\n${passed ? 'PASSED' : `FAILED ${failed} of`} ${tests.length} tests and ${cases.length} cases, `,
    `revision ${revision.slice(0, 12)}\n`,
  ].join('')
}

function byFile<T extends { readonly file: string }>(
  of: readonly T[],
  line: (one: T) => string,
): readonly string[] {
  return [...Map.groupBy(of, ({ file }) => file)].map(([file, own]) => `${file}\n${own.map(line).join('')}`)
}

function isFailed({ outcome }: TestResult): boolean {
  return outcome === 'failed' || outcome === 'errored'
}

function testLine(test: TestResult): string {
  const { file, row, name, outcome, output } = test
  const said = output.trim() === '' ? '' : `${indented(output.trimEnd())}\n`
  if (isFailed(test)) return `  FAIL  ${name}  (${file}:${row}, ${outcome})\n${said}`
  return `  ${outcome === 'skipped' ? 'skip' : 'ok  '}  ${name}\n`
}

function caseLine({ file, row, name, problems }: CaseResult): string {
  if (problems.length === 0) return `  ok    ${name}\n`
  return `  FAIL  ${name}  (${file}:${row})\n${problems.map((problem) => `${indented(problem)}\n`).join('')}`
}

function coverageLine({ file, percent, missed }: FileCoverage): string {
  const rows = missed.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')
  return `  ${percent.toFixed(1).padStart(5)} %  ${file}${rows === '' ? '' : `  (not rows ${rows})`}\n`
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `          ${line}`)
    .join('\n')
}
