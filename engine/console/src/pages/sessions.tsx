import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { countText, subjectName } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { SessionLine, TargetLine } from '../api/shapes.ts'
import { sessionChanges } from '../live-sessions.ts'
import { go, place } from '../location.ts'
import type { Query } from '../query.ts'
import { Empty } from '../views/empty.tsx'
import { Export } from '../views/export.tsx'
import { useKeys } from '../views/keys.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Ago, Exact, State, Subject } from '../views/texts.tsx'
import { FilterBar } from './filter-bar.tsx'

const pageSize = 100

/** Who is connected, and who was. */
export function Sessions(): JSX.Element {
  const { query } = place.value
  const all = query['state'] === 'all'
  const targets = useResource((signal) => get<readonly TargetLine[]>('/v1/targets', {}, signal), [])
  const sessions = useResource(
    (signal) => get<readonly SessionLine[]>('/v1/sessions', all ? { all } : {}, signal),
    [all, sessionChanges.value],
  )
  const names = targets.kind === 'there' ? targets.value.map(({ name }) => [name, name] as const) : []
  return (
    <>
      <div class="head">
        <h1>Sessions</h1>
      </div>
      <FilterBar
        placeholder="Search who, what, from where"
        choices={[
          {
            name: 'state',
            label: 'Which sessions',
            options: [
              ['', 'Open'],
              ['all', 'Open and over'],
            ],
          },
          { name: 'target', label: 'Target', options: [['', 'All targets'], ...names] },
        ]}
      />
      <Shown of={sessions}>{(lines) => <List lines={chosen(lines, query)} all={all} />}</Shown>
    </>
  )
}

/** Newest first. */
function chosen(
  lines: readonly SessionLine[],
  { text = '', target, subject }: Query,
): readonly SessionLine[] {
  const sought = text.toLowerCase()
  const holds = (line: SessionLine): boolean =>
    [line.id, line.subject, line.on_behalf_of, line.target, line.client_ip, line.application, line.run].some(
      (each) => each?.toLowerCase().includes(sought),
    )
  return lines
    .filter(
      (line) =>
        (target === undefined || line.target === target) &&
        (subject === undefined || line.subject === subject) &&
        (sought === '' || holds(line)),
    )
    .toReversed()
}

const columns = [
  'id',
  'state',
  'subject',
  'on_behalf_of',
  'target',
  'protocol',
  'client_ip',
  'application',
  'run',
  'opened_at',
  'requests',
  'denied',
  'rows',
  'bytes',
] as const

function List({
  lines,
  all,
}: {
  readonly lines: readonly SessionLine[]
  readonly all: boolean
}): JSX.Element {
  const [most, setMost] = useState(pageSize)
  const [at, setAt] = useState(-1)
  const move = (by: number): void => setAt(Math.max(0, Math.min(lines.length - 1, at + by)))
  useKeys([
    { key: 'j', does: 'The next session', press: () => move(1) },
    { key: 'k', does: 'The one before', press: () => move(-1) },
    {
      key: 'Enter',
      does: 'Open it',
      press: () => lines[at] !== undefined && go(`/sessions/${lines[at].id}`),
    },
  ])
  if (lines.length === 0)
    return (
      <section class="card">
        <Empty
          icon="sessions"
          title={all ? 'No session fits' : 'Nobody is connected'}
          command={'PGPASSWORD=$(npx sluice token) psql "postgresql://any@127.0.0.1:7432/shop"'}
        >
          A session is one authenticated caller on one target, from its first message to its end. Open one:
        </Empty>
      </section>
    )
  return (
    <section class="card" aria-label="Sessions">
      <div class="scroll">
        <table class="list">
          <thead>
            <tr>
              <th>Who</th>
              <th>Target</th>
              <th>State</th>
              <th class="wide">Application</th>
              <th class="wide">From</th>
              <th>Opened</th>
              <th class="right">Requests</th>
              <th class="right wide">Denied</th>
              <th class="right wide">Rows</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, most).map((line, index) => (
              <tr key={line.id} {...(index === at ? { 'aria-selected': true } : {})}>
                <td>
                  <a href={`/sessions/${line.id}`}>
                    <Subject id={line.subject} behalf={line.on_behalf_of} />
                  </a>
                </td>
                <td>{line.target}</td>
                <td>
                  <State state={line.state} />
                </td>
                <td class="wide cut quiet">
                  <Exact text={line.application ?? ''} />
                </td>
                <td class="wide quiet number">{line.client_ip}</td>
                <td class="quiet">
                  <Ago at={line.opened_at} />
                </td>
                <td class="right">{countText(line.requests)}</td>
                <td class={line.denied > 0 ? 'right wide denied' : 'right wide quiet'}>
                  {countText(line.denied)}
                </td>
                <td class="right wide quiet">{countText(line.rows)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="card-body row">
        <span class="quiet small number">
          {countText(Math.min(most, lines.length))} of {countText(lines.length)}
        </span>
        {lines.length > most ? (
          <button class="button small" type="button" onClick={() => setMost(most + pageSize)}>
            Show more
          </button>
        ) : null}
        <span class="end row">
          <Export
            name={`sessions-${subjectName(lines[0]?.target ?? '')}`}
            header={columns}
            rows={() => lines.map((line) => columns.map((column) => line[column]))}
          />
        </span>
      </div>
    </section>
  )
}
