import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, type Clock } from '@sluice/core'
import { Exporter } from '../exporter.ts'
import { clock, conversation, hurried, ids, parcel, plain, ports, ScriptedLog, until } from '../scripted.ts'
import type { Parcel } from '../parcel.ts'
import { SyslogReader, syslogReceiver, type SyslogMessage, type SyslogReceiver } from './scripted.ts'
import { frameOf } from './syslog-frame.ts'
import { SyslogSink, type SyslogOptions } from './syslog.ts'

const never = new AbortController().signal
const header = { facility: 13, host: 'gw_a', enterprise: 32_473 }

function to(port: number, change: Partial<SyslogOptions> = {}): SyslogSink {
  const address = { host: '127.0.0.1', port }
  return new SyslogSink({ ...header, address, tls: null, messageBytesMax: 8_192, clock, ids, ...change })
}

function read(of: Parcel, by: Partial<typeof header> = {}): SyslogMessage {
  const reader = new SyslogReader()
  reader.push(frameOf(of, { ...header, ...by }))
  assert.equal(reader.error, undefined)
  const [message] = reader.messages
  assert.ok(message !== undefined)
  return message
}

function idsOf(messages: readonly SyslogMessage[]): readonly string[] {
  return messages.map(({ data }) => data['id'] ?? '')
}

suite('a message', () => {
  test('is one of RFC 5424, byte by byte', () => {
    const text = '{"a":"ä"}'
    const frame = frameOf(parcel({ id: 'evt_1', text, severity: 4 }), header).toString('latin1')
    const message =
      '<108>1 2027-01-15T08:00:00.123Z gw_a sluice - DecisionMade ' +
      `[sluice@32473 id="evt_1" stream="ses_1" seq="7"] ${Buffer.from(text).toString('latin1')}`
    assert.equal(frame, `${message.length} ${message}`)
  })

  test('holds whatever stands in it, and cannot be made to be two', () => {
    const evil = '"]\n<14>1 - - - - - \\ 5 <1>1 \u0000'
    const message = read(
      parcel({ id: 'evt_"]\\1', stream: 'gateway/gw_"x]', text: JSON.stringify({ evil }) }),
    )
    assert.deepEqual(message.data, { id: 'evt_"]\\1', stream: 'gateway/gw_"x]', seq: '7' })
    assert.deepEqual(JSON.parse(message.text), { evil })
    assert.equal(read(parcel({ kind: 'line', text: 'one\ntwo' })).text, 'one\ntwo')
  })

  test('has a host that a header can have', () => {
    assert.equal(read(parcel(), { host: 'gate way\n<1>é' }).host, 'gateway<1>')
    assert.equal(read(parcel(), { host: '' }).host, '-')
    assert.equal(read(parcel(), { host: 'x'.repeat(300) }).host.length, 255)
  })
})

suite('a batch', () => {
  test('arrives in order, in any pieces, over one connection', async () => {
    await using receiver = await syslogReceiver()
    const sink = to(receiver.port)
    const batch = Array.from({ length: 500 }, (_, n) =>
      parcel({ id: `evt_${n}`, text: `{"x":"${'é'.repeat(n)}"}` }),
    )
    assert.deepEqual(await sink.deliver(batch.slice(0, 250), never), { kind: 'delivered' })
    assert.deepEqual(await sink.deliver(batch.slice(250), never), { kind: 'delivered' })
    await sink.close()
    assert.deepEqual(
      idsOf(receiver.messages),
      batch.map(({ id }) => id),
    )
    assert.equal(receiver.readers.length, 1)
    assert.equal(receiver.readers[0]?.error, undefined)
  })

  test('is told apart where a message is longer than the receiver takes', async () => {
    await using receiver = await syslogReceiver()
    const sink = to(receiver.port)
    const batch = [parcel({ id: 'evt_1' }), parcel({ id: 'evt_2', text: JSON.stringify('x'.repeat(9_000)) })]
    const reason = 'a message may not be longer than 8192 bytes'
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'sorted',
      refused: [{ at: 1, reason }],
      left: [],
      reason,
      afterMs: 0,
    })
    await sink.close()
    assert.deepEqual(idsOf(receiver.messages), ['evt_1'])
  })

  test('fails where nobody listens', async () => {
    const sink = to(1)
    assert.deepEqual(await sink.deliver([parcel()], never), {
      kind: 'failed',
      reason: 'no connection: ECONNREFUSED',
      afterMs: 0,
    })
    await sink.close()
  })

  test('fails where connections are taken and closed at once', async () => {
    await using receiver = await syslogReceiver(0, (socket) => socket.end())
    const sink = to(receiver.port)
    assert.deepEqual(await sink.deliver([parcel()], never), {
      kind: 'failed',
      reason: 'the connection was closed',
      afterMs: 0,
    })
    await sink.close()
  })

  test('fails in time where nothing is read', async () => {
    await using receiver = await syslogReceiver(0, (socket) => socket.pause().removeAllListeners('data'))
    const sink = to(receiver.port, { messageBytesMax: 100_000_000, clock: hurried(200) })
    const batch = [parcel({ text: JSON.stringify('x'.repeat(32_000_000)) })]
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'failed',
      reason: `it did not take it within ${limits.exportAttemptMs} ms`,
      afterMs: 0,
    })
    await sink.close()
  })
})

suite('a connection that breaks', () => {
  async function broken(receiver: SyslogReceiver, sink: SyslogSink): Promise<void> {
    await sink.deliver([parcel({ id: 'evt_1' }), parcel({ id: 'evt_2' })], never)
    await until(() => receiver.messages.length === 2, 'the first batch')
    for (const socket of receiver.sockets) socket.resetAndDestroy()
  }

  test('is followed by another, on which what nobody confirmed is written again', async () => {
    await using receiver = await syslogReceiver()
    const sink = to(receiver.port)
    await broken(receiver, sink)
    await until(() => receiver.messages.length === 4, 'the repetition, without anything new')
    assert.deepEqual(await sink.deliver([parcel({ id: 'evt_3' })], never), { kind: 'delivered' })
    await until(() => receiver.messages.length === 5, 'the second batch')
    await sink.close()
    assert.deepEqual(idsOf(receiver.messages), ['evt_1', 'evt_2', 'evt_1', 'evt_2', 'evt_3'])
    assert.ok(
      receiver.readers.every(({ error }) => error === undefined),
      'each connection begins with a frame',
    )
  })

  test('long after its last message costs no repetition', async () => {
    let now = 0
    const time: Clock = { ...clock, monotonic: () => now }
    await using receiver = await syslogReceiver()
    const sink = to(receiver.port, { clock: time })
    await sink.deliver([parcel({ id: 'evt_1' })], never)
    await until(() => receiver.messages.length === 1, 'the message')
    now = 3_600_000
    for (const socket of receiver.sockets) socket.destroy()
    await sink.deliver([parcel({ id: 'evt_2' })], never)
    await until(() => receiver.messages.length === 2, 'the next')
    await sink.close()
    assert.deepEqual(idsOf(receiver.messages), ['evt_1', 'evt_2'])
  })

  test('in the middle of a batch makes it fail, and the whole of it is delivered later', async () => {
    let connections = 0
    await using receiver = await syslogReceiver(0, (socket) => {
      connections += 1
      if (connections === 1) socket.once('data', () => socket.resetAndDestroy())
    })
    const log = new ScriptedLog()
    for (let number = 0; number < 200; number++) conversation(log, `s${number}`)
    const sink = to(receiver.port)
    const exporter = new Exporter({ name: 'siem', mapper: plain, sink, sinceMs: 0 }, ports(log))
    void exporter.run()
    await until(() => exporter.events === log.events.length, 'everything')
    await exporter.close()
    assert.deepEqual(
      [...new Set(idsOf(receiver.messages))].toSorted(),
      log.events.map(({ id }) => id),
    )
    assert.ok(connections >= 2)
  })

  test('for a while loses nothing', async () => {
    const log = new ScriptedLog()
    const first = await syslogReceiver()
    const { port } = first
    const sink = to(port)
    const exporter = new Exporter({ name: 'siem', mapper: plain, sink, sinceMs: 0 }, ports(log))
    void exporter.run()
    conversation(log, 'before', 5)
    await until(() => exporter.events === log.events.length, 'the first')
    await first[Symbol.asyncDispose]()
    conversation(log, 'during', 50)
    await until(() => exporter.trouble !== null, 'the trouble')
    await using second = await syslogReceiver(port)
    conversation(log, 'after', 5)
    await until(() => exporter.events === log.events.length, 'the rest')
    await exporter.close()
    const got = new Set([...idsOf(first.messages), ...idsOf(second.messages)])
    assert.deepEqual(
      [...got].toSorted(),
      log.events.map(({ id }) => id),
    )
  })
})

test('a gateway that stops waits for no receiver', async () => {
  await using receiver = await syslogReceiver(0, (socket) => socket.pause().removeAllListeners('data'))
  const log = new ScriptedLog()
  conversation(log, 'a')
  const sink = to(receiver.port)
  const exporter = new Exporter({ name: 'siem', mapper: plain, sink, sinceMs: 0 }, ports(log))
  void exporter.run()
  await until(() => exporter.events === log.events.length, 'the delivery')
  const started = clock.monotonic()
  await exporter.close()
  assert.ok(clock.monotonic() - started < limits.exportStopMs + 1_000)
})
