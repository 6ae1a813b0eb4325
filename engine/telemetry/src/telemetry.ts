import { context, metrics, trace } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import { limits, type Address, type Clock, type Outcome, type Passed, type Telemetry } from '@sluice/core'
import { Measures, type Reload } from './measures.ts'
import { observe, type Observed } from './observed.ts'
import { metricsTo, spansTo, type OtlpOptions } from './otlp.ts'
import { Rules } from './rules.ts'
import { openScrapes, type Scrapes } from './scrapes.ts'
import { Traces } from './traces.ts'

export interface TelemetryOptions {
  /** Where traces and metrics are sent; `null`: nowhere. */
  readonly otlp: OtlpOptions | null
  /** Where metrics may be read; `null`: nowhere. */
  readonly prometheus: Address | null
  /** The gateway's name in the log. */
  readonly gateway: string
  readonly clock: Clock
  /** For the operator. Never content, and no secret. */
  readonly report: (what: string, error: unknown) => void
}

export interface OpenedTelemetry extends Telemetry {
  /** Where metrics can be read. */
  readonly prometheus: Address | null
  readonly reloaded: (outcome: Reload) => void
  observe(of: Observed): void
  /** Sends what is left, as long as that takes no time. */
  close(): Promise<void>
}

/**
 * Starts OpenTelemetry, which a process does once at a time: its providers are global. Rejects when the address for
 * Prometheus cannot be had.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<OpenedTelemetry> {
  const { otlp, clock, report } = options
  const scrapes = options.prometheus === null ? null : await openScrapes(options.prometheus)
  const sdk = sdkOf(options, scrapes)
  sdk.start()
  const meter = metrics.getMeter('sluice')
  const rules = new Rules()
  const measures = new Measures(meter, rules)
  const traces = otlp === null ? null : new Traces(trace.getTracer('sluice'), clock, rules)
  return {
    prometheus: scrapes?.address ?? null,
    passed(passage: Passed, outcome: Outcome['outcome']) {
      try {
        measures.passed(passage, outcome)
        traces?.passed(passage, outcome)
      } catch (error) {
        report('an exchange was not measured', error)
      }
    },
    reloaded: (outcome) => measures.reloaded(outcome),
    observe: (of) => observe(meter, of),
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>()
      using _patience = clock.after(limits.telemetryStopMs, resolve)
      await scrapes?.close()
      await Promise.race([late, Promise.allSettled([sdk.shutdown()])])
      for (const api of [trace, metrics, context]) api.disable()
    },
  }
}

/** Everything is said here, so that nothing is detected, patched, or taken from the environment. */
function sdkOf({ otlp, gateway, report }: TelemetryOptions, scrapes: Scrapes | null): NodeSDK {
  return new NodeSDK({
    resource: resourceFromAttributes({ 'service.name': 'sluice', 'service.instance.id': gateway }),
    autoDetectResources: false,
    instrumentations: [],
    textMapPropagator: null,
    logRecordProcessors: [],
    metricReaders: [
      ...(scrapes === null ? [] : [scrapes.reader]),
      ...(otlp === null ? [] : [metricsTo(otlp, report)]),
    ],
    spanProcessors: otlp === null ? [] : [spansTo(otlp, report)],
    // Who has a trace has decided whether it is sampled.
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(otlp?.sampleRatio ?? 0) }),
  })
}
