import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { PeriodicExportingMetricReader, type MetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace'
import { limits } from '@sluice/core'
import { Outage } from './outage.ts'

export interface OtlpOptions {
  /** Of a receiver of OTLP/HTTP; `v1/traces` and `v1/metrics` are below it. */
  readonly url: URL
  /** Read anew for each request: they may hold secrets, which may change. */
  readonly headers: () => Promise<Record<string, string>>
  /** PEM of the authorities that sign the receiver's certificate; those of the system when it is not given. */
  readonly authority?: string | undefined
  /** Of the exchanges that belong to nobody's trace, from 0 to 1. */
  readonly sampleRatio: number
}

type Report = (what: string, error: unknown) => void

/** Spans wait in memory for a receiver, up to a number; what comes above it is lost, and nothing waits for them. */
export function spansTo(options: OtlpOptions, report: Report): SpanProcessor {
  const outage = new Outage('traces', report)
  const sender = new OTLPTraceExporter(requestsTo('traces', options))
  return new BatchSpanProcessor({
    exporter: {
      export: (spans, done) => sender.export(spans, outage.heard(done)),
      forceFlush: () => sender.forceFlush(),
      shutdown: () => sender.shutdown(),
    },
    maxQueueSize: limits.telemetrySpansMax,
    scheduledDelayMillis: limits.telemetryGatherMs,
    exportTimeoutMillis: limits.telemetrySendMs,
  })
}

export function metricsTo(options: OtlpOptions, report: Report): MetricReader {
  const outage = new Outage('metrics', report)
  const sender = new OTLPMetricExporter(requestsTo('metrics', options))
  return new PeriodicExportingMetricReader({
    exporter: {
      export: (metrics, done) => sender.export(metrics, outage.heard(done)),
      forceFlush: () => sender.forceFlush(),
      shutdown: () => sender.shutdown(),
      selectAggregation: (type) => sender.selectAggregation(type),
      selectAggregationTemporality: (type) => sender.selectAggregationTemporality(type),
    },
    exportIntervalMillis: limits.telemetryMetricsMs,
    exportTimeoutMillis: limits.telemetrySendMs,
  })
}

function requestsTo(
  what: 'traces' | 'metrics',
  { url, headers, authority }: OtlpOptions,
): ConstructorParameters<typeof OTLPTraceExporter>[0] & object {
  const base = url.href.endsWith('/') ? url.href : `${url.href}/`
  return {
    url: `${base}v1/${what}`,
    headers,
    timeoutMillis: limits.telemetrySendMs,
    httpAgentOptions: authority === undefined ? {} : { ca: authority },
  }
}
