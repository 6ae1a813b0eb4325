import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemIds } from '@sluice/core'
import { SyslogSink, type Parcel, type SyslogOptions } from '@sluice/exporters'
import { selfSigned } from '../src/certificate.ts'
import { missingRsyslog, Rsyslogd, type SyslogLine } from './rsyslogd.ts'

const missing = await missingRsyslog()
if (missing !== null) console.error(`These tests need rsyslog: ${missing}`)

const never = new AbortController().signal
const start = Date.UTC(2026, 10, 1)
const certificate = selfSigned('localhost', '127.0.0.1')

function parcels(
  name: string,
  count: number,
  text: (number: number) => string = () => '{"a":1}',
): readonly Parcel[] {
  return Array.from({ length: count }, (_, number) => ({
    id: `evt_${name}_${number}`,
    timeMs: start + number,
    kind: 'document',
    text: text(number),
    bytes: 0,
    type: 'DecisionMade',
    stream: 'ses_1',
    seq: number,
    severity: 4,
  }))
}

suite('rsyslog', { skip: missing ?? false }, () => {
  let receiver: Rsyslogd
  before(async () => {
    receiver = await Rsyslogd.create(certificate)
    await receiver.start()
  })
  after(() => receiver?.[Symbol.asyncDispose]())

  function sinkTo(port: number, tls: SyslogOptions['tls'] = null, host = '127.0.0.1'): SyslogSink {
    const header = { facility: 13, enterprise: 32_473, host: 'gw_a' }
    const ids = systemIds(systemClock)
    const options = {
      ...header,
      address: { host, port },
      tls,
      messageBytesMax: 65_536,
      clock: systemClock,
      ids,
    }
    return new SyslogSink(options)
  }

  async function arrived(of: readonly Parcel[]): Promise<readonly SyslogLine[]> {
    for (let tries = 0; tries < 400; tries++) {
      const lines = await receiver.lines()
      if (of.every(({ id }) => lines.some(({ data }) => data.includes(`id="${id}"`)))) return lines
      await sleep(25)
    }
    throw new Error('not everything arrived')
  }

  function of(lines: readonly SyslogLine[], name: string): readonly SyslogLine[] {
    return lines.filter(({ data }) => data.includes(`id="evt_${name}_`))
  }

  test('reads each message as it was meant, over TCP', async () => {
    const sink = sinkTo(receiver.tcp)
    const evil = { user: 'ann"]\\ <14>1 - 7 x', note: 'é\u202e\u0000\r\n' }
    const texts = [JSON.stringify(evil), 'x'.repeat(20_000), 'CEF:0|Sluice|gateway|1|a\\|b|c|3|msg=d\\=e']
    const batch = parcels('tcp', texts.length, (number) => texts[number] ?? '')
    assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
    const lines = of(await arrived(batch), 'tcp')
    await sink.close()
    assert.deepEqual(
      lines.map(({ text }) => text),
      texts,
    )
    assert.deepEqual(lines[0], {
      priority: '108',
      time: '2026-11-01T00:00:00.000Z',
      host: 'gw_a',
      app: 'sluice',
      messageId: 'DecisionMade',
      data: '[sluice@32473 id="evt_tcp_0" stream="ses_1" seq="0"]',
      text: texts[0],
    })
  })

  test('reads a thousand in order, over TLS, and only where its certificate is vouched for', async () => {
    const stranger = sinkTo(receiver.tls, {}, 'localhost')
    const refused = await stranger.deliver(parcels('stranger', 1), never)
    assert.ok(refused.kind === 'failed', 'the machine does not know the authority')
    assert.match(refused.reason, /CERT|certificate/i)
    await stranger.close()

    const sink = sinkTo(receiver.tls, { ca: certificate.cert }, 'localhost')
    const batch = parcels('tls', 1_000)
    for (const from of [0, 500])
      assert.deepEqual(await sink.deliver(batch.slice(from, from + 500), never), { kind: 'delivered' })
    const lines = await arrived(batch)
    await sink.close()
    assert.deepEqual(
      of(lines, 'tls').map(({ data }) => /id="([^"]+)"/.exec(data)?.[1]),
      batch.map(({ id }) => id),
    )
    assert.equal(of(lines, 'stranger').length, 0)
  })

  test('that is killed and comes back has everything, some of it twice', async () => {
    const sink = sinkTo(receiver.tcp)
    const batch = parcels('killed', 2_000)
    for (let from = 0; from < batch.length; from += 100) {
      if (from === 1_000) await receiver.kill()
      if (from === 1_300) await receiver.start()
      const part = batch.slice(from, from + 100)
      const delivery = await sink.deliver(part, never)
      // While it is down nothing is delivered, and a caller comes back with the same.
      if (from >= 1_000 && from < 1_300) {
        assert.equal(delivery.kind, 'failed')
        continue
      }
      assert.deepEqual(delivery, { kind: 'delivered' })
    }
    await sink.deliver(batch.slice(1_000, 1_300), never)
    const lines = of(await arrived(batch), 'killed')
    await sink.close()
    assert.ok(lines.length > batch.length, 'what nobody had confirmed was written again')
  })
})
