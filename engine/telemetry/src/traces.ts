import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import type { Clock, Outcome, Passed, RefusalCode, Run, Stay, Telemetry } from '@sluice/core'
import type { Rules } from './rules.ts'

/** A wait in the lane that is shorter is nobody's concern. */
const laneWaitMs = 1

/**
 * One trace of each exchange, or one span of the caller's trace, with a span for each stay at a station. They are made
 * when the exchange is over, from the times that were noted, so that one that is not sampled costs next to nothing.
 */
export class Traces implements Telemetry {
  readonly #tracer: Tracer
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>
  readonly #rules: Rules

  constructor(tracer: Tracer, clock: Pick<Clock, 'now' | 'monotonic'>, rules: Rules) {
    this.#tracer = tracer
    this.#clock = clock
    this.#rules = rules
  }

  passed(passage: Passed, outcome: Outcome['outcome']): void {
    const [first, last] = [passage.stays[0], passage.stays.at(-1)]
    if (first === undefined || last === undefined) return
    const sinceMs = this.#clock.now() - this.#clock.monotonic()
    const { action, run } = passage.of
    const options = { kind: SpanKind.SERVER, startTime: sinceMs + first.fromMs }
    const span = this.#tracer.startSpan(action, options, parentOf(run))
    if (span.isRecording()) this.#describe(span, passage, outcome, sinceMs)
    span.end(sinceMs + last.toMs)
  }

  #describe(span: Span, passage: Passed, outcome: Outcome['outcome'], sinceMs: number): void {
    span.setAttributes(attributesOf(passage, outcome, this.#rules))
    if (isFailure(outcome, passage.refusal)) span.setStatus({ code: SpanStatusCode.ERROR })
    const within = trace.setSpan(ROOT_CONTEXT, span)
    for (const stay of passage.stays) if (isWorthASpan(stay)) this.#stay(stay, within, sinceMs)
  }

  #stay({ station, fromMs, toMs }: Stay, within: Context, sinceMs: number): void {
    const kind = station === 'upstream' ? SpanKind.CLIENT : SpanKind.INTERNAL
    this.#tracer.startSpan(station, { kind, startTime: sinceMs + fromMs }, within).end(sinceMs + toMs)
  }
}

/** What the client says of its trace. It is believed as far as to be found again by it. */
function parentOf({ trace_id: traceId, parent }: Run): Context {
  if (traceId === null || parent === undefined) return ROOT_CONTEXT
  const traceFlags = parent.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parent.span_id, traceFlags, isRemote: true })
}

function isWorthASpan({ station, fromMs, toMs }: Stay): boolean {
  return station !== 'lane' || toMs - fromMs >= laneWaitMs
}

function attributesOf(passage: Passed, outcome: Outcome['outcome'], rules: Rules): Attributes {
  const { exchange, session, protocol, target, run } = passage.of
  const [first, last] = [passage.judgements[0], passage.judgements.at(-1)]
  return {
    'sluice.exchange': exchange,
    'sluice.session': session,
    'sluice.protocol': protocol,
    'sluice.target': target,
    'sluice.outcome': outcome,
    'sluice.rows': passage.rows,
    'sluice.bytes': passage.bytes,
    ...(run.id === null ? {} : { 'sluice.run': run.id }),
    ...(passage.refusal === null ? {} : { 'sluice.refusal': passage.refusal }),
    ...(first === undefined || last === undefined
      ? {}
      : {
          'sluice.effect': first.effect,
          'sluice.rule': rules.name(last.rule),
          'sluice.policy': last.revision,
        }),
  }
}

/** Of the gateway or the target; that a policy or a person said no is none. */
const failures: ReadonlySet<RefusalCode> = new Set([
  'target_unreachable',
  'recogniser_unavailable',
  'log_unavailable',
  'policy_error',
  'internal',
])

function isFailure(outcome: Outcome['outcome'], refusal: RefusalCode | null): boolean {
  return outcome === 'failed' || outcome === 'cut' || (refusal !== null && failures.has(refusal))
}
