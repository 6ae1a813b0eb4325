import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { starterPolicies } from '../acceptance/stage.ts'
import { startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../src/otlp-receiver.ts'

/** What is seen from outside of what passes through a gateway: names and times, and nothing of what is said. */

const secret = 'canary-4711'
const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traced = (sql: string): string => `${sql} /*traceparent='00-${traceId}-${spanId}-01'*/`

suite('telemetry of a gateway as it is served', () => {
  let provider: IdentityProvider
  let backend: Backend
  let receiver: OtlpReceiver
  let gateway: Gateway
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-telemetry-'))
    receiver = await startOtlpReceiver()
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table orders (id int primary key, note text)')
    await backend.run('postgres', `insert into orders select i, '${secret}' from generate_series(1, 20) i`)
    gateway = await served(receiver.url, folder)
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await receiver?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** With a folder, its policies are a copy that a test may change. */
  function served(url: string, data?: string): Promise<Gateway> {
    return startGateway({
      provider,
      policies: starterPolicies,
      ...(data === undefined ? {} : { data, policyData: {} }),
      targets: [
        { name: 'shop', login: backend.login('postgres') },
        { name: 'pooled', login: backend.login('postgres'), settings: { pool: { max: 1, wait_ms: 800 } } },
      ],
      telemetry: { otlp: { url }, prometheus: '127.0.0.1:0' },
    })
  }

  async function ask(of: Gateway, ...statements: readonly string[]): Promise<readonly number[]> {
    const client = await WireClient.login(await of.login('alice', 'shop'))
    const rows: number[] = []
    for (const statement of statements) rows.push((await client.query(statement)).rows.length)
    client.close()
    return rows
  }

  async function metrics(): Promise<string> {
    assert.ok(gateway.prometheus !== null)
    return (await fetch(`http://127.0.0.1:${gateway.prometheus.port}/metrics`)).text()
  }

  function exchanges(action: string): readonly ReceivedSpan[] {
    return receiver.spans.filter(({ name }) => name === action)
  }

  test('shows an exchange as one span of the caller’s trace, and its stations below it', async () => {
    await ask(gateway, traced(`select note from orders where note = '${secret}'`))
    await receiver.until(() => exchanges('sql.select').length > 0)
    const [exchange] = exchanges('sql.select')
    assert.ok(exchange !== undefined)
    assert.deepEqual([exchange.trace, exchange.parent], [traceId, spanId])
    assert.deepEqual(
      ['sluice.target', 'sluice.protocol', 'sluice.effect', 'sluice.outcome', 'sluice.rows'].map(
        (key) => exchange.attributes[key],
      ),
      ['shop', 'postgres', 'allow', 'completed', 20n],
    )
    const stations = receiver.spans.filter(({ parent }) => parent === exchange.id)
    const names = stations.map(({ name }) => name).filter((name) => name !== 'lane')
    assert.deepEqual(names, ['normalise', 'evaluate', 'append', 'upstream', 'mask'])
    for (const { startNanos, endNanos } of stations)
      assert.ok(exchange.startNanos <= startNanos && startNanos <= endNanos && endNanos <= exchange.endNanos)
  })

  test('has the exchange and session of the record', async () => {
    const events = await gateway.events()
    const ids = events.flatMap((event) => (event.type === 'RequestReceived' ? [event.data.exchange] : []))
    for (const { attributes } of exchanges('sql.select'))
      assert.ok(ids.includes(String(attributes['sluice.exchange'])))
  })

  test('tells what was denied and why, by its rule', async () => {
    await ask(gateway, 'drop table orders')
    const text = await metrics()
    assert.match(
      text,
      /^sluice_exchanges_total\{protocol="postgres",target="shop",effect="deny",outcome="refused"\} 1$/m,
    )
    assert.match(text, /^sluice_verdicts_total\{effect="deny",rule="[\w/]+"\} 1$/m)
    assert.match(text, /^sluice_refusals_total\{code="denied"\} 1$/m)
    for (const name of [
      'exchange_seconds_count',
      'judge_seconds_sum',
      'append_seconds_bucket',
      'log_queue_bytes',
    ])
      assert.match(text, new RegExp(`^sluice_${name}`, 'm'))
    assert.match(text, /^sluice_sessions_open\S* \d+$/m)
    assert.match(text, /^sluice_projection_lag_seconds\S* \d/m)
  })

  test('tells how sessions take turns with connections', async () => {
    const told = (name: string, text: string): number | undefined => {
      const line = text.split('\n').find((each) => each.startsWith(`sluice_pool_${name} `))
      return line === undefined ? undefined : Number(line.split(' ')[1])
    }
    const until = async (name: string, value: number): Promise<void> => {
      for (let tries = 0; tries < 250 && told(name, await metrics()) !== value; tries++) await sleep(20)
      assert.equal(told(name, await metrics()), value, name)
    }
    const of = '{target="pooled"}'
    const [idle, lent] = ['idle', 'lent'].map((state) => `connections{target="pooled",state="${state}"}`)
    assert.doesNotMatch(await metrics(), /sluice_pool_connections/, 'what is not lent is not in it')
    const login = async (): Promise<WireClient> => WireClient.login(await gateway.login('alice', 'pooled'))
    const first = await login()
    await until(lent ?? '', 1)
    const second = login()
    await until(`waiting${of}`, 1)
    first.close()
    const other = await second
    await until(`waits_total${of}`, 1)
    await until(lent ?? '', 1)
    await assert.rejects(login(), /in use/)
    await until(`refusals_total${of}`, 1)
    await until(`waits_total${of}`, 2)
    assert.ok((told(`wait_seconds_total${of}`, await metrics()) ?? 0) >= 0.79)
    other.close()
    await until(idle ?? '', 1)
    await until(lent ?? '', 0)
    await until(`waiting${of}`, 0)
  })

  test('counts policies that are not used', async () => {
    await writeFile(
      join(folder, 'changed-policies', 'broken.rego'),
      'package sluice.rules.broken\n\nallow contains',
    )
    const rejected = /^sluice_policy_reloads_total\{outcome="rejected"\} 1$/m
    for (let tries = 0; tries < 500 && !rejected.test(await metrics()); tries++) await sleep(20)
    assert.match(await metrics(), rejected)
  })

  test('holds no statement, no value and nobody’s name', async () => {
    await gateway.close()
    assert.deepEqual(receiver.violations, [])
    const sent = receiver.bytes
    assert.ok(sent.includes('sql.select') && receiver.metrics.size > 5)
    for (const content of [secret, 'orders', 'note', 'drop table', 'alice'])
      assert.ok(!sent.includes(content), content)
  })

  test('costs no request when the receiver hangs or is gone', async () => {
    receiver.manner = 'hangs'
    const hanging = await served(receiver.url)
    const many = Array.from(
      { length: 200 },
      (_, index) => `select id from orders where id = ${(index % 20) + 1}`,
    )
    assert.deepEqual(
      await ask(hanging, ...many),
      many.map(() => 1),
    )
    await receiver.until(() => receiver.headers.length > 0)
    await receiver[Symbol.asyncDispose]()
    assert.deepEqual(
      await ask(hanging, ...many),
      many.map(() => 1),
    )
    const decided = (await hanging.events()).filter(({ type }) => type === 'DecisionMade').length
    assert.equal(decided, 2 * many.length)
    const started = performance.now()
    await hanging.close()
    assert.ok(performance.now() - started < 5_000)
  })
})
