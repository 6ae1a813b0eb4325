import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { get, send } from '../api/client.ts'
import type { Agent, AgentConnection } from '../api/operations.ts'
import { place } from '../location.ts'
import type { Meaning } from '../meaning.ts'
import { is } from '../who.ts'
import { Id } from '../views/copy.tsx'
import { Ask } from '../views/dialog.tsx'
import { Empty } from '../views/empty.tsx'
import { Export } from '../views/export.tsx'
import { Facts } from '../views/facts.tsx'
import { useKeys, useLineKeys } from '../views/keys.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Countdown, Exact, Subject } from '../views/texts.tsx'
import { say } from '../views/toast.tsx'
import { Enrol } from './agent-enrol.tsx'
import { FilterBar, type Choice } from './filter-bar.tsx'

const everyMs = 5_000

/** By whom private networks are reached: where they are connected, and who may come. */
export function Agents(): JSX.Element {
  const [times, setTimes] = useState(0)
  const [enrolling, setEnrolling] = useState(false)
  const { text = '', state = '' } = place.value.query
  const agents = useLive((signal) => get<readonly Agent[]>('/v1/agents', {}, signal), [times], everyMs)
  useKeys(is('admin') ? [{ key: 'n', does: 'Enrol an agent', press: () => setEnrolling(true) }] : [])
  return (
    <>
      <div class="head">
        <h1>Agents</h1>
        {is('admin') ? (
          <div class="actions">
            <button class="button main" type="button" onClick={() => setEnrolling(true)}>
              Enrol an agent <kbd>n</kbd>
            </button>
          </div>
        ) : null}
        <p>
          An agent runs in a private network and dials out. Targets that say <code>via</code> are reached
          through it; it holds no credential and passes what is encrypted between gateway and target.
        </p>
      </div>
      <FilterBar placeholder="Search name, address, allowed" choices={[states]} />
      <Shown of={agents}>
        {(lines) => (
          <List
            lines={lines
              .filter(
                (line) =>
                  fits(line, state) && JSON.stringify(line).toLowerCase().includes(text.toLowerCase()),
              )
              .toReversed()}
            none={lines.length === 0}
            again={() => setTimes(times + 1)}
          />
        )}
      </Shown>
      {enrolling ? (
        <Enrol
          done={() => setTimes(times + 1)}
          close={() => {
            setEnrolling(false)
            setTimes(times + 1)
          }}
        />
      ) : null}
    </>
  )
}

const states: Choice = {
  name: 'state',
  label: 'Which agents',
  options: [
    ['', 'Enrolled and invited'],
    ['connected', 'Connected'],
    ['all', 'All that ever were'],
  ],
}

function fits({ state, connections }: Agent, wanted: string): boolean {
  if (wanted === 'all') return true
  if (wanted === 'connected') return connections.length > 0
  return state === 'enrolled' || state === 'invited'
}

const columns = [
  'id',
  'name',
  'state',
  'enrolled_at',
  'gateway',
  'client_ip',
  'version',
  'since',
  'heard_at',
  'certificate_until',
  'streams',
  'allows',
] as const

/** An agent as often as it is connected, or once. */
function rowsOf({ id, name, state, enrolled_at, connections }: Agent): readonly (readonly unknown[])[] {
  const of = [id, name, state, enrolled_at]
  if (connections.length === 0) return [[...of, null, null, null, null, null, null, null, null]]
  return connections.map((each) => [
    ...of,
    each.gateway,
    each.client_ip,
    each.version,
    each.since,
    each.heard_at,
    each.certificate_until,
    each.streams,
    each.allows,
  ])
}

function List({
  lines,
  none,
  again,
}: {
  readonly lines: readonly Agent[]
  readonly none: boolean
  readonly again: () => void
}): JSX.Element {
  const [removing, setRemoving] = useState<Agent | null>(null)
  const at = useLineKeys(lines.length, 'agent', (chosen) => {
    if (is('admin')) setRemoving(lines[chosen] ?? null)
  })
  const remove = async (reason: string): Promise<void> => {
    await send('DELETE', `/v1/agents/${removing?.id ?? ''}`, { reason })
    say(`${removing?.name ?? ''} was removed; its connections have ended.`)
    again()
  }
  if (lines.length === 0)
    return (
      <section class="card">
        <Empty
          icon="agents"
          title={none ? 'No agent has enrolled' : 'No agent fits'}
          {...(none ? { command: teaching } : {})}
        >
          For a database that this gateway cannot reach: enrol an agent, start it where the database is, and
          name it at the target with <code>via</code>.
        </Empty>
      </section>
    )
  return (
    <>
      <ul class="agents">
        {lines.map((agent, index) => (
          <li key={agent.id}>
            <Card agent={agent} selected={index === at} remove={() => setRemoving(agent)} />
          </li>
        ))}
      </ul>
      <div class="row list-foot">
        <span class="end row">
          <Export name="agents" header={columns} rows={() => lines.flatMap(rowsOf)} />
        </span>
      </div>
      {removing === null ? null : (
        <Ask
          title={`Remove ${removing.name}?`}
          verb="Remove"
          dangerous
          act={remove}
          close={() => setRemoving(null)}
        >
          Its connections end at once, at every gateway, with what goes through them. To have it back, it
          enrols anew.
        </Ask>
      )}
    </>
  )
}

const teaching =
  'npx sluice agents enrol vpc > token\nnpx sluice agent --gateway sluice.example:7444 \\\n  --allow db.internal:5432 --token-file token'

function standing({ state, connections }: Agent): readonly [Meaning, string] {
  if (connections.length > 0)
    return ['allow', connections.length === 1 ? 'connected' : `connected ${connections.length}×`]
  if (state === 'enrolled') return ['deny', 'not connected']
  return state === 'invited' ? ['hold', 'invited'] : ['none', state]
}

function Card({
  agent,
  selected,
  remove,
}: {
  readonly agent: Agent
  readonly selected: boolean
  readonly remove: () => void
}): JSX.Element {
  const { id, name, state, connections, invited_at, invited_by, expires_at, enrolled_at } = agent
  const [meaning, text] = standing(agent)
  return (
    <section class={selected ? 'card agent chosen-card' : 'card agent'} aria-label={name}>
      <header>
        <h2>
          <Exact text={name} />
        </h2>
        <Badge meaning={meaning}>{text}</Badge>
        <Id id={id} />
        <span class="end row">
          <a class="small" href={`/targets?text=${encodeURIComponent(name)}`}>
            Targets
          </a>
          {is('admin') && (state === 'enrolled' || state === 'invited') ? (
            <button class="button small danger" type="button" onClick={remove}>
              Remove
            </button>
          ) : null}
        </span>
      </header>
      <div class="card-body stack-s">
        {connections.map((connection) => (
          <Connected key={connection.id} connection={connection} />
        ))}
        <p class="quiet small">
          invited <Ago at={invited_at} /> by <Subject id={invited_by} />
          {enrolled_at === null ? (
            state === 'invited' ? (
              <>
                ; its token is good for <Countdown until={expires_at} />
              </>
            ) : null
          ) : (
            <>
              , enrolled <Ago at={enrolled_at} />
            </>
          )}
        </p>
      </div>
    </section>
  )
}

function Connected({ connection }: { readonly connection: AgentConnection }): JSX.Element {
  const { gateway, since, version, client_ip, allows, streams, heard_at, certificate_until } = connection
  const elsewhere = <span class="quiet">known there</span>
  return (
    <div class="agent-connection">
      <Facts
        of={[
          ['At gateway', <Id id={gateway} />],
          ['From', <span class="mono">{client_ip}</span>],
          ['Version', <Exact text={version} />],
          ['Since', <Ago at={since} />],
          ['Heard', heard_at === null ? elsewhere : <Ago at={heard_at} />],
          ['Streams now', streams ?? elsewhere],
          ['Certificate ends', certificate_until === null ? elsewhere : <Ago at={certificate_until} />],
        ]}
      />
      <p class="row small">
        <span class="quiet">Lets the gateway through to</span>
        {allows.length === 0 ? <b>nothing</b> : null}
        {allows.map((each) => (
          <code class="rule" key={each}>
            <Exact text={each} />
          </code>
        ))}
      </p>
    </div>
  )
}
