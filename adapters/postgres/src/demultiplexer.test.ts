import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Demultiplexer } from './demultiplexer.ts'
import { Flight, type Expected } from './flight.ts'
import { back } from './messages.ts'
import { endOf } from './replies.ts'
import { refuse } from './refuse.ts'
import { buildError, cstring, frame, ProtocolViolation } from './wire.ts'

const error = buildError(
  back.errorResponse,
  new Map([
    ['S', 'ERROR'],
    ['C', 'P0001'],
    ['M', 'no'],
  ]),
)
const ready = frame(back.readyForQuery, Buffer.from('I'))
const complete = frame(back.commandComplete, cstring('SELECT 1'))
const row = frame(back.dataRow, Buffer.from([0, 0]))
const notice = buildError(
  back.noticeResponse,
  new Map([
    ['S', 'NOTICE'],
    ['M', 'psst'],
  ]),
)
const refusedText = refuse({ code: 'denied', rule: 'r', message: 'Not here.', reference: null })

interface World {
  readonly demultiplexer: Demultiplexer
  readonly asides: Buffer[]
  readonly states: string[]
}

function world(): World {
  const asides: Buffer[] = []
  const states: string[] = []
  const demultiplexer = new Demultiplexer({
    aside: (message) => void asides.push(Buffer.from(message)),
    notified: (message) => message,
    parameter: () => {},
    ready: (status) => void states.push(status),
    queued: () => {},
    taken: () => {},
    cancel: () => Promise.resolve(),
  })
  return { demultiplexer, asides, states }
}

/** `E12Z completed`: the messages of one answer and how it ended. */
async function answer(flight: Flight): Promise<string> {
  let text = ''
  let end = ''
  for await (const reply of flight) {
    const bytes = Buffer.from(reply.bytes)
    for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1))
      text += String.fromCharCode(bytes[at] ?? 0)
    end = endOf(reply)?.outcome ?? ''
  }
  return `${text} ${end}`.trim()
}

function launched(
  { demultiplexer }: World,
  ...expected: readonly (readonly Expected[])[]
): readonly Flight[] {
  return expected.map((list) => {
    const flight = new Flight(list)
    demultiplexer.launch(flight)
    return flight
  })
}

const execution: readonly Expected[] = [{ kind: 'bind' }, { kind: 'execute' }]
const bound = frame(back.bindComplete)

test('answers are cut into their exchanges, however the bytes arrive', async () => {
  const bytes = Buffer.concat([bound, row, complete, bound, row, notice, row, complete, ready])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
      const here = world()
      const flights = launched(here, execution, [...execution, { kind: 'sync' }])
      let from = 0
      for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
        here.demultiplexer.feed(Buffer.from(bytes.subarray(from, cut)))
        from = cut
      }
      assert.deepEqual(await Promise.all(flights.map(answer)), ['2DC completed', '2DNDCZ completed'])
    }),
  )
})

test('after an error everything up to Sync is skipped', async () => {
  const here = world()
  const flights = launched(here, execution, execution, [...execution, { kind: 'sync' }], [{ kind: 'query' }])
  here.demultiplexer.feed(Buffer.concat([bound, error, ready, complete, ready]))
  assert.deepEqual(await Promise.all(flights.map(answer)), [
    '2E failed',
    'skipped',
    'Z skipped',
    'CZ completed',
  ])
})

test('an exchange launched while the server skips is skipped too', async () => {
  const here = world()
  const [first] = launched(here, execution)
  here.demultiplexer.feed(error)
  const [second, sync] = launched(here, execution, [{ kind: 'sync' }])
  here.demultiplexer.feed(ready)
  assert.deepEqual(
    await Promise.all(
      [first, second, sync].map(async (flight) => (flight === undefined ? '' : answer(flight))),
    ),
    ['E failed', 'skipped', 'Z completed'],
  )
})

test('the failure of the poison is shown as the refusal', async () => {
  const here = world()
  const [flight] = launched(here, [{ kind: 'query', instead: refusedText }])
  here.demultiplexer.feed(Buffer.concat([error, ready]))
  const seen: Buffer[] = []
  for await (const reply of flight ?? []) seen.push(Buffer.from(reply.bytes))
  assert.deepEqual(Buffer.concat(seen), Buffer.concat([refusedText, ready]))
})

test('a poison that does not fail breaks the connection', () => {
  const here = world()
  launched(here, [{ kind: 'parse', instead: refusedText }])
  assert.throws(() => here.demultiplexer.feed(frame(back.parseComplete)), ProtocolViolation)
})

test('a description that nobody asked for is kept from the client', async () => {
  const here = world()
  const hidden: Buffer[] = []
  const [flight] = launched(here, [
    { kind: 'bind' },
    { kind: 'describe', hidden: (message) => hidden.push(message) },
    { kind: 'execute' },
  ])
  const description = frame(back.rowDescription, Buffer.from([0, 0]))
  here.demultiplexer.feed(Buffer.concat([bound, description, row, complete]))
  assert.equal(flight === undefined ? '' : await answer(flight), '2DC completed')
  assert.deepEqual(hidden, [description])
})

test('what the gateway asks beside a Query is kept from the client, but the end of what failed there', async () => {
  const hidden = (): void => {}
  const expected: readonly Expected[] = [
    { kind: 'parse', hidden },
    { kind: 'describe', hidden },
    { kind: 'close', hidden },
    { kind: 'query' },
    { kind: 'sync', hidden },
  ]
  const question = [
    frame(back.parseComplete),
    frame(back.parameterDescription, Buffer.alloc(2)),
    frame(back.rowDescription, Buffer.alloc(2)),
    frame(back.closeComplete),
  ]
  const heard = async (...messages: readonly Buffer[]): Promise<string> => {
    const here = world()
    const [flight, next] = launched(here, expected, [{ kind: 'query' }])
    here.demultiplexer.feed(Buffer.concat([...messages, complete, ready]))
    return flight === undefined || next === undefined ? '' : `${await answer(flight)}, ${await answer(next)}`
  }
  assert.equal(await heard(...question, complete, ready, ready), 'CZ completed, CZ completed')
  assert.equal(await heard(...question, error, ready, ready), 'EZ failed, CZ completed')
  assert.equal(await heard(error, ready), 'EZ failed, CZ completed')
})

test('what came before an answer was asked for leaves before it', async () => {
  const here = world()
  const flight = new Flight([{ kind: 'query' }])
  here.demultiplexer.launch(flight, notice)
  here.demultiplexer.feed(Buffer.concat([complete, ready]))
  assert.equal(await answer(flight), 'NCZ completed')
})

test('what belongs to no answer goes aside', () => {
  const here = world()
  here.demultiplexer.feed(Buffer.concat([notice, error]))
  assert.deepEqual(here.asides, [notice, error])
})

const nonsense: readonly (readonly [string, Buffer])[] = [
  ['a row that nobody asked for', row],
  ['ReadyForQuery out of turn', ready],
  ['authentication after the login', frame(back.authentication, Buffer.alloc(4))],
  ['a function result', frame(back.functionCallResponse, Buffer.alloc(4))],
  ['a replication stream', frame(back.copyBothResponse, Buffer.alloc(3))],
  ['an unheard-of type', frame(0x21)],
  ['a length below four', Buffer.from([back.dataRow, 0, 0, 0, 3])],
  ['a length beyond reason', Buffer.from([back.dataRow, 0x7f, 0xff, 0xff, 0xff])],
]
for (const [what, bytes] of nonsense)
  test(`breaks the connection: ${what}`, () => {
    assert.throws(() => world().demultiplexer.feed(bytes), ProtocolViolation)
  })

test('COPY data is only taken when the exchange waits for it', () => {
  const copyIn = frame(back.copyInResponse, Buffer.alloc(3))
  const refusing = world()
  launched(refusing, [{ kind: 'query' }])
  assert.throws(() => refusing.demultiplexer.feed(copyIn), ProtocolViolation)
  const waiting = world()
  let asked = 0
  launched(waiting, [{ kind: 'query', copyIn: () => asked++ }])
  waiting.demultiplexer.feed(copyIn)
  assert.equal(asked, 1)
})

test('a lost server rejects whoever waits', async () => {
  const here = world()
  const [flight] = launched(here, execution)
  const waiting = flight?.next()
  here.demultiplexer.lose(new Error('gone'))
  await assert.rejects(async () => waiting, /gone/)
  await assert.rejects(async () => flight?.next(), /gone/)
})
