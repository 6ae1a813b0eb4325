import type { Attributes, Meter, ObservableGauge } from '@opentelemetry/api'
import type { PoolState } from '@sluice/core'

/** What the parts of a gateway say of themselves whenever it is asked for. */
export interface Observed {
  sessions(): number
  /** Bytes that wait for the log. */
  queuedBytes(): number
  /** Milliseconds that the read models are behind the log; `null`: not known. */
  projectionLagMs(): number | null
  exporters(): readonly {
    readonly name: string
    readonly documents: number
    readonly deadLetters: number
    readonly lag: { readonly events: number; readonly seconds: number }
  }[]
  pools(): readonly PoolState[]
  /** What of each adapter works worse than it should, as it is installed. */
  impairments(): readonly { readonly protocol: string; readonly found: number }[]
}

type Reading = readonly [number, Attributes?]

/** Looked at when metrics are collected, so that what nobody collects costs nothing. */
export function observe(meter: Meter, of: Observed): void {
  const exporters = (value: (one: ReturnType<Observed['exporters']>[number]) => number): readonly Reading[] =>
    of.exporters().map((one) => [value(one), { exporter: one.name }])
  gauge(meter, 'sluice_sessions_open', 'Sessions that are open.', () => [[of.sessions()]])
  gauge(meter, 'sluice_log_queue_bytes', 'Bytes that wait to be durable.', () => [[of.queuedBytes()]])
  gauge(meter, 'sluice_projection_lag_seconds', 'How far the read models are behind the log.', () => {
    const lagMs = of.projectionLagMs()
    return lagMs === null ? [] : [[lagMs / 1_000]]
  })
  gauge(meter, 'sluice_export_lag_seconds', 'How far an exporter is behind the log.', () =>
    exporters(({ lag }) => lag.seconds),
  )
  gauge(meter, 'sluice_export_lag_events', 'Events that an exporter has before it.', () =>
    exporters(({ lag }) => lag.events),
  )
  counter(meter, 'sluice_export_documents_total', 'Documents delivered since the start.', () =>
    exporters(({ documents }) => documents),
  )
  counter(meter, 'sluice_export_dead_letters_total', 'Documents that a receiver refused for good.', () =>
    exporters(({ deadLetters }) => deadLetters),
  )
  observePools(meter, of)
  gauge(
    meter,
    'sluice_adapter_impairments',
    'What of an adapter works worse than it should, as installed.',
    () => of.impairments().map(({ protocol, found }) => [found, { protocol }]),
  )
}

function observePools(meter: Meter, of: Pick<Observed, 'pools'>): void {
  const pools = (value: (pool: PoolState) => number): readonly Reading[] =>
    of.pools().map((pool) => [value(pool), { target: pool.target }])
  gauge(meter, 'sluice_pool_connections', 'Connections to a target that sessions take turns with.', () =>
    of.pools().flatMap(({ target, idle, lent }): readonly Reading[] => [
      [idle, { target, state: 'idle' }],
      [lent, { target, state: 'lent' }],
    ]),
  )
  gauge(meter, 'sluice_pool_waiting', 'Sessions that wait for a connection to a target.', () =>
    pools(({ waiting }) => waiting),
  )
  counter(meter, 'sluice_pool_waits_total', 'Sessions that had to wait for a connection.', () =>
    pools(({ waits }) => waits),
  )
  counter(meter, 'sluice_pool_wait_seconds_total', 'How long they waited in all.', () =>
    pools(({ waitedMs }) => waitedMs / 1_000),
  )
  counter(meter, 'sluice_pool_refusals_total', 'Sessions for which no connection became free in time.', () =>
    pools(({ refused }) => refused),
  )
}

function gauge(meter: Meter, name: string, description: string, read: () => readonly Reading[]): void {
  follow(meter.createObservableGauge(name, { description }), read)
}

function counter(meter: Meter, name: string, description: string, read: () => readonly Reading[]): void {
  follow(meter.createObservableCounter(name, { description }), read)
}

function follow(instrument: ObservableGauge, read: () => readonly Reading[]): void {
  instrument.addCallback((result) => {
    for (const [value, labels] of read()) result.observe(value, labels)
  })
}
