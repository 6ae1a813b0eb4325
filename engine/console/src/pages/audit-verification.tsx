import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { countText } from '../amount-text.ts'
import { get, send } from '../api/client.ts'
import type { VerificationJob, VerificationPage } from '../api/operations.ts'
import type { Meaning } from '../meaning.ts'
import { ticking } from '../ticking.ts'
import { spanText } from '../time-text.ts'
import { is } from '../who.ts'
import { ExportList } from '../views/export.tsx'
import { useKeys } from '../views/keys.tsx'
import { messageOf, Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Exact, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'

const everyMs = 10_000
const whileRunningMs = 1_000

/** Whether the record is whole, as far as this gateway looked; and where else it is known how far it went. */
export function Verification(): JSX.Element {
  const [times, setTimes] = useState(0)
  const [busy, setBusy] = useState(false)
  const page = useLive(
    (signal) => get<VerificationPage>('/v1/verifications', {}, signal),
    [times],
    busy ? whileRunningMs : everyMs,
  )
  const running = page.kind === 'there' && page.value.verifications.some(({ state }) => state === 'running')
  if (page.kind === 'there' && running !== busy) setBusy(running)
  const start = async (): Promise<void> => {
    try {
      await send<VerificationJob>('POST', '/v1/verifications', {})
    } catch (error) {
      say(messageOf(error), true)
    }
    setTimes(times + 1)
  }
  const stop = async (id: string): Promise<void> => {
    await send('DELETE', `/v1/verifications/${id}`, {}).catch((error: unknown) => say(messageOf(error), true))
    setTimes(times + 1)
  }
  useKeys(
    is('auditor') && !running ? [{ key: 'v', does: 'Verify the record', press: () => void start() }] : [],
  )
  return (
    <section class="card verification" aria-label="Verification">
      <header>
        <h2>Is it whole?</h2>
        {page.kind === 'there' ? <Now job={page.value.verifications[0]} /> : null}
        {is('auditor') ? (
          <span class="end">
            <button class="button small" type="button" disabled={running} onClick={() => void start()}>
              Verify now <kbd>v</kbd>
            </button>
          </span>
        ) : null}
      </header>
      <div class="card-body stack-s">
        <Shown of={page}>
          {({ verifications, checkpoints }) => (
            <>
              <Latest job={verifications[0]} stop={(id) => void stop(id)} />
              <Checkpoints checkpoints={checkpoints} />
              <Before jobs={verifications.slice(1)} />
            </>
          )}
        </Shown>
        <p class="quiet small">
          A gateway is no witness of itself. <code>npx sluice audit verify</code> reads the log without any,
          and <code>--checkpoints</code> holds it against what was kept elsewhere.
        </p>
      </div>
    </section>
  )
}

function meaningOf({ state, report }: VerificationJob): readonly [Meaning, string] {
  switch (state) {
    case 'running':
      return ['hold', 'being read']
    case 'done':
      return report?.ok === true ? ['allow', 'whole'] : ['deny', 'not whole']
    case 'failed':
      return ['deny', 'not verified']
    case 'stopped':
      return ['none', 'stopped']
  }
}

function Now({ job }: { readonly job: VerificationJob | undefined }): JSX.Element {
  if (job === undefined) return <Badge meaning="none">not verified since the start</Badge>
  const [meaning, text] = meaningOf(job)
  return <Badge meaning={meaning}>{text}</Badge>
}

function Latest({
  job,
  stop,
}: {
  readonly job: VerificationJob | undefined
  readonly stop: (id: string) => void
}): JSX.Element {
  if (job === undefined)
    return (
      <p class="note">
        Verifying reads every event once more and checks what holds the record together: the hash that chains
        each to the one before, the signatures of the gateways, and that neither beginning nor end is missing.
        It runs in the background; requests go before it.
      </p>
    )
  const { id, state, by, started_at, ended_at, events, percent, report, error } = job
  if (state === 'running')
    return (
      <div class="row" role="status">
        <progress max={100} value={percent} aria-label="Read so far" />
        <span class="number">
          {percent} %, {countText(events)} events
        </span>
        <span class="quiet small">
          for {spanText(ticking.value - Date.parse(started_at))}, asked by <Subject id={by} />
        </span>
        {is('auditor') ? (
          <button class="button small" type="button" onClick={() => stop(id)}>
            Stop
          </button>
        ) : null}
      </div>
    )
  return (
    <>
      <p>
        {report === null ? null : (
          <>
            <b class="number">{countText(report.events)}</b> events in{' '}
            <b class="number">{countText(report.streams)}</b> streams
            {report.removed > 0 ? `, ${countText(report.removed)} removed by retention, as signed` : ''}
            {report.unknown > 0 ? `, ${countText(report.unknown)} of a newer version` : ''}.{' '}
          </>
        )}
        <span class="quiet">
          <Ago at={ended_at ?? started_at} />, by <Subject id={by} />
          {ended_at === null ? null : `; it took ${spanText(Date.parse(ended_at) - Date.parse(started_at))}`}
        </span>
      </p>
      {error === null ? null : (
        <p class="note deny">
          <Exact text={error} />
        </p>
      )}
      {report === null || report.ok ? null : <Found findings={report.findings} />}
    </>
  )
}

const columns = ['segment', 'offset', 'stream', 'seq', 'what'] as const

function Found({ findings }: Pick<NonNullable<VerificationJob['report']>, 'findings'>): JSX.Element {
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Findings">
        <table class="list plain-table">
          <thead>
            <tr>
              <th>Where</th>
              <th>Event</th>
              <th>What</th>
            </tr>
          </thead>
          <tbody>
            {findings.map((each) => (
              <tr key={JSON.stringify(each)}>
                <td class="mono small">
                  <Exact text={each.segment} /> at {countText(each.offset)}
                </td>
                <td class="mono small">
                  {each.stream === null ? '' : <Exact text={`${each.stream} #${each.seq ?? ''}`} />}
                </td>
                <td>
                  <Exact text={each.what} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="row">
        <span class="end row">
          <ExportList name="findings" columns={columns} lines={findings} />
        </span>
      </div>
    </>
  )
}

function Checkpoints({ checkpoints }: Pick<VerificationPage, 'checkpoints'>): JSX.Element {
  if (checkpoints.length === 0)
    return (
      <p class="note">
        Checkpoints are kept nowhere else: whoever owns this machine could cut the end off. Name a place in{' '}
        <code>log.checkpoints</code>.
      </p>
    )
  return (
    <div>
      <h3>Kept elsewhere</h3>
      <ul class="findings">
        {checkpoints.map(({ name, kept_at, trouble }) => (
          <li key={name}>
            <Badge meaning={trouble !== null ? 'deny' : kept_at === null ? 'none' : 'allow'}>
              {trouble !== null ? 'not kept' : kept_at === null ? 'nothing yet' : 'kept'}
            </Badge>
            <span class="mono small breakable">
              <Exact text={name} />
            </span>
            <span class="finding-text quiet small">
              {kept_at === null ? null : <Ago at={kept_at} />}
              {trouble === null ? null : (
                <>
                  {' '}
                  <Exact text={trouble} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Before({ jobs }: { readonly jobs: readonly VerificationJob[] }): JSX.Element | null {
  if (jobs.length === 0) return null
  return (
    <details class="similar">
      <summary>Before that</summary>
      <ul class="findings">
        {jobs.map((job) => {
          const [meaning, text] = meaningOf(job)
          return (
            <li key={job.id}>
              <Badge meaning={meaning}>{text}</Badge>
              <span class="quiet small">
                <Ago at={job.started_at} />, by <Subject id={job.by} />, {countText(job.events)} events
              </span>
            </li>
          )
        })}
      </ul>
    </details>
  )
}
