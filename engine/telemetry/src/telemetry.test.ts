import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Observed } from './observed.ts'
import { allowed, passageThrough, ScriptedClock } from './scripted.ts'
import { openTelemetry, type OpenedTelemetry } from './telemetry.ts'

/** One line of the text format of Prometheus that holds a value. */
interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Every line is a sample, or says the help, unit or type of those that follow. */
function samplesOf(text: string): readonly Sample[] {
  const described = new Set<string>()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const comment = /^# (HELP|UNIT|TYPE) (\w+) (.+)$/.exec(line)
      if (comment !== null) {
        if (comment[1] === 'TYPE') assert.match(comment[3] ?? '', /^(counter|gauge|histogram)$/)
        described.add(comment[2] ?? '')
        return []
      }
      const sample = /^([a-z_]+)(?:\{(.*)\})? (\d[\d.e+-]*)$/.exec(line)
      assert.ok(sample !== null, `not of the format: ${line}`)
      const [, name = '', labels = '', value = ''] = sample
      assert.ok(
        [...described].some((of) => name.startsWith(of)),
        `${name} is not described`,
      )
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/g)]
      assert.equal(pairs.map(([pair]) => pair).join(''), labels)
      return [
        {
          name,
          labels: Object.fromEntries(pairs.map(([, key, text = '']) => [key, text])),
          value: Number(value),
        },
      ]
    })
}

const observed: Observed = {
  sessions: () => 3,
  queuedBytes: () => 4_096,
  projectionLagMs: () => 250,
  exporters: () => [{ name: 'splunk', documents: 7, deadLetters: 2, lag: { events: 5, seconds: 1.5 } }],
  pools: () => [{ target: 'shop', idle: 2, lent: 3, waiting: 1, waits: 4, waitedMs: 250, refused: 5 }],
  impairments: () => [{ protocol: 'ssh', found: 1 }],
}

suite('metrics that Prometheus reads', () => {
  const clock = new ScriptedClock()
  const reports: string[] = []
  let telemetry: OpenedTelemetry

  before(async () => {
    telemetry = await openTelemetry({
      otlp: null,
      prometheus: { host: '127.0.0.1', port: 0 },
      gateway: 'gw_1',
      clock,
      report: (what) => reports.push(what),
    })
    telemetry.observe(observed)
  })
  after(() => telemetry.close())

  async function get(path: string, method = 'GET'): Promise<Response> {
    return fetch(`http://127.0.0.1:${telemetry.prometheus?.port}${path}`, { method })
  }

  async function value(
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number | undefined> {
    const samples = samplesOf(await (await get('/metrics')).text())
    return samples.find(
      (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
    )?.value
  }

  test('count exchanges by protocol, target, effect and outcome', async () => {
    for (let count = 0; count < 3; count++) {
      const passage = passageThrough(clock, [
        ['evaluate', 2],
        ['append', 3],
        ['upstream', 10],
        ['mask', 1],
      ])
      passage.judged(allowed)
      passage.end('completed', telemetry)
    }
    const skipped = passageThrough(clock, [['lane', 1]])
    skipped.end('skipped', telemetry)
    const of = { protocol: 'postgres', target: 'shop' }
    assert.equal(await value('sluice_exchanges_total', { ...of, effect: 'allow', outcome: 'completed' }), 3)
    assert.equal(await value('sluice_exchanges_total', { ...of, effect: 'none', outcome: 'skipped' }), 1)
    assert.equal(await value('sluice_verdicts_total', { effect: 'allow', rule: 'starter/reads' }), 3)
  })

  test('tell how long each station took, in seconds', async () => {
    for (const [name, sum] of [
      ['judge', 0.006],
      ['append', 0.009],
      ['upstream', 0.03],
    ] as const) {
      assert.equal(await value(`sluice_${name}_seconds_count`), 3)
      assert.ok(Math.abs(((await value(`sluice_${name}_seconds_sum`)) ?? 0) - sum) < 1e-9, name)
    }
    assert.equal(await value('sluice_append_seconds_bucket', { le: '0.0025' }), 0)
    assert.equal(await value('sluice_append_seconds_bucket', { le: '0.005' }), 3)
    assert.equal(await value('sluice_append_seconds_bucket', { le: '+Inf' }), 3)
    assert.equal(await value('sluice_exchange_seconds_count', { protocol: 'postgres' }), 4)
    assert.equal(await value('sluice_hold_seconds_count'), undefined, 'nobody waited for people')
  })

  test('count refusals by their code, and both verdicts of what was held', async () => {
    const passage = passageThrough(clock, [['hold', 40_000]])
    passage.judged({ ...allowed, kind: 'held', rule: 'starter/deletes' })
    passage.judged({ ...allowed, kind: 'refused', rule: 'approval/rejected' })
    passage.refused('denied')
    passage.end('refused', telemetry)
    assert.equal(await value('sluice_refusals_total', { code: 'denied' }), 1)
    assert.equal(await value('sluice_verdicts_total', { effect: 'hold', rule: 'starter/deletes' }), 1)
    assert.equal(await value('sluice_verdicts_total', { effect: 'deny', rule: 'approval/rejected' }), 1)
    assert.equal(await value('sluice_exchanges_total', { effect: 'hold', outcome: 'refused' }), 1)
    assert.equal(await value('sluice_hold_seconds_sum'), 40)
  })

  test('show what the parts of the gateway say now', async () => {
    assert.equal(await value('sluice_sessions_open'), 3)
    assert.equal(await value('sluice_log_queue_bytes'), 4_096)
    assert.equal(await value('sluice_projection_lag_seconds'), 0.25)
    assert.equal(await value('sluice_export_lag_seconds', { exporter: 'splunk' }), 1.5)
    assert.equal(await value('sluice_export_lag_events', { exporter: 'splunk' }), 5)
    assert.equal(await value('sluice_export_documents_total', { exporter: 'splunk' }), 7)
    assert.equal(await value('sluice_export_dead_letters_total', { exporter: 'splunk' }), 2)
    const shop = { target: 'shop' }
    assert.equal(await value('sluice_pool_connections', { ...shop, state: 'idle' }), 2)
    assert.equal(await value('sluice_pool_connections', { ...shop, state: 'lent' }), 3)
    assert.equal(await value('sluice_pool_waiting', shop), 1)
    assert.equal(await value('sluice_pool_waits_total', shop), 4)
    assert.equal(await value('sluice_pool_wait_seconds_total', shop), 0.25)
    assert.equal(await value('sluice_pool_refusals_total', shop), 5)
    assert.equal(await value('sluice_adapter_impairments', { protocol: 'ssh' }), 1)
  })

  test('count what became of changed policies', async () => {
    telemetry.reloaded('active')
    telemetry.reloaded('rejected')
    telemetry.reloaded('rejected')
    assert.equal(await value('sluice_policy_reloads_total', { outcome: 'active' }), 1)
    assert.equal(await value('sluice_policy_reloads_total', { outcome: 'rejected' }), 2)
  })

  test('have nothing of an exchange, a session or a run in a label', async () => {
    const run = { id: 'run-4711', trace_id: null }
    passageThrough(clock, [['mask', 1]], { run }).end('completed', telemetry)
    const text = await (await get('/metrics')).text()
    assert.doesNotMatch(text, /exc_1|ses_1|run-4711/)
  })

  test('are all there is at that address', async () => {
    assert.equal((await get('/')).status, 404)
    assert.equal((await get('/v1/sessions')).status, 404)
    assert.equal((await get('/metrics', 'POST')).status, 405)
    assert.equal((await get('/metrics?name[]=x')).status, 200)
  })

  test('an exchange that cannot be measured is told the operator, not the caller', () => {
    const passage = passageThrough(clock, [['mask', 1]])
    Object.defineProperty(passage, 'judgements', { get: () => assert.fail('broken') })
    passage.end('completed', telemetry)
    assert.deepEqual(reports, ['an exchange was not measured'])
  })
})

test('an address that somebody else has is a failure to start', async () => {
  const taken = createServer()
  await once(taken.listen(0, '127.0.0.1'), 'listening')
  const address = taken.address()
  assert.ok(address !== null && typeof address === 'object')
  const options = { otlp: null, gateway: 'gw_1', clock: new ScriptedClock(), report: () => {} }
  await assert.rejects(
    openTelemetry({ ...options, prometheus: { host: '127.0.0.1', port: address.port } }),
    /EADDRINUSE/,
  )
  taken.close()
})
