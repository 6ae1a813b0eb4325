import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Passage, systemClock } from '@sluice/core'
import { openTelemetry, type OpenedTelemetry } from '@sluice/telemetry'
import { startOtlpReceiver, type OtlpReceiver } from '../src/otlp-receiver.ts'

/** What is sent to a receiver of OTLP, whatever the receiver does. */

interface Sending {
  readonly telemetry: OpenedTelemetry
  readonly reports: readonly string[]
}

async function sendingTo(url: string, headers: () => Promise<Record<string, string>> = async () => ({})) {
  const reports: string[] = []
  const telemetry = await openTelemetry({
    otlp: { url: new URL(url), headers, sampleRatio: 1 },
    prometheus: null,
    gateway: 'gw_1',
    clock: systemClock,
    report: (what, error) => reports.push(`${what}: ${String(error)}`),
  })
  return { telemetry, reports } satisfies Sending
}

function pass(telemetry: OpenedTelemetry, times = 1): void {
  for (let count = 0; count < times; count++) {
    const run = { id: null, trace_id: null }
    const of = {
      exchange: 'exc_1',
      session: 'ses_1',
      protocol: 'postgres',
      target: 'shop',
      action: 'sql.select',
      run,
    }
    const passage = new Passage(of, systemClock, systemClock.monotonic())
    for (const station of ['evaluate', 'append', 'upstream', 'mask'] as const) passage.arrive(station)
    passage.end('completed', telemetry)
  }
}

async function closed(telemetry: OpenedTelemetry): Promise<number> {
  const started = performance.now()
  await telemetry.close()
  return performance.now() - started
}

suite('telemetry sent by OTLP', () => {
  test('arrives at the end at the latest, as the protocol says', async () => {
    await using receiver: OtlpReceiver = await startOtlpReceiver()
    const { telemetry, reports } = await sendingTo(`${receiver.url}/`)
    pass(telemetry)
    await telemetry.close()
    assert.deepEqual(receiver.violations, [])
    assert.deepEqual(
      receiver.spans.map(({ name }) => name),
      ['normalise', 'evaluate', 'append', 'upstream', 'mask', 'sql.select'],
    )
    assert.ok(receiver.metrics.has('sluice_exchanges_total'))
    assert.ok(receiver.metrics.has('sluice_exchange_seconds'))
    assert.deepEqual(reports, [])
  })

  test('carries its headers, as they are when it is sent', async () => {
    await using receiver: OtlpReceiver = await startOtlpReceiver()
    let reads = 0
    const { telemetry } = await sendingTo(receiver.url, async () => ({ authorization: `Bearer ${++reads}` }))
    pass(telemetry)
    await telemetry.close()
    const sent = receiver.headers.map(({ authorization }) => authorization)
    assert.deepEqual(new Set(sent), new Set(['Bearer 1', 'Bearer 2']))
  })

  test('is lost with a word to the operator when a header cannot be read', async () => {
    await using receiver: OtlpReceiver = await startOtlpReceiver()
    const { telemetry, reports } = await sendingTo(receiver.url, () =>
      Promise.reject(new Error('no such file')),
    )
    pass(telemetry)
    await telemetry.close()
    assert.equal(receiver.headers.length, 0)
    assert.ok(reports.includes('traces are not taken and are lost: Error: no such file'), reports.join('\n'))
  })

  test('is lost with one word to the operator when the receiver refuses it', async () => {
    await using receiver: OtlpReceiver = await startOtlpReceiver()
    receiver.manner = 'refuses'
    const { telemetry, reports } = await sendingTo(receiver.url)
    pass(telemetry, 2_000)
    await telemetry.close()
    assert.equal(
      reports.filter((each) => each.startsWith('traces are not taken')).length,
      1,
      reports.join('\n'),
    )
  })

  test('keeps nobody waiting when the receiver hangs', async () => {
    await using receiver: OtlpReceiver = await startOtlpReceiver()
    receiver.manner = 'hangs'
    const { telemetry } = await sendingTo(receiver.url)
    pass(telemetry, 20_000)
    await receiver.until(() => receiver.headers.length > 0)
    assert.ok((await closed(telemetry)) < 2_000)
  })

  test('keeps nobody waiting when there is no receiver', async () => {
    const receiver = await startOtlpReceiver()
    await receiver[Symbol.asyncDispose]()
    const { telemetry } = await sendingTo(receiver.url)
    pass(telemetry, 20_000)
    assert.ok((await closed(telemetry)) < 2_000)
  })
})
