import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { NewEvent } from '@sluice/core'
import * as constants from './constants.ts'
import { back, front } from './messages.ts'
import { connected } from './scripted-connection.ts'
import { statementsOf, type ScriptedServer } from './scripted-server.ts'
import { cstring, Cursor, frame, headerBytes, int32, parseError } from './wire.ts'

/** Raised for a long run: the slice that every test run takes is small. */
const cases = Number(process.env['SLUICE_FUZZ_CASES'] ?? 1_500)

const query = (text: string): Buffer => frame(front.query, cstring(text))
const parse = (name: string, text: string): Buffer =>
  frame(front.parse, cstring(name), cstring(text), Buffer.alloc(2))
const bind = (portal: string, name: string): Buffer =>
  frame(front.bind, cstring(portal), cstring(name), Buffer.alloc(2), Buffer.alloc(2), Buffer.alloc(2))
const describe = (sign: string, name: string): Buffer => frame(front.describe, cstring(sign + name))
const execute = (portal: string): Buffer => frame(front.execute, cstring(portal), int32(0))
const close = (sign: string, name: string): Buffer => frame(front.close, cstring(sign + name))
const sync = frame(front.sync)
const flush = frame(front.flush)
const terminate = frame(front.terminate)

function said(answers: readonly Buffer[]): string {
  return answers
    .slice(answers.findIndex((message) => message[0] === back.readyForQuery) + 1)
    .map((message) =>
      message[0] === back.errorResponse
        ? `E${parseError(message).get('C') ?? ''}`
        : message[0] === back.readyForQuery
          ? `Z${String.fromCharCode(message[5] ?? 0)}`
          : String.fromCharCode(message[0] ?? 0),
    )
    .join(' ')
}

async function conversationOf(...messages: readonly Buffer[]): Promise<string> {
  const { client, answers, over } = await connected()
  client.write(Buffer.concat([...messages, terminate]))
  client.end()
  await over
  return said(answers)
}

const scripts: readonly (readonly [string, readonly Buffer[], string])[] = [
  ['a query', [query('select 1')], 'C ZI'],
  ['several statements in one query', [query('select 1; select 2')], 'C C ZI'],
  ['an empty query', [query(' -- nothing')], 'I ZI'],
  ['a refused query', [query('drop table t'), query('select 1')], 'E42501 ZI C ZI'],
  ['one refused statement refuses its message', [query('select 1; drop table t')], 'E42501 ZI'],
  [
    'a refusal fails the transaction',
    [query('begin'), query('drop table t'), query('select 1'), query('rollback')],
    'C ZT E42501 ZE E25P02 ZE C ZI',
  ],
  [
    'the extended protocol',
    [parse('', 'select 1'), bind('', ''), describe('P', ''), execute(''), sync],
    '1 2 n C ZI',
  ],
  [
    'a refused Parse skips to Sync',
    [parse('', 'drop table t'), bind('', ''), execute(''), sync, query('select 1')],
    'E42501 ZI C ZI',
  ],
  [
    'a refused statement in a pipeline',
    [
      parse('s', 'select 1'),
      bind('', 's'),
      execute(''),
      parse('', 'drop table t'),
      bind('', ''),
      execute(''),
      bind('', 's'),
      execute(''),
      sync,
      bind('', 's'),
      execute(''),
      sync,
    ],
    '1 2 C E42501 ZI 2 C ZI',
  ],
  [
    'Flush without Sync',
    [parse('s', 'select 1'), describe('S', 's'), flush, bind('', 's'), execute(''), sync],
    '1 t n 2 C ZI',
  ],
  [
    'a refusal before Flush',
    [parse('s', 'drop table t'), flush, bind('', 's'), execute(''), flush, sync, query('select 1')],
    'E42501 ZI C ZI',
  ],
  ['an unknown statement', [bind('', 'nope'), execute(''), sync], 'E26000 ZI'],
  ['an unknown portal', [execute('nope'), sync], 'E34000 ZI'],
  [
    'Close of known and unknown names',
    [parse('s', 'select 1'), close('S', 's'), close('S', 'nope'), close('P', 'x'), sync, bind('', 's'), sync],
    '1 3 3 3 ZI E26000 ZI',
  ],
  ['Sync alone', [sync, sync], 'ZI ZI'],
  [
    'a name is replaced only when the server says so',
    [parse('s', 'select 1'), sync, parse('s', 'select 2'), sync, bind('', 's'), execute(''), sync],
    '1 ZI E42P05 ZI 2 C ZI',
  ],
  ['a failing statement', [parse('', 'select fail'), bind('', ''), execute(''), sync], 'E42703 ZI'],
  ['a function call', [frame(front.functionCall, int32(957), Buffer.alloc(6))], 'E0A000 ZI'],
  [
    'a statement that executes itself',
    [parse('a', 'execute a'), sync, parse('a', 'select 1'), sync, query('execute a')],
    'E26000 ZI 1 ZI C ZI',
  ],
  [
    'EXECUTE hides no other statement',
    [parse('a', 'set search_path = public'), parse('b', 'execute a'), sync, query('execute a')],
    '1 E42501 ZI E42501 ZI',
  ],
  ['a syntax error', [query('selec 1'), parse('', 'selec 1'), sync], 'E42601 ZI E42601 ZI'],
  ['data for no COPY is dropped', [frame(front.copyData, Buffer.from('x')), query('select 1')], 'C ZI'],
  ['an invalid message ends the connection', [Buffer.from('!\0\0\0\x04')], 'E08P01'],
  [
    'trailing bytes end the connection',
    [frame(front.query, cstring('select 1'), Buffer.from('x'))],
    'E08P01',
  ],
]
for (const [what, messages, expected] of scripts)
  test(what, async () => assert.equal(await conversationOf(...messages), expected))

const typed = (...types: readonly number[]): Buffer =>
  frame(
    front.parse,
    cstring(''),
    cstring('select $1'),
    Buffer.from([0, types.length]),
    ...types.map((oid) => int32(oid)),
  )
for (const [what, oid, expected] of [
  ['of the server', 23, '1 ZI'],
  ['that lists its values', 20_000, '1 ZI'],
  ['that is an array of such', 20_001, '1 ZI'],
  ['whose values somebody else checks', 20_002, 'E42501 ZI'],
  ['that is an array of those', 20_003, 'E42501 ZI'],
  ['that nobody knows', 20_004, 'E42501 ZI'],
] as const)
  test(`a parameter of a type ${what}`, async () => {
    assert.equal(await conversationOf(typed(oid), sync), expected)
  })

for (const execute of ['execute a', 'explain execute a'])
  test(`what the arguments of ${execute} do is judged with what it stands for`, async () => {
    const { client, events, over } = await connected()
    client.write(
      Buffer.concat([
        parse('a', 'select a from t where a = $1'),
        sync,
        query('begin'),
        query(`${execute} (pg_advisory_lock(1))`),
        query('select 1'),
        terminate,
      ]),
    )
    client.end()
    await over
    const judged = events.flatMap((event) =>
      event.type === 'RequestReceived' ? (JSON.parse(event.data.actions) as object[]) : [],
    )
    assert.partialDeepStrictEqual(judged.slice(-2), [
      { read_only: false, functions: ['pg_advisory_lock'], relations: [{ name: 't' }], transaction: 'clean' },
      { transaction: 'dirty' },
    ])
  })

test('a name that failed in an earlier segment is not judged by what it would have been', async () => {
  const { client, server, answers, over } = await connected()
  const harmless = [parse('s', 'select 1'), sync]
  // The second Parse fails, since the name exists; what then runs is the first.
  const swap = [parse('s', 'select 2'), sync, bind('', 's'), execute(''), sync]
  client.write(Buffer.concat([...harmless, ...swap, terminate]))
  client.end()
  await over
  assert.deepEqual(server.executed, ['select 1'])
  assert.match(said(answers), /E42P05/)
})

const names = fc.constantFrom('', 'a', 'b', 'FORBIDDEN')
const texts = fc.constantFrom(
  'select 1',
  'select a from t',
  'begin',
  'commit',
  'rollback',
  'drop table t /* FORBIDDEN */',
  "select 1; drop table t; select 'FORBIDDEN'",
  'insert into t values (1); select 2',
  'selec FORBIDDEN',
  '',
  ' -- FORBIDDEN comment',
  "select pg_read_file('FORBIDDEN')",
  'prepare a as select 3',
  'execute a',
  'execute b',
  'deallocate all',
)
const message = fc.oneof(
  texts.map(query),
  fc.tuple(names, texts).map(([name, text]) => parse(name, text)),
  fc.tuple(names, names).map(([portal, name]) => bind(portal, name)),
  fc.tuple(fc.constantFrom('S', 'P'), names).map(([sign, name]) => describe(sign, name)),
  names.map(execute),
  fc.tuple(fc.constantFrom('S', 'P'), names).map(([sign, name]) => close(sign, name)),
  fc.constantFrom(sync, sync, sync, flush),
  fc.constantFrom(frame(front.copyData, Buffer.from('FORBIDDEN')), frame(front.copyDone)),
  fc.oneof({ weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) }),
)

const constantMessages = new Set(
  [
    constants.poisonQuery,
    constants.poisonParse,
    constants.poisonUnnamedParse,
    constants.sync,
    constants.flush,
    constants.terminate,
    constants.copyFail,
    constants.closeNothing.S,
    constants.closeNothing.P,
  ].map((bytes) => bytes.toString('latin1')),
)

test(
  'whatever a client sends, every byte upstream was judged and allowed',
  { timeout: 600_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 14 }),
        fc.array(fc.nat(200), { maxLength: 4 }),
        async (messages, cuts) => {
          const { client, server, events, answers, over } = await connected()
          await written(client, Buffer.concat([...messages, sync, terminate]), cuts)
          client.end()
          await over
          const allowed = allowedContents(events)
          for (const bytes of server.received)
            assert.ok(isJudged(bytes, allowed), `upstream: ${JSON.stringify(bytes.toString('latin1'))}`)
          assert.equal(
            server.executed.some((text) => text.startsWith('drop')),
            false,
          )
          agree(server, events)
          assert.equal(answers.length > 0, true)
        },
      ),
      { numRuns: cases },
    )
  },
)

async function written(
  client: { write(bytes: Buffer): unknown },
  bytes: Buffer,
  cuts: readonly number[],
): Promise<void> {
  let from = 0
  for (const cut of cuts.toSorted((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue
    client.write(bytes.subarray(from, cut))
    from = cut
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.write(bytes.subarray(from))
}

function allowedContents(events: readonly NewEvent[]): readonly Buffer[] {
  const effects = new Map<string, string>()
  for (const event of events)
    if (event.type === 'DecisionMade') effects.set(event.data.exchange, event.data.effect)
  return events.flatMap((event) =>
    event.type === 'RequestReceived' &&
    effects.get(event.data.exchange) === 'allow' &&
    event.sealed !== undefined
      ? [Buffer.from(event.sealed)]
      : [],
  )
}

function isJudged(bytes: Buffer, allowed: readonly Buffer[]): boolean {
  if (constantMessages.has(bytes.toString('latin1'))) return true
  // A Close or an added Describe names only what was judged before.
  if (bytes[0] === front.close || bytes[0] === front.describe) {
    const cursor = new Cursor(bytes, headerBytes)
    cursor.int8()
    const name = cursor.text()
    return allowed.some((content) => content.includes(name))
  }
  return allowed.some((content) => content.includes(bytes))
}

/** The server executed as many statements as completed exchanges say, each of a kind that was judged. */
function agree(server: ScriptedServer, events: readonly NewEvent[]): void {
  const kinds = events.flatMap((event) => {
    if (event.type !== 'RequestReceived') return []
    const actions = JSON.parse(event.data.actions) as readonly {
      readonly kind: string
      readonly prepare: boolean
    }[]
    return actions.map(({ kind, prepare }) => (prepare ? 'prepare' : kind))
  })
  for (const text of server.executed) {
    const word = (statementsOf(text)?.length ?? 0) === 0 ? 'empty' : (text.split(/\W/)[0] ?? '').toLowerCase()
    // EXECUTE is judged as what it executes.
    assert.ok(
      kinds.includes(word === 'execute' ? 'select' : word),
      `${word} was executed, judged: ${kinds.join()}`,
    )
  }
}
