import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { counted, countText, subjectName } from '../amount-text.ts'
import { get, send } from '../api/client.ts'
import type { Finding, WhatIfJob, WhatIfReport } from '../api/shapes.ts'
import { now } from '../clock.ts'
import { sinceMs } from '../query.ts'
import { messageOf } from '../views/resource.tsx'
import { Effect, Exact } from '../views/texts.tsx'

export interface WhatIfProps {
  readonly files: Readonly<Record<string, string>>
  readonly found: (findings: readonly Finding[]) => void
}

const periods = [
  ['1h', 'the last hour'],
  ['24h', 'the last day'],
  ['7d', 'the last week'],
  ['30d', 'the last 30 days'],
] as const

const askEveryMs = 700

/** Judges what was recorded once more, by these files: what would have been decided otherwise. */
export function WhatIf({ files, found }: WhatIfProps): JSX.Element {
  const [period, setPeriod] = useState<string>('24h')
  const [job, setJob] = useState<WhatIfJob | null>(null)
  const [wrong, setWrong] = useState('')
  const running = job?.state === 'running'
  useEffect(() => {
    if (job === null || !running) return undefined
    const timer = setTimeout(() => {
      get<WhatIfJob>(`/v1/policies/what-if/${job.id}`).then(setJob, (error: unknown) =>
        setWrong(messageOf(error)),
      )
    }, askEveryMs)
    return () => clearTimeout(timer)
  }, [job])
  useEffect(() => found(job?.findings ?? []), [job?.findings])
  const begin = async (): Promise<void> => {
    setWrong('')
    const since = sinceMs(period, now())
    try {
      setJob(
        await send<WhatIfJob>('POST', '/v1/policies/what-if', {
          files,
          ...(since === undefined ? {} : { since_ms: since }),
        }),
      )
    } catch (error) {
      setWrong(messageOf(error))
    }
  }
  return (
    <div class="stack-s what-if">
      <div class="row">
        <h3>What if they had been in force</h3>
        <select
          class="input speed"
          aria-label="Period"
          value={period}
          onChange={(event) => setPeriod(event.currentTarget.value)}
        >
          {periods.map(([value, name]) => (
            <option value={value}>{name}</option>
          ))}
        </select>
        <button class="button small" type="button" disabled={running} onClick={() => void begin()}>
          Judge again
        </button>
        <span class="quiet small number" role="status">
          {running ? `${countText(job.decided)} judged so far …` : (job?.error ?? wrong)}
        </span>
      </div>
      {job?.report == null ? null : <Report report={job.report} />}
    </div>
  )
}

const groupsShown = 50

function Report({ report }: { readonly report: WhatIfReport }): JSX.Element {
  const { decisions, changed, groups, maskedMore, maskedLess, approvals, without } = report
  return (
    <div class="stack-s">
      <p>
        <b>{changed === 0 ? 'Nothing would change.' : `${counted(changed, 'decision')} would change.`}</b>{' '}
        <span class="quiet">{counted(decisions, 'decision')} judged again.</span>
      </p>
      {groups.length === 0 ? null : (
        <div class="scroll" tabIndex={0} role="region" aria-label="What would change">
          <table class="list">
            <thead>
              <tr>
                <th class="right">Decisions</th>
                <th>From</th>
                <th>To</th>
                <th>Rule</th>
                <th>Who</th>
                <th>Action</th>
              </tr>
            </thead>
            <tbody>
              {groups.slice(0, groupsShown).map((group) => (
                <tr key={JSON.stringify(group)}>
                  <td class="right">{countText(group.decisions)}</td>
                  <td>
                    <Effect effect={group.before.effect} />
                  </td>
                  <td>
                    <Effect effect={group.after.effect} />
                  </td>
                  <td>
                    <span class="rule">{group.before.rule}</span>
                    {group.before.rule === group.after.rule ? null : (
                      <>
                        {' → '}
                        <span class="rule">{group.after.rule}</span>
                      </>
                    )}
                  </td>
                  <td>
                    <Exact text={subjectName(group.subject)} />
                  </td>
                  <td class="mono">
                    {group.action} <span class="quiet">on {group.target}</span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {maskedMore.map(({ column, decisions: times }) => (
        <p class="small">
          <span class="mono">{column}</span> would be masked in {counted(times, 'decision')} more.
        </p>
      ))}
      {maskedLess.map(({ column, decisions: times }) => (
        <p class="small denied">
          <span class="mono">{column}</span> would no longer be masked in {counted(times, 'decision')}.
        </p>
      ))}
      {approvals.map(({ rule, approvers, decisions: times }) => (
        <p class="small">
          <span class="rule">{rule}</span> would have asked {approvers.join(', ')} {countText(times)} times.
        </p>
      ))}
      {without.values + without.facts === 0 ? null : (
        <p class="small quiet">
          {without.values} were judged without values, and {without.facts} without facts of run and subject,
          which the log keeps sealed or never had.
        </p>
      )}
    </div>
  )
}
