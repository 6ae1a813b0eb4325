import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace'
import { limits, type Address, type Clock, type Outcome, type Passage, type Telemetry } from '@sluice/core'
import { Measures, type Reload } from './measures.ts'
import { observe, type Observed } from './observed.ts'
import { metricsTo, spansTo, type OtlpOptions } from './otlp.ts'
import { Rules } from './rules.ts'
import { openScrapes } from './scrapes.ts'
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
 * What OpenTelemetry's parts make of a gateway. Its global state is left alone: several gateways may be one process.
 * Rejects when the address for Prometheus cannot be had.
 */
export async function openTelemetry(options: TelemetryOptions): Promise<OpenedTelemetry> {
  const { otlp, gateway, clock, report } = options
  const resource = resourceFromAttributes({ 'service.name': 'sluice', 'service.instance.id': gateway })
  const scrapes = options.prometheus === null ? null : await openScrapes(options.prometheus)
  const readers = [
    ...(scrapes === null ? [] : [scrapes.reader]),
    ...(otlp === null ? [] : [metricsTo(otlp, report)]),
  ]
  const meters = new MeterProvider({ resource, readers })
  const meter = meters.getMeter('sluice')
  const rules = new Rules()
  const measures = new Measures(meter, rules)
  const tracers = otlp === null ? null : tracersTo(otlp, resource, report)
  const traces = tracers === null ? null : new Traces(tracers.getTracer('sluice'), clock, rules)
  return {
    prometheus: scrapes?.address ?? null,
    passed(passage: Passage, outcome: Outcome['outcome']) {
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
      await Promise.race([late, Promise.allSettled([tracers?.shutdown(), meters.shutdown()])])
    },
  }
}

/** Who has a trace has decided whether it is sampled. */
function tracersTo(
  otlp: OtlpOptions,
  resource: ReturnType<typeof resourceFromAttributes>,
  report: TelemetryOptions['report'],
): TracerProvider {
  const sampler = new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(otlp.sampleRatio) })
  return new TracerProvider({ resource, sampler, spanProcessors: [spansTo(otlp, report)] })
}
