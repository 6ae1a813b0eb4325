import type { ApiPorts, SystemState } from '@sluice/api'
import { addressText, type Clock, type EventStore, type OpenSessions } from '@sluice/core'
import type { ExporterStatus } from '@sluice/exporters'
import type { Log } from '@sluice/journal'
import type { Pdp } from '@sluice/policy'
import type { Projections } from '@sluice/projections'
import type { OpenedTelemetry } from '@sluice/telemetry'
import { adapters } from './adapters.ts'
import type { ExporterConfig, SinkConfig } from './config/exporters.ts'
import type { Front } from './front.ts'
import type { buildExporters } from './exporters.ts'
import { lagOf } from './telemetry.ts'

type ExportLine = SystemState['exporters'][number]
type Readiness = ReturnType<ApiPorts['readiness']>
type Observed = Parameters<OpenedTelemetry['observe']>[0]

interface ObservedParts {
  readonly callers: Pick<Front, 'pools'>
  readonly sessions: Pick<OpenSessions, 'sessions'>
  readonly log: Pick<Log, 'queuedBytes'>
  readonly projections: Pick<Projections, 'status'>
  readonly exporters: Pick<Awaited<ReturnType<typeof buildExporters>>, 'status'>
  readonly clock: Pick<Clock, 'now'>
}

interface SystemParts extends Omit<ObservedParts, 'log' | 'callers'> {
  readonly destinations: readonly ExporterConfig[]
  readonly store: Pick<EventStore, 'healthy'>
  readonly log: Pick<Log, 'queuedBytes' | 'writer'>
}

/** What the parts of a gateway say of themselves, for whoever measures. */
export function observedOf({
  callers,
  sessions,
  log,
  projections,
  exporters,
  clock,
}: ObservedParts): Observed {
  return {
    sessions: () => sessions.sessions().length,
    queuedBytes: () => log.queuedBytes,
    projectionLagMs: () => lagOf(projections.status, clock.now()),
    exporters: () => exporters.status(),
    pools: () => callers.pools,
    impairments: () =>
      adapters.map(({ protocol, impairments = [] }) => ({ protocol, found: impairments.length })),
  }
}

/** The same as the API shows it. */
export function systemOf({
  store,
  sessions,
  log,
  projections,
  exporters,
  destinations,
  clock,
}: SystemParts): SystemState {
  return {
    gateway: log.writer,
    sessions: sessions.sessions().length,
    log: { healthy: store.healthy, queued_bytes: log.queuedBytes },
    read_models: {
      healthy: projections.status.healthy,
      lag_ms: lagOf(projections.status, clock.now()),
    },
    exporters: exporters.status().map((status) => exportLine(status, destinations)),
  }
}

function exportLine(
  { name, documents, deadLetters, lag, events, doneMs, trouble, lastTrouble }: ExporterStatus,
  destinations: readonly ExporterConfig[],
): ExportLine {
  const config = destinations.find((each) => each.name === name)
  return {
    name,
    documents,
    dead_letters: deadLetters,
    lag_events: lag.events,
    lag_ms: Math.round(lag.seconds * 1_000),
    format: config?.format ?? '',
    sink: config?.sink ?? '',
    destination: config === undefined ? '' : destinationText(config),
    events,
    done_at: doneMs === 0 ? null : new Date(doneMs).toISOString(),
    trouble,
    last_trouble:
      lastTrouble === null
        ? null
        : { at: new Date(lastTrouble.atMs).toISOString(), reason: lastTrouble.reason },
  }
}

/** Where it goes, without what opens it. */
function destinationText(config: SinkConfig): string {
  switch (config.sink) {
    case 'file':
      return config.path
    case 'syslog':
      return addressText(config.address)
    case 'splunk':
    case 'http':
      return config.url.origin
    case 'elastic':
      return `${config.url.origin}/${config.index}`
    case 'kafka':
      return `${config.topic} at ${config.brokers.join(', ')}`
  }
}

interface ReadinessParts {
  readonly store: Pick<EventStore, 'healthy'>
  readonly callers: Pick<Front, 'listening'>
  readonly pdp: Pick<Pdp, 'unusable'>
}

/** Whether traffic is welcome, and what works. */
export function readinessOf({ store, callers, pdp }: ReadinessParts): Readiness {
  return {
    ready: store.healthy && callers.listening,
    checks: {
      log: store.healthy,
      listeners: callers.listening,
      // Traffic is welcome all the same: what was in force before still decides.
      policies: pdp.unusable === null,
    },
  }
}
