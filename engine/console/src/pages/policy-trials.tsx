import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { counted } from '../amount-text.ts'
import { send } from '../api/client.ts'
import { compiled } from '../api/compiled.ts'
import type { FileCoverage } from '../api/policy-answers.ts'
import type { Finding, PolicyTests } from '../api/shapes.ts'
import { exact } from '../printable.ts'
import { Code } from '../views/code.tsx'
import { Ask } from '../views/dialog.tsx'
import { messageOf } from '../views/resource.tsx'
import { Exact } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { JudgedAgain } from './policy-judged.tsx'
import { WhatIf } from './policy-what-if.tsx'

export interface TrialsProps {
  readonly files: Readonly<Record<string, string>>
  readonly changed: boolean
  readonly found: (findings: readonly Finding[]) => void
  readonly covered: (coverage: readonly FileCoverage[]) => void
  readonly done: () => void
  readonly revert: () => void
}

/** What can be asked of a draft before it is in force. */
export function PolicyTrials({ files, changed, found, covered, done, revert }: TrialsProps): JSX.Element {
  const [told, tell] = useState('')
  const [busy, setBusy] = useState(false)
  const [activating, setActivating] = useState(false)
  const [tests, setTests] = useState<PolicyTests | null>(null)
  // What was said of other texts is no longer so.
  useEffect(() => {
    tell('')
    setTests(null)
  }, [files])
  const ask = async (question: () => Promise<string>): Promise<void> => {
    setBusy(true)
    tell('Compiling …')
    try {
      tell(await question())
    } catch (error) {
      tell(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  const check = async (): Promise<string> => {
    const { ok, findings } = await compiled<PolicyTests>('/v1/policies/check', { files })
    found(findings)
    return ok ? 'They compile.' : `${counted(findings.length, 'mistake')}.`
  }
  const test = async (): Promise<string> => {
    const answer = await compiled<PolicyTests>('/v1/policies/test', { files })
    found(answer.findings)
    covered(answer.coverage ?? [])
    setTests(answer.ok ? answer : null)
    return answer.ok ? testsText(answer) : `${counted(answer.findings.length, 'mistake')}.`
  }
  const activate = async (reason: string): Promise<void> => {
    await send('POST', '/v1/policies', { files, reason })
    say('They are in force.')
    done()
  }
  return (
    <>
      <div class="row">
        <button class="button" type="button" disabled={busy} onClick={() => void ask(check)}>
          Check
        </button>
        <button class="button" type="button" disabled={busy} onClick={() => void ask(test)}>
          Run tests
        </button>
        {changed ? (
          <>
            <button class="button main" type="button" disabled={busy} onClick={() => setActivating(true)}>
              Put in force
            </button>
            <button class="button" type="button" onClick={revert}>
              Take changes back
            </button>
          </>
        ) : null}
        <span class="quiet small" role="status">
          {told}
        </span>
      </div>
      {tests === null ? null : <Tested of={tests} />}
      <JudgedAgain files={files} found={found} />
      <WhatIf files={files} found={found} />
      {activating ? (
        <Ask
          title="Put these policies in force?"
          verb="Activate"
          reason="needed"
          act={activate}
          close={() => setActivating(false)}
        >
          They are checked, tested and built first. Then every request is judged by them, at every gateway.
        </Ask>
      ) : null}
    </>
  )
}

function testsText({ tests = [], cases = [], coverage = [] }: PolicyTests): string {
  const failed = tests
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'errored')
    .map(({ package: of, name }) => `${of}.${name}`)
  const wrong = [...failed, ...cases.filter(({ problems }) => problems.length > 0).map(({ name }) => name)]
  const covered =
    coverage.length === 0 ? 0 : coverage.reduce((sum, { percent }) => sum + percent, 0) / coverage.length
  const ran = `${counted(tests.length, 'test')} and ${counted(cases.length, 'case')}, ${covered.toFixed(0)} % covered`
  return wrong.length === 0
    ? `All pass: ${ran}.`
    : `${counted(wrong.length, 'failure')} of ${ran}: ${wrong.join(', ')}`
}

/** What failed first, and why; then how much of each file its tests reached, the least first. */
function Tested({
  of: { tests = [], cases = [], coverage = [] },
}: {
  readonly of: PolicyTests
}): JSX.Element {
  const failed = [
    ...tests
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'errored')
      .map(({ file, row, name, output }) => ({ file, row, name, why: output })),
    ...cases
      .filter(({ problems }) => problems.length > 0)
      .map(({ file, row, name, problems }) => ({ file, row, name, why: problems.join('\n') })),
  ]
  return (
    <details class="stack-s" open={failed.length > 0}>
      <summary>Tests and coverage</summary>
      {failed.map(({ file, row, name, why }) => (
        <div class="note deny" key={`${file} ${row} ${name}`}>
          <b class="mono">
            {file}:{row}
          </b>{' '}
          <Exact text={name} />
          {why === '' ? null : <Code text={exact(why)} language="plain" />}
        </div>
      ))}
      <div class="scroll" tabIndex={0} role="region" aria-label="Coverage">
        <table class="list">
          <thead>
            <tr>
              <th>File</th>
              <th class="right">Covered</th>
              <th>Rows that no test reaches</th>
            </tr>
          </thead>
          <tbody>
            {coverage
              .toSorted((a, b) => a.percent - b.percent)
              .map(({ file, percent, missed }) => (
                <tr key={file}>
                  <td class="mono">{file}</td>
                  <td class="right number">{percent.toFixed(0)} %</td>
                  <td class="number quiet">
                    {missed.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ')}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}
