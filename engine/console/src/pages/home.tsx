import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { countText, shortId, subjectName } from '../amount-text.ts'
import { decisions, feeding, followActivity, skipped } from '../activity.ts'
import { get } from '../api/client.ts'
import type { Readiness } from '../api/shapes.ts'
import type { Decision } from '../feed.ts'
import { needsMe, waiting } from '../inbox.ts'
import { exchangePath, go } from '../location.ts'
import { grouped, summaryOf } from '../statistics.ts'
import { ticking } from '../ticking.ts'
import { latencyText } from '../time-text.ts'
import { is } from '../who.ts'
import { Empty } from '../views/empty.tsx'
import { Icon } from '../views/icon.tsx'
import { useKeys } from '../views/keys.tsx'
import { useResource } from '../views/resource.tsx'
import { Strip } from '../views/strip.tsx'
import { Badge, Countdown, Effect, Exact, Marked, Subject, Time } from '../views/texts.tsx'

const spanMs = 5 * 60_000
const feedShown = 40
const healthEveryMs = 15_000

/** What happens now, and what needs somebody. */
export function Home(): JSX.Element {
  useEffect(() => {
    const leaving = new AbortController()
    void followActivity(leaving.signal)
    return () => leaving.abort()
  }, [])
  return (
    <>
      <div class="head">
        <h1>{titleOf(needsMe.value.length, waiting.value.length)}</h1>
        <div class="actions">
          <Health />
        </div>
      </div>
      <div class="stack">
        <Needs />
        <Figures />
        <Strips />
        <Latest />
      </div>
    </>
  )
}

function titleOf(mine: number, all: number): string {
  if (mine > 0) return mine === 1 ? 'One request waits for you' : `${mine} requests wait for you`
  if (all === 0) return 'Nothing waits'
  return all === 1 ? 'One request waits for an approver' : `${all} requests wait for approvers`
}

function Needs(): JSX.Element | null {
  const lines = needsMe.value.length > 0 ? needsMe.value : waiting.value
  const [first] = lines
  useKeys(
    first === undefined
      ? []
      : [{ key: 'a', does: 'Open what waits', press: () => go(`/approvals/${first.id}`) }],
  )
  if (lines.length === 0) return null
  return (
    <section class={needsMe.value.length > 0 ? 'card needs mine' : 'card needs'} aria-label="What waits">
      <ul class="inbox-lines">
        {lines.slice(0, 5).map((line) => (
          <li key={line.id}>
            <a class="inbox-line" href={`/approvals/${line.id}`}>
              <span class="inbox-top">
                <b>{line.action}</b>
                <span class="quiet">
                  on {line.target}, asked by <Subject id={line.subject} />
                </span>
                <span class="end">
                  {line.caller_waits === false ? <Badge meaning="none">caller gone</Badge> : null}
                  <Countdown until={line.expires_at} />
                </span>
              </span>
              <span class="inbox-statement mono">
                {line.statement === null ? null : <Marked text={line.statement.slice(0, 240)} />}
              </span>
            </a>
          </li>
        ))}
      </ul>
      {lines.length > 5 ? (
        <p class="more">
          <a href="/approvals">All {lines.length} that wait</a>
        </p>
      ) : null}
    </section>
  )
}

function Health(): JSX.Element {
  const turn = Math.floor(ticking.value / healthEveryMs)
  const readiness = useResource((signal) => get<Readiness>('/readyz', {}, signal), [turn])
  if (readiness.kind === 'wrong') return <Badge meaning="deny">{readiness.why}</Badge>
  if (readiness.kind === 'waiting') return <Badge meaning="none">asking</Badge>
  const wrong = Object.entries(readiness.value.checks).filter(([, fine]) => !fine)
  return (
    <>
      {wrong.map(([name]) => (
        <Badge meaning="deny">{name} not well</Badge>
      ))}
      {wrong.length === 0 ? <Badge meaning="allow">log, listeners and policies are well</Badge> : null}
    </>
  )
}

function Figures(): JSX.Element | null {
  if (decisions.value.length === 0) return null
  const { allowed, masked, denied, held, medianMs, p95Ms } = summaryOf(
    decisions.value,
    ticking.value - spanMs,
  )
  const figures: readonly (readonly [string, ComponentChildren])[] = [
    ['allowed', countText(allowed)],
    ['masked', countText(masked)],
    ['denied', countText(denied)],
    ['held', countText(held)],
    ['median answer', medianMs === null ? '–' : latencyText(medianMs)],
    ['95th percentile', p95Ms === null ? '–' : latencyText(p95Ms)],
  ]
  return (
    <section aria-label="The last five minutes">
      <div class="figures">
        {figures.map(([name, value]) => (
          <div class="figure" key={name}>
            <b>{value}</b>
            <span>{name}</span>
          </div>
        ))}
      </div>
    </section>
  )
}

function Strips(): JSX.Element | null {
  const [by, setBy] = useState<'target' | 'run'>('target')
  const recent = decisions.value.filter(({ time }) => time >= ticking.value - spanMs)
  const groups = [
    ...grouped(recent, (each) =>
      by === 'target' ? each.target || shortId(each.session) : (each.run ?? 'no run'),
    ),
  ]
  if (recent.length === 0) return null
  return (
    <section class="card" aria-label="Decisions of the last five minutes">
      <header>
        <h2>The last five minutes</h2>
        <span class="end row" role="group" aria-label="Lines">
          <button
            class="plain small"
            type="button"
            aria-pressed={by === 'target'}
            onClick={() => setBy('target')}
          >
            by target
          </button>
          <button class="plain small" type="button" aria-pressed={by === 'run'} onClick={() => setBy('run')}>
            by run
          </button>
        </span>
      </header>
      <div class="card-body strips">
        {groups.slice(0, 8).map(([name, group]) => (
          <StripLine key={name} name={name} group={group} run={by === 'run' && name !== 'no run'} />
        ))}
        <p class="legend small quiet">
          <Badge meaning="allow">allowed</Badge>
          <Badge meaning="mask">masked</Badge>
          <Badge meaning="hold">held</Badge>
          <Badge meaning="deny">denied</Badge>
          <span class="end">now</span>
        </p>
      </div>
    </section>
  )
}

function StripLine({
  name,
  group,
  run,
}: {
  readonly name: string
  readonly group: readonly Decision[]
  readonly run: boolean
}): JSX.Element {
  const grave = group.filter(({ effect }) => effect !== 'allow').length
  return (
    <div class="strip-line">
      <a href={run ? `/runs/${encodeURIComponent(name)}` : `/exchanges?target=${encodeURIComponent(name)}`}>
        <Exact text={name} />
      </a>
      <Strip decisions={group} spanMs={spanMs} />
      <span class="number small quiet">
        {countText(group.length)}
        <span class="unseen"> requests, {grave} denied or held</span>
      </span>
    </div>
  )
}

function Latest(): JSX.Element {
  const [paused, setPaused] = useState<readonly Decision[] | null>(null)
  const pause = (): void => setPaused(paused === null ? decisions.value : null)
  useKeys([{ key: ' ', does: paused === null ? 'Hold the feed still' : 'Let the feed run', press: pause }])
  const shown = (paused ?? decisions.value).slice(0, feedShown)
  if (shown.length === 0)
    return (
      <section class="card">
        <Empty
          icon="exchanges"
          title={feeding.value === 'live' ? 'Nothing was asked in the last minutes' : 'Listening'}
          command="npm run example"
        >
          {is('auditor')
            ? 'Every request of an AI application appears here the moment it is decided. Let the demo’s application ask something:'
            : 'Requests of your own sessions appear here the moment they are decided. Auditors see those of everybody.'}
        </Empty>
      </section>
    )
  return (
    <section class="card" aria-label="Latest requests">
      <header>
        <h2>Latest</h2>
        {skipped.value > 0 ? (
          <span class="quiet">{countText(skipped.value)} more passed than could be told</span>
        ) : null}
        <span class="end">
          <button class="button small" type="button" aria-pressed={paused !== null} onClick={pause}>
            <Icon name={paused === null ? 'pause' : 'play'} /> {paused === null ? 'Pause' : 'Go on'}
          </button>
        </span>
      </header>
      <div class="scroll" tabIndex={0}>
        <table class="list feed">
          <thead class="unseen">
            <tr>
              <th>Time</th>
              <th>Decision</th>
              <th>Request</th>
              <th>Rule</th>
              <th>Who</th>
              <th>Took</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={each.exchange}>
                <td class="quiet small">
                  <Time at={each.at} />
                </td>
                <td>
                  <Effect effect={each.effect} masked={each.masked} />
                </td>
                <td class="cut">
                  <a class="mono calm" href={exchangePath(each)}>
                    <Exact text={each.summary || 'request'} />
                  </a>
                  <span class="quiet"> on {each.target || shortId(each.session)}</span>
                </td>
                <td class="wide">
                  <span class="rule">{each.rule}</span>
                </td>
                <td class="wide quiet">
                  <Exact text={subjectName(each.subject)} />
                </td>
                <td class="right quiet small">
                  {each.micros === null ? '' : latencyText(each.micros / 1_000)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
