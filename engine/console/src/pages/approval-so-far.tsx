import type { JSX } from 'preact'
import { bytesText, counted } from '../amount-text.ts'
import type { ApprovalPage, Counts, ExchangeLine } from '../api/shapes.ts'
import { Effect, Marked, Time } from '../views/texts.tsx'

/** What the run and the session did before they asked. */
export function SoFar({ approval }: { readonly approval: ApprovalPage }): JSX.Element | null {
  const { run, session_so_far: session } = approval
  if (run === null && session === null) return null
  return (
    <section class="stack-s">
      <h3>So far</h3>
      {run === null ? null : (
        <p>
          <a href={`/runs/${encodeURIComponent(run.id)}`}>
            Run <Marked text={run.id} />
          </a>
          <span class="quiet">
            , as it says of itself: {counted(run.sessions, 'session')}, {told(run)}
          </span>
        </p>
      )}
      {run === null || run.recent.length === 0 ? null : <RunSoFar run={run} />}
      {session === null ? null : (
        <>
          <p class="quiet">This session: {told(session)}</p>
          {session.recent === null || (run !== null && run.recent.length > 0) ? null : (
            <Recent exchanges={session.recent} here={approval.exchange} />
          )}
        </>
      )}
    </section>
  )
}

function told({ requests, denied, rows, bytes, tokens }: Counts): string {
  return [
    counted(requests, 'request'),
    ...(denied > 0 ? [`${denied} denied`] : []),
    counted(rows, 'row'),
    bytesText(bytes),
    ...(tokens > 0 ? [counted(tokens, 'token')] : []),
  ].join(', ')
}

/** Over all targets, so that reading here and writing there is seen as one story. */
function RunSoFar({ run }: { readonly run: NonNullable<ApprovalPage['run']> }): JSX.Element {
  return (
    <ol class="recent" aria-label="The run so far">
      {run.recent.map((line) => (
        <li key={line.exchange}>
          <span class="quiet small">
            <Time at={line.at} />
          </span>
          <span class="badge bare">{line.target}</span>
          <span class="mono">
            <Marked text={line.summary} />
          </span>
          <span class="end">
            <Effect effect={line.effect} masked={line.masked} />
          </span>
        </li>
      ))}
      <li class="here">
        <span class="quiet small">now</span> <b>what is asked here</b>
      </li>
    </ol>
  )
}

function Recent({
  exchanges,
  here,
}: {
  readonly exchanges: readonly ExchangeLine[]
  readonly here: string
}): JSX.Element {
  return (
    <ol class="recent">
      {exchanges.map((line) => (
        <li key={line.exchange} class={line.exchange === here ? 'here' : ''}>
          <span class="quiet small">
            <Time at={line.at} />
          </span>
          <span class="mono">
            {line.action} <span class="quiet">{line.relations.join(', ')}</span>
          </span>
          <span class="end">
            <Effect effect={line.effect} masked={line.masked} />
          </span>
        </li>
      ))}
    </ol>
  )
}
