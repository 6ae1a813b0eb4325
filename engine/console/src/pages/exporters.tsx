import type { JSX } from 'preact'
import { bytesText, countText } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { Exporter, System } from '../api/operations.ts'
import type { Meaning } from '../meaning.ts'
import { spanText } from '../time-text.ts'
import { Id } from '../views/copy.tsx'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { Facts } from '../views/facts.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Exact } from '../views/texts.tsx'

const everyMs = 3_000
/** A gateway that has just written something is never behind by more in good days. */
const behindMs = 30_000

/** Where the record goes, how far it is, and what holds it up. */
export function Exporters(): JSX.Element {
  const system = useLive((signal) => get<System>('/v1/system', {}, signal), [], everyMs)
  return (
    <>
      <div class="head">
        <h1>Exporters</h1>
        <p>
          The record, for a SIEM, a file or a topic: in order, at least once, and without statements,
          parameters and answers. A receiver that is down holds up nobody and gets everything later.
        </p>
      </div>
      <Shown of={system}>
        {(found) => (
          <div class="stack">
            <Gateway system={found} />
            <List exporters={found.exporters} />
          </div>
        )}
      </Shown>
    </>
  )
}

function Gateway({ system }: { readonly system: System }): JSX.Element {
  const { gateway, sessions, log, read_models: models, ready } = system
  return (
    <section class="card" aria-label="This gateway">
      <header>
        <h2>This gateway</h2>
        <Badge meaning={ready ? 'allow' : 'deny'}>{ready ? 'ready' : 'not ready'}</Badge>
      </header>
      <div class="card-body">
        <Facts
          of={[
            ['Name in the log', <Id id={gateway} />],
            [
              'Log',
              <Badge meaning={log.healthy ? 'allow' : 'deny'}>
                {log.healthy ? 'writable' : 'not writable'}
              </Badge>,
            ],
            ['Waiting for the log', bytesText(log.queued_bytes)],
            [
              'Lists and searches',
              models.healthy ? (
                models.lag_ms === null || models.lag_ms < 1_000 ? (
                  'up to date'
                ) : (
                  `${spanText(models.lag_ms)} behind`
                )
              ) : (
                <Badge meaning="deny">cannot be read</Badge>
              ),
            ],
            ['Open sessions', <a href="/sessions">{countText(sessions)}</a>],
          ]}
        />
      </div>
    </section>
  )
}

const columns = [
  'name',
  'format',
  'sink',
  'destination',
  'documents',
  'dead_letters',
  'lag_events',
  'lag_ms',
  'events',
  'done_at',
  'trouble',
  'last_trouble',
] as const

function standing({ trouble, lag_ms: lagMs, lag_events: lag }: Exporter): readonly [Meaning, string] {
  if (trouble !== null) return ['deny', 'nothing arrives']
  if (lagMs > behindMs) return ['hold', 'behind']
  return ['allow', lag === 0 ? 'up to date' : 'delivering']
}

function List({ exporters }: { readonly exporters: readonly Exporter[] }): JSX.Element {
  if (exporters.length === 0)
    return (
      <section class="card">
        <Empty icon="download" title="Nothing is exported" command={teaching}>
          A SIEM may have the record as OCSF, ECS, CEF or JSON, by syslog, Splunk, Elastic, HTTP, Kafka or a
          file. Name one in the configuration:
        </Empty>
      </section>
    )
  return (
    <section aria-label="Exporters">
      <ul class="tiles wide-tiles">
        {exporters.map((exporter) => (
          <li class="card" key={exporter.name}>
            <Card exporter={exporter} />
          </li>
        ))}
      </ul>
      <div class="row list-foot">
        <span class="end row">
          <ExportList name="exporters" columns={columns} lines={exporters} />
        </span>
      </div>
    </section>
  )
}

const teaching =
  'exporters:\n  splunk:\n    format: ocsf\n    sink: splunk\n    url: https://splunk.internal:8088\n    token: { env: HEC_TOKEN }'

function Card({ exporter }: { readonly exporter: Exporter }): JSX.Element {
  const { name, format, sink, destination, documents, dead_letters, lag_events, lag_ms } = exporter
  const { events, done_at, trouble, last_trouble } = exporter
  const [meaning, text] = standing(exporter)
  return (
    <>
      <header>
        <h2>
          <Exact text={name} />
        </h2>
        <span class="quiet">
          {format} to {sink}
        </span>
        <span class="end">
          <Badge meaning={meaning}>{text}</Badge>
        </span>
      </header>
      <div class="card-body stack-s">
        <p class="mono small breakable">
          <Exact text={destination} />
        </p>
        <Facts
          of={[
            ['Behind', lag_events === 0 ? 'nothing' : `${countText(lag_events)} events, ${spanText(lag_ms)}`],
            [
              'Position',
              done_at === null ? (
                'at the beginning'
              ) : (
                <>
                  event {countText(events)}, <Ago at={done_at} />
                </>
              ),
            ],
            ['Delivered since the start', countText(documents)],
            [
              'Dead letters',
              <span class={dead_letters > 0 ? 'denied' : ''} title={`<data>/exporters/${name}.dead.jsonl`}>
                {countText(dead_letters)}
              </span>,
            ],
          ]}
        />
        {trouble === null ? null : (
          <p class="note deny">
            <Exact text={trouble} /> It is tried again.
          </p>
        )}
        {trouble !== null || last_trouble === null ? null : (
          <p class="note">
            Last trouble <Ago at={last_trouble.at} />, over since: <Exact text={last_trouble.reason} />
          </p>
        )}
      </div>
    </>
  )
}
