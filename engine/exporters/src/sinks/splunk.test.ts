import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, systemIds } from '@sluice/core'
import { clock, hurried, parcel } from '../scripted.ts'
import type { Sink } from '../sink.ts'
import { httpReceiver, json, type Asked, type HttpReceiver } from './scripted.ts'
import { splunk, type SplunkOptions } from './splunk.ts'

const never = new AbortController().signal

function to(url: URL, change: Partial<SplunkOptions> = {}): Sink {
  const of = { index: null, source: 'sluice', sourcetype: 'sluice:ocsf', host: 'gw_a', ack: true }
  return splunk({ url, token: async () => 'hec', ...of, clock, ids: systemIds(clock), ...change })
}

interface HecEvent {
  readonly time: number
  readonly event: unknown
  readonly fields: Readonly<Record<string, string>>
}

interface Hec extends HttpReceiver {
  readonly stored: readonly HecEvent[]
  readonly channels: ReadonlySet<string>
}

interface Behaviour {
  /** Polls until an acknowledgement is true; `Infinity`: never. */
  readonly polls?: number
  readonly ack?: boolean
  /** Before the event is looked at: an answer, or `undefined` to go on. */
  readonly first?: (
    request: number,
  ) => { readonly status: number; readonly body: object; readonly headers?: object } | undefined
  readonly invalid?: (event: HecEvent) => boolean
  readonly tells?: boolean
}

/** The collector as Splunk documents it: objects one after another, acknowledged by channel, each true once. */
async function collector({
  polls = 2,
  ack = true,
  first,
  invalid = () => false,
  tells = true,
}: Behaviour = {}): Promise<Hec> {
  const stored: HecEvent[] = []
  const channels = new Set<string>()
  const pending = new Map<number, { asked: number; readonly events: readonly HecEvent[] }>()
  let number = 0
  let requests = 0
  const receiver = await httpReceiver((asked, response) => {
    const channel = String(asked.headers['x-splunk-request-channel'])
    if (asked.headers.authorization !== 'Splunk hec')
      return json(response, 403, { text: 'Invalid token', code: 4 })
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(channel))
      return json(response, 400, { text: 'Data channel is missing', code: 10 })
    channels.add(channel)
    if (asked.path === '/services/collector/ack')
      return json(response, 200, { acks: acksOf(asked, pending, polls, stored) })
    assert.equal(asked.path, '/services/collector/event')
    requests += 1
    const early = first?.(requests)
    if (early !== undefined) return json(response, early.status, early.body, early.headers)
    if (!ack) return json(response, 200, { text: 'Success', code: 0 })
    const events = eventsOf(asked.body)
    const at = events.findIndex(invalid)
    const said = tells ? { 'invalid-event-number': at } : {}
    if (at >= 0) return json(response, 400, { text: 'Invalid data format', code: 6, ...said })
    pending.set(number, { asked: 0, events })
    return json(response, 200, { text: 'Success', code: 0, ackId: number++ })
  })
  return Object.assign(receiver, { stored, channels })
}

function acksOf(
  { body }: Asked,
  pending: Map<number, { asked: number; readonly events: readonly HecEvent[] }>,
  polls: number,
  stored: HecEvent[],
): Readonly<Record<string, boolean>> {
  const { acks } = JSON.parse(body) as { readonly acks: readonly number[] }
  return Object.fromEntries(
    acks.map((id) => {
      const of = pending.get(id)
      if (of === undefined || ++of.asked < polls) return [id, false]
      pending.delete(id)
      stored.push(...of.events)
      return [id, true]
    }),
  )
}

/** Objects one after another, not an array. */
function eventsOf(body: string): readonly HecEvent[] {
  return body.split('\n').map((text) => {
    const event = JSON.parse(text) as HecEvent
    assert.equal(typeof event.time, 'number')
    assert.ok(event.time > 1e9 && event.time < 1e10, 'seconds')
    assert.ok(event.event !== undefined && event.event !== '')
    assert.ok(Object.values(event.fields).every((value) => typeof value === 'string'))
    return event
  })
}

const batch = [
  parcel({ id: 'evt_1', text: '{"a":1}' }),
  parcel({ id: 'evt_2', kind: 'line', text: 'CEF:0|x' }),
]

suite('a batch', () => {
  test('is delivered when the indexers say that they have it', async () => {
    await using hec = await collector({ polls: 3 })
    const sink = to(hec.url, { index: 'audit' })
    assert.deepEqual(await sink.deliver(batch, never), { kind: 'delivered' })
    await sink.close()
    assert.equal(hec.asked.filter(({ path }) => path.endsWith('/ack')).length, 3)
    assert.deepEqual(hec.stored, [
      {
        time: 1_800_000_000.123,
        host: 'gw_a',
        source: 'sluice',
        sourcetype: 'sluice:ocsf',
        index: 'audit',
        fields: { sluice_id: 'evt_1', sluice_type: 'DecisionMade', sluice_stream: 'ses_1' },
        event: { a: 1 },
      },
      {
        time: 1_800_000_000.123,
        host: 'gw_a',
        source: 'sluice',
        sourcetype: 'sluice:ocsf',
        index: 'audit',
        fields: { sluice_id: 'evt_2', sluice_type: 'DecisionMade', sluice_stream: 'ses_1' },
        event: 'CEF:0|x',
      },
    ])
    assert.equal(hec.channels.size, 1)
  })

  test('that is large is several requests, and one question for all of them', async () => {
    await using hec = await collector({ polls: 1 })
    const sink = to(hec.url)
    const many = Array.from({ length: 1_234 }, (_, number) => parcel({ id: `evt_${number}` }))
    assert.deepEqual(await sink.deliver(many, never), { kind: 'delivered' })
    await sink.close()
    assert.deepEqual(
      hec.stored.map(({ fields }) => fields['sluice_id']),
      many.map(({ id }) => id),
    )
    assert.deepEqual(
      hec.asked.map(({ path }) => path.split('/').at(-1)),
      ['event', 'event', 'event', 'ack'],
    )
    assert.ok(hec.asked.every(({ body }) => Buffer.byteLength(body) < 1_000_000))
    assert.ok((sink.capacity?.documents ?? Infinity) <= limits.exportBatchEventsMax)
  })

  test('that was taken and is never acknowledged is not delivered', async () => {
    await using hec = await collector({ polls: Infinity })
    const sink = to(hec.url, { clock: hurried(200) })
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'failed',
      reason: 'it did not acknowledge within 120 s',
      afterMs: 0,
    })
    await sink.close()
  })

  test('counts as delivered without acknowledgement only where that is asked for', async () => {
    await using hec = await collector({ ack: false })
    const [strict, lax] = [to(hec.url), to(hec.url, { ack: false })]
    const expected = {
      kind: 'failed',
      reason: 'its token has no indexer acknowledgement (set ack: false to do without)',
      afterMs: 0,
    }
    assert.deepEqual(await strict.deliver(batch, never), expected)
    assert.deepEqual(await lax.deliver(batch, never), { kind: 'delivered' })
    await Promise.all([strict.close(), lax.close()])
  })
})

suite('an event that the collector refuses', () => {
  const many = Array.from({ length: 20 }, (_, number) =>
    parcel({ id: `evt_${number}`, text: `{"n":${number}}` }),
  )
  const invalid = ({ event }: HecEvent): boolean => [3, 11].includes((event as { readonly n: number }).n)
  for (const tells of [true, false])
    test(
      tells ? 'by its number is told from the others' : 'without saying which is found by halves',
      async () => {
        await using hec = await collector({ invalid, tells })
        const sink = to(hec.url)
        const reason = 'it answered 400, code 6'
        assert.deepEqual(await sink.deliver(many, never), {
          kind: 'sorted',
          refused: [
            { at: 3, reason },
            { at: 11, reason },
          ],
          left: [],
          reason: '',
          afterMs: 0,
        })
        await sink.close()
        assert.deepEqual(
          hec.stored.map(({ event }) => (event as { readonly n: number }).n),
          many.map((_, number) => number).filter((number) => number !== 3 && number !== 11),
        )
      },
    )
})

suite('a collector that fails', () => {
  const failures: readonly (readonly [string, number, object, object, string, number])[] = [
    [
      'is busy',
      503,
      { text: 'Server is busy', code: 9 },
      { 'retry-after': '3' },
      'it answered 503, code 9',
      3_000,
    ],
    ['knows no such index', 400, { text: 'Incorrect index', code: 7 }, {}, 'it answered 400, code 7', 0],
    [
      'wants no acknowledgement',
      400,
      { text: 'ACK is disabled', code: 14 },
      {},
      'it answered 400, code 14: its token has no indexer acknowledgement (set ack: false to do without)',
      0,
    ],
    ['is behind something else', 400, {}, {}, 'it answered 400', 0],
  ]
  for (const [what, status, body, headers, reason, afterMs] of failures)
    test(`since it ${what} is to be tried again`, async () => {
      await using hec = await collector({ first: () => ({ status, body, headers }) })
      const sink = to(hec.url)
      assert.deepEqual(await sink.deliver(batch, never), { kind: 'failed', reason, afterMs })
      await sink.close()
    })

  test('because of the token', async () => {
    await using hec = await collector()
    const sink = to(hec.url, { token: async () => 'old' })
    assert.deepEqual(await sink.deliver(batch, never), {
      kind: 'failed',
      reason: 'it answered 403, code 4',
      afterMs: 0,
    })
    await sink.close()
  })

  test('in the middle keeps what it has acknowledged', async () => {
    const first: Behaviour['first'] = (request) =>
      request === 2 ? { status: 503, body: { code: 9 } } : undefined
    await using hec = await collector({ first })
    const sink = to(hec.url)
    const many = Array.from({ length: 1_100 }, (_, number) => parcel({ id: `evt_${number}` }))
    const delivery = await sink.deliver(many, never)
    await sink.close()
    assert.ok(delivery.kind === 'sorted')
    assert.deepEqual(delivery.left, many.map((_, number) => number).slice(500))
    assert.equal(hec.stored.length, 500)
    assert.equal(delivery.reason, 'it answered 503, code 9')
  })
})
