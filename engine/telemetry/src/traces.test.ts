import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { SpanStatusCode } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace'
import type { Outcome, Passage, Run, Station } from '@sluice/core'
import { Rules } from './rules.ts'
import { passageThrough, ScriptedClock, startedMs } from './scripted.ts'
import { Traces } from './traces.ts'

const stays: readonly (readonly [Station, number])[] = [
  ['lane', 0.5],
  ['evaluate', 2],
  ['lane', 0.25],
  ['append', 3],
  ['upstream', 10],
  ['mask', 4],
]

interface Traced {
  readonly run?: Run
  readonly ratio?: number
  readonly outcome?: Outcome['outcome']
  readonly before?: (passage: Passage) => void
  readonly through?: typeof stays
}

function spansOf(traced: Traced = {}): readonly ReadableSpan[] {
  const {
    run = { id: null, trace_id: null },
    ratio = 1,
    outcome = 'completed',
    before,
    through = stays,
  } = traced
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  })
  const clock = new ScriptedClock()
  const traces = new Traces(provider.getTracer('test'), clock, new Rules())
  const passage = passageThrough(clock, through, { run })
  before?.(passage)
  passage.end(outcome, traces)
  return exporter.getFinishedSpans()
}

function rootOf(spans: readonly ReadableSpan[]): ReadableSpan {
  const root = spans.find(({ name }) => name === 'sql.select')
  assert.ok(root !== undefined)
  return root
}

function ms([seconds, nanos]: readonly [number, number]): number {
  return seconds * 1_000 + nanos / 1_000_000 - startedMs
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parent = (sampled: boolean): Run => ({
  id: 'run-7',
  trace_id: traceId,
  parent: { span_id: 'b7ad6b7169203331', sampled },
})

suite('the trace of an exchange', () => {
  test('has a span for each station, below that of the exchange', () => {
    const spans = spansOf()
    const root = rootOf(spans)
    const children = spans.filter((span) => span !== root)
    assert.deepEqual(
      children.map(({ name }) => name),
      ['normalise', 'evaluate', 'append', 'upstream', 'mask'],
    )
    for (const child of children) {
      assert.equal(child.parentSpanContext?.spanId, root.spanContext().spanId)
      assert.equal(child.spanContext().traceId, root.spanContext().traceId)
    }
    assert.equal(root.parentSpanContext, undefined)
  })

  test('has the times that were noted', () => {
    const times = spansOf().map(({ name, startTime, endTime }) => [name, ms(startTime), ms(endTime)])
    assert.deepEqual(times, [
      ['normalise', 0, 0],
      ['evaluate', 0.5, 2.5],
      ['append', 2.75, 5.75],
      ['upstream', 5.75, 15.75],
      ['mask', 15.75, 19.75],
      ['sql.select', 0, 19.75],
    ])
  })

  test('shows a wait in the lane that somebody could notice', () => {
    const names = spansOf({
      through: [
        ['lane', 1],
        ['evaluate', 1],
      ],
    }).map(({ name }) => name)
    assert.deepEqual(names, ['normalise', 'lane', 'evaluate', 'sql.select'])
  })

  test('is part of the caller’s trace', () => {
    const root = rootOf(spansOf({ run: parent(true), ratio: 0 }))
    assert.equal(root.spanContext().traceId, traceId)
    assert.deepEqual(
      [root.parentSpanContext?.spanId, root.parentSpanContext?.isRemote],
      ['b7ad6b7169203331', true],
    )
    assert.equal(root.attributes['sluice.run'], 'run-7')
  })

  test('is not made where the caller’s trace is not sampled', () => {
    assert.deepEqual(spansOf({ run: parent(false) }), [])
  })

  test('is not made for more than the ratio of those without a trace', () => {
    assert.deepEqual(spansOf({ ratio: 0 }), [])
  })

  test('says what was judged and how it ended', () => {
    const spans = spansOf({
      outcome: 'refused',
      before: (passage) => {
        passage.judged({ kind: 'held', rule: 'starter/deletes', revision: 'r1' })
        passage.judged({ kind: 'refused', rule: 'approval/rejected', revision: 'r2' })
        passage.refused('denied')
        passage.shown(3, 120)
      },
    })
    const { attributes, status } = rootOf(spans)
    assert.deepEqual(attributes, {
      'sluice.exchange': 'exc_1',
      'sluice.session': 'ses_1',
      'sluice.protocol': 'postgres',
      'sluice.target': 'shop',
      'sluice.outcome': 'refused',
      'sluice.rows': 3,
      'sluice.bytes': 120,
      'sluice.refusal': 'denied',
      'sluice.effect': 'hold',
      'sluice.rule': 'approval/rejected',
      'sluice.policy': 'r2',
    })
    assert.equal(status.code, SpanStatusCode.UNSET)
  })

  for (const [outcome, refusal] of [
    ['refused', 'log_unavailable'],
    ['failed', null],
    ['cut', 'too_large'],
  ] as const)
    test(`is an error when the exchange was ${outcome}, ${refusal ?? 'by the target'}`, () => {
      const before = (passage: Passage): void => (refusal === null ? undefined : passage.refused(refusal))
      assert.equal(rootOf(spansOf({ outcome, before })).status.code, SpanStatusCode.ERROR)
    })
})
