import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Exchange, Outcome } from './adapter.ts'
import { OrderedLane } from './lane.ts'
import {
  allow,
  denied,
  logDown,
  scriptedContext,
  scriptedExchange,
  ScriptedLog,
  type Wire,
} from './scripted.ts'
import type { Passed } from './telemetry.ts'
import type { Verdict } from './verdict.ts'

interface Told {
  readonly passage: Passed
  readonly outcome: Outcome['outcome']
}

interface Measured {
  readonly log?: ScriptedLog
  readonly verdicts?: Readonly<Record<string, Verdict>>
  readonly atomic?: boolean
}

/** What is told of exchanges, on a clock that steps each time it is looked at. */
async function measured(
  names: readonly string[],
  { log = new ScriptedLog(), verdicts = {}, atomic = false }: Measured = {},
  change: Partial<Exchange<string, string, null>> = {},
): Promise<readonly Told[]> {
  const told: Told[] = []
  const wire: Wire = { upstream: [], client: [] }
  let now = 0
  const lane = new OrderedLane({
    ...scriptedContext(log, verdicts),
    monotonic: () => now++,
    run: () => ({ id: 'run-1', trace_id: null }),
    telemetry: { passed: (passage, outcome) => told.push({ passage, outcome }) },
  })
  const batch = names.map((name) => scriptedExchange(wire, name, ['a row', 'another'], change))
  await Promise.all(lane.submit(batch, atomic).map(({ done }) => done))
  return told
}

function stationsOf({ passage }: Told): readonly string[] {
  return passage.stays.map(({ station }) => station)
}

suite('what is measured of an exchange', () => {
  test('is told once, with names and without content', async () => {
    const [told, ...more] = await measured(['select'])
    assert.ok(told !== undefined && more.length === 0)
    const { passage, outcome } = told
    assert.deepEqual(passage.of, {
      exchange: 'exc_1',
      session: 'ses_1',
      protocol: 'scripted',
      target: 'shop',
      action: 'select',
      run: { id: 'run-1', trace_id: null },
    })
    assert.deepEqual(
      [outcome, passage.refusal, passage.rows, passage.bytes],
      ['completed', null, 2, 'a rowanother'.length],
    )
    assert.deepEqual(passage.judgements, [{ effect: 'allow', rule: 'test/allow', revision: 'v1' }])
  })

  test('is where it was at each moment, without a gap', async () => {
    const [told] = await measured(['select'])
    assert.ok(told !== undefined)
    const stations = ['normalise', 'lane', 'evaluate', 'lane', 'append', 'upstream', 'mask']
    assert.deepEqual(stationsOf(told), stations)
    const { stays } = told.passage
    for (const [index, { fromMs, toMs }] of stays.entries()) {
      assert.ok(toMs > fromMs)
      assert.equal(fromMs, stays[index - 1]?.toMs ?? fromMs)
    }
  })

  test('says what refused it and that nothing went upstream', async () => {
    const [told] = await measured(['drop'], { verdicts: { drop: denied } })
    assert.ok(told !== undefined)
    assert.deepEqual([told.outcome, told.passage.refusal], ['refused', 'denied'])
    assert.deepEqual(told.passage.judgements, [{ effect: 'deny', rule: 'test/deny', revision: 'v1' }])
    assert.ok(!stationsOf(told).includes('upstream'))
  })

  test('tells an allowed one that could not be recorded from a denied one', async () => {
    const log = new ScriptedLog()
    log.failure = logDown
    const [told] = await measured(['select'], { log })
    assert.deepEqual([told?.outcome, told?.passage.refusal], ['refused', 'log_unavailable'])
    assert.equal(told?.passage.judgements[0]?.effect, 'allow')
  })

  test('knows of a skipped one that nobody judged it', async () => {
    const told = await measured(['drop', 'select'], { verdicts: { drop: denied }, atomic: true })
    assert.deepEqual(
      told.map(({ outcome }) => outcome),
      ['refused', 'skipped'],
    )
    assert.deepEqual(told[1]?.passage.judgements, [])
  })

  test('shows an answer that a limit cut', async () => {
    const short: Verdict = { ...allow, limits: { ...allow.limits, rows: 1 } }
    const [told] = await measured(['select'], { verdicts: { select: short } })
    assert.deepEqual([told?.outcome, told?.passage.refusal], ['cut', 'too_large'])
  })

  test('is told of one that broke, too', async () => {
    const broken = (): never => {
      throw new Error('broken')
    }
    const [told] = await measured(['select'], {}, { forward: broken })
    assert.deepEqual([told?.outcome, told?.passage.refusal], ['cut', 'internal'])
  })

  test('shows a hold that nobody can answer as a hold and its end', async () => {
    const approval = { approvers: ['dba'], quorum: 1, expires_s: 60, hold_s: 1, scope: 'once' } as const
    const holding: Verdict = { ...allow, effect: 'hold', approval }
    const [told] = await measured(['delete'], { verdicts: { delete: holding } })
    assert.ok(told !== undefined)
    assert.deepEqual(
      told.passage.judgements.map(({ effect }) => effect),
      ['hold', 'deny'],
    )
    assert.deepEqual(stationsOf(told).slice(1), [
      'lane',
      'evaluate',
      'lane',
      'append',
      'hold',
      'append',
      'lane',
    ])
  })
})
