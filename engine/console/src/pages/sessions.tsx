import type { JSX } from 'preact'
import { countText } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { SessionPage } from '../api/shapes.ts'
import { sessionChanges } from '../live-sessions.ts'
import { filter, go, place } from '../location.ts'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { useLineKeys } from '../views/keys.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Ago, Exact, State, Subject } from '../views/texts.tsx'
import { FilterBar, useTargetChoice, type Choice } from './filter-bar.tsx'

const pageSize = 50

/** Who is connected, and who was: page by page, in the order that is asked for. */
export function Sessions(): JSX.Element {
  const { query } = place.value
  const { state = 'open', target, subject, run, text, sort, before: after } = query
  const targets = useTargetChoice()
  const wanted = {
    target,
    subject,
    run,
    text,
    sort,
    after,
    state: state === 'all' ? undefined : state,
    last: pageSize,
  }
  const asked = JSON.stringify(wanted)
  const page = useResource(
    async (signal) => ({ asked, ...(await get<SessionPage>('/v1/sessions/search', wanted, signal)) }),
    [asked, sessionChanges.value],
  )
  return (
    <>
      <div class="head">
        <h1>Sessions</h1>
      </div>
      <FilterBar
        placeholder="Search who, what, from where"
        choices={[
          { name: 'state', label: 'Which sessions', options: states },
          targets,
          { name: 'sort', label: 'Order', options: orders },
        ]}
      />
      <Shown of={page}>
        {(found) => (
          <div class="answer" aria-busy={found.asked !== asked}>
            <List page={found} first={after === undefined} />
          </div>
        )}
      </Shown>
    </>
  )
}

const states: Choice['options'] = [
  ['', 'Open'],
  ['all', 'Open and over'],
  ['closed', 'Over'],
  ['lost', 'Lost with their gateway'],
]

const orders: Choice['options'] = [
  ['', 'Newest first'],
  ['requests', 'Most requests'],
  ['denied', 'Most denied'],
  ['rows', 'Most rows'],
  ['bytes', 'Most bytes'],
  ['tokens', 'Most tokens'],
]

/** Nobody counts further. */
const totalMax = 10_000

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

function List({ page, first }: { readonly page: SessionPage; readonly first: boolean }): JSX.Element {
  const { sessions: lines, total, next } = page
  const at = useLineKeys(lines.length, 'session', (chosen) => {
    const line = lines[chosen]
    if (line !== undefined) go(`/sessions/${line.id}`)
  })
  if (lines.length === 0)
    return (
      <section class="card">
        <Empty
          icon="sessions"
          title={Object.keys(place.value.query).length > 0 ? 'No session fits' : 'Nobody is connected'}
          command={'PGPASSWORD=$(npx sluice token) psql "postgresql://any@127.0.0.1:7432/shop"'}
        >
          A session is one authenticated caller on one target, from its first message to its end. Open one:
        </Empty>
      </section>
    )
  return (
    <section class="card" aria-label="Sessions">
      <div class="scroll" tabIndex={0}>
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
            {lines.map((line, index) => (
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
          {countText(lines.length)} of {total === totalMax ? 'more than ' : ''}
          {countText(total)}
        </span>
        {first ? null : (
          <button class="button small" type="button" onClick={() => filter({ before: undefined })}>
            First page
          </button>
        )}
        {next === null ? null : (
          <button class="button small" type="button" onClick={() => filter({ before: next })}>
            Next page
          </button>
        )}
        <span class="end row">
          <ExportList name="sessions" columns={columns} lines={lines} />
        </span>
      </div>
    </section>
  )
}
