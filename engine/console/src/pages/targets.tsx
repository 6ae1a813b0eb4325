import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { OperatedTarget } from '../api/operations.ts'
import { go, place } from '../location.ts'
import { Empty } from '../views/empty.tsx'
import { Export } from '../views/export.tsx'
import { useKeys, useLineKeys } from '../views/keys.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Exact } from '../views/texts.tsx'
import { is } from '../who.ts'
import { FilterBar, type Choice } from './filter-bar.tsx'
import { HealthBadge } from './target-findings.tsx'

const everyMs = 10_000

/** What applications can reach, and how that is. */
export function Targets(): JSX.Element {
  const targets = useLive((signal) => get<readonly OperatedTarget[]>('/v1/targets', {}, signal), [], everyMs)
  const { text = '', protocol = '' } = place.value.query
  useKeys(is('admin') ? [{ key: 'n', does: 'Add a target', press: () => go('/targets?add=1') }] : [])
  return (
    <>
      <div class="head">
        <h1>Targets</h1>
        {is('admin') ? (
          <div class="actions">
            <a class="button main" href="/targets?add=1">
              Add a target <kbd>n</kbd>
            </a>
          </div>
        ) : null}
        <p>
          What can be named in a connection string. Applications have neither address nor credential; the
          gateway shows the latter to nobody.
        </p>
      </div>
      <FilterBar placeholder="Search name, address, label" choices={[protocols]} />
      <Shown of={targets}>
        {(lines) => (
          <List
            lines={lines.filter(
              (line) =>
                (protocol === '' || line.protocol === protocol) &&
                JSON.stringify(line).toLowerCase().includes(text.toLowerCase()),
            )}
            none={lines.length === 0}
          />
        )}
      </Shown>
    </>
  )
}

const protocols: Choice = {
  name: 'protocol',
  label: 'Protocol',
  options: [
    ['', 'All protocols'],
    ['postgres', 'PostgreSQL'],
    ['http', 'HTTP'],
    ['ssh', 'SSH'],
  ],
}

const columns = [
  'name',
  'protocol',
  'served',
  'source',
  'address',
  'via',
  'sessions',
  'probed',
  'labels',
] as const

function rowOf({ name, protocol, served, source, labels, state }: OperatedTarget): readonly unknown[] {
  const { address, via, sessions, probed } = state ?? {
    address: null,
    via: null,
    sessions: null,
    probed: null,
  }
  return [name, protocol, served, source, address, via, sessions, probed?.state ?? null, labels]
}

function List({
  lines,
  none,
}: {
  readonly lines: readonly OperatedTarget[]
  readonly none: boolean
}): JSX.Element {
  const at = useLineKeys(lines.length, 'target', (chosen) => {
    const line = lines[chosen]
    if (line !== undefined) go(pathOf(line))
  })
  if (lines.length === 0)
    return (
      <section class="card">
        <Empty
          icon="targets"
          title={none ? 'No target yet' : 'No target fits'}
          {...(none ? { command: teaching } : {})}
        >
          A target is a database, an HTTP API or a host that the gateway stands in front of.{' '}
          {is('admin') ? 'Add one here, or from a terminal:' : 'An admin adds one here, or from a terminal:'}
        </Empty>
      </section>
    )
  const operated = lines.some(({ state }) => state !== null)
  return (
    <section class="card" aria-label="Targets">
      <div class="scroll" tabIndex={0}>
        <table class="list">
          <thead>
            <tr>
              <th>Target</th>
              {operated ? <th>Health</th> : <th>Served</th>}
              {operated ? <th class="wide">Address</th> : null}
              {operated ? <th class="right">Sessions</th> : null}
              {operated ? <th class="wide">Connections</th> : null}
              <th class="wide">Labels</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line, index) => (
              <Line key={line.name} line={line} operated={operated} selected={index === at} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="card-body row">
        <span class="quiet small number">{lines.length} targets</span>
        <span class="end row">
          <Export name="targets" header={columns} rows={() => lines.map(rowOf)} />
        </span>
      </div>
    </section>
  )
}

function Line({
  line,
  operated,
  selected,
}: {
  readonly line: OperatedTarget
  readonly operated: boolean
  readonly selected: boolean
}): JSX.Element {
  const { name, protocol, labels, served, state } = line
  const connections = state?.connections ?? null
  return (
    <tr {...(selected ? { 'aria-selected': true } : {})}>
      <td>
        <a href={pathOf(line)}>
          <b>{name}</b>
        </a>
        <span class="quiet small beside">{protocol}</span>
      </td>
      <td>
        {operated && served ? (
          <>
            <HealthBadge state={state?.probed?.state ?? null} />
            {state?.probed == null ? null : (
              <span class="quiet small wide beside">
                <Ago at={state.probed.at} />
              </span>
            )}
          </>
        ) : (
          <Badge meaning={served ? 'allow' : 'none'}>{served ? 'here' : 'at another gateway'}</Badge>
        )}
      </td>
      {operated ? (
        <td class="wide mono">
          <Exact text={state?.address ?? ''} />
          {state?.via == null ? null : (
            <a class="quiet small beside" href={`/agents?text=${encodeURIComponent(state.via)}`}>
              via {state.via}
            </a>
          )}
        </td>
      ) : null}
      {operated ? <td class="right">{state?.sessions ?? ''}</td> : null}
      {operated ? (
        <td class="wide number quiet">
          {connections === null
            ? ''
            : `${connections.busy} of ${connections.max}${connections.waiting > 0 ? `, ${connections.waiting} wait` : ''}`}
        </td>
      ) : null}
      <td class="wide">
        <span class="row">
          {Object.entries(labels).map(([label, value]) => (
            <span class="badge bare" key={label}>
              {label}: {value}
            </span>
          ))}
        </span>
      </td>
    </tr>
  )
}

/** Who may not look into it is led to what was asked there. */
function pathOf({ name, state, served }: OperatedTarget): string {
  const path = encodeURIComponent(name)
  return state !== null || (!served && (is('admin') || is('auditor')))
    ? `/targets/${path}`
    : `/exchanges?target=${path}`
}

const teaching =
  'npx sluice targets add reporting "postgresql://db.internal:5432/reporting" \\\n  --user shop_reader --password env:SLUICE_TARGET_REPORTING'
