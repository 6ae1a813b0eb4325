import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { opening, type Opening } from './hello.ts'
import { back, front } from './messages.ts'
import { connected } from './scripted-connection.ts'
import { backRows, frontRows, startupRows, treatmentOf, type Row } from './treatments.ts'
import { buildError, cstring, frame, int32, parseError } from './wire.ts'

/**
 * Every type of PostgreSQL 18 §54.7, written down here a second time: those of the client, then those of the server.
 * GSSResponse, SASLInitialResponse and SASLResponse share their letter with PasswordMessage.
 */
const protocol = {
  front: 'B C d c f D E H F P p Q S X',
  back: 'R K 2 3 C d c G H W D I E V v n N A t S 1 s Z T',
} as const

const bytesOf = (letters: string): number[] => letters.split(' ').map((letter) => letter.charCodeAt(0))
const numbered = (record: object): number[] => Object.keys(record).map(Number)
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((one, other) => one - other)
const everyByte = Array.from({ length: 256 }, (_, byte) => byte)

suite('the table', () => {
  test('has a row for every message of the protocol, and for no other', () => {
    assert.deepEqual(ascending(numbered(frontRows)), ascending(bytesOf(protocol.front)))
    assert.deepEqual(ascending(numbered(backRows)), ascending(bytesOf(protocol.back)))
  })

  test('refuses what has no row, and behind the login what belongs before it', () => {
    for (const byte of everyByte) {
      const row = rowOf(backRows, byte)
      const expected = row === undefined || row.treatment === 'login' ? 'refused' : row.treatment
      assert.equal(treatmentOf(byte), expected, `type ${String(byte)}`)
    }
  })

  test('is the one that the README shows', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const shown = readme
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => cells(line).join(' | '))
    const expected = [...rendered(front, frontRows), ...rendered(back, backRows), ...renderedStartup()]
    for (const line of expected) assert.ok(shown.includes(line), `the README has no row\n${line}`)
    const typed = shown.filter((line) => /^\w+ \| `.` \| /.test(line))
    assert.equal(
      typed.length,
      Object.keys(front).length + Object.keys(back).length,
      'the README has other rows',
    )
  })
})

function rowOf(rows: { readonly [byte: number]: Row<string> }, byte: number): Row<string> | undefined {
  return rows[byte]
}

function cells(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

function rendered(
  types: Readonly<Record<string, number>>,
  rows: { readonly [byte: number]: Row<string> },
): readonly string[] {
  return Object.entries(types).map(([name, byte]) => {
    const { treatment = '', told = '' } = rowOf(rows, byte) ?? {}
    const title = `${name.charAt(0).toUpperCase()}${name.slice(1)}`
    return `${title} | \`${String.fromCharCode(byte)}\` | ${treatment} | ${told}`
  })
}

function renderedStartup(): readonly string[] {
  return Object.entries(startupRows).map(
    ([packet, { treatment, told }]) => `${packet} | ${treatment} | ${told}`,
  )
}

/** What a client hears behind its greeting, and whether it ends the connection. */
async function heard(fromClient: Buffer | null, fromServer: Buffer | null): Promise<string> {
  const { client, server, serverEnd, answers, over } = await connected()
  if (fromClient !== null) client.write(fromClient)
  if (fromServer !== null) serverEnd.write(fromServer)
  await Promise.race([over, sleep(5)])
  const greeted = answers.findIndex((message) => message[0] === back.readyForQuery) + 1
  const said = answers.slice(greeted).map((message) => {
    const fields = message[0] === back.errorResponse ? parseError(message) : new Map<string, string>()
    return `${String.fromCharCode(message[0] ?? 0)}${fields.get('S') ?? ''} ${fields.get('C') ?? ''}`.trim()
  })
  const upstream = server.received.map((message) => String.fromCharCode(message[0] ?? 0)).join('')
  client.end()
  await over
  return `${said.join(', ')} | ${upstream}`
}

const parse = frame(front.parse, cstring('s'), cstring('select 1'), Buffer.alloc(2))
const bind = frame(front.bind, cstring(''), cstring('s'), Buffer.alloc(6))
const execute = frame(front.execute, cstring(''), int32(0))
const sync = frame(front.sync)

/** Each type that a client may send behind its login: what it hears, and what the server got. */
const spoken: readonly (readonly [type: number, messages: readonly Buffer[], heard: string])[] = [
  [front.query, [frame(front.query, cstring('select 1'))], 'C, Z | Q'],
  [front.parse, [parse, sync], '1, Z | PS'],
  [front.bind, [parse, bind, sync], '1, 2, Z | PBS'],
  [front.describe, [parse, frame(front.describe, cstring('Ss')), sync], '1, t, n, Z | PDS'],
  [front.execute, [parse, bind, execute, sync], '1, 2, C, Z | PBES'],
  [front.close, [parse, frame(front.close, cstring('Ss')), sync], '1, 3, Z | PCS'],
  [front.flush, [parse, frame(front.flush), bind, sync], '1, 2, Z | PHBS'],
  [front.sync, [sync], 'Z | S'],
  [front.functionCall, [frame(front.functionCall, int32(957), Buffer.alloc(6))], 'EERROR 0A000, Z | Q'],
  [front.copyData, [frame(front.copyData, Buffer.from('x')), sync], 'Z | S'],
  [front.copyDone, [frame(front.copyDone), sync], 'Z | S'],
  [front.copyFail, [frame(front.copyFail, cstring('no')), sync], 'Z | S'],
  [front.password, [frame(front.password, cstring('again'))], 'EFATAL 08P01 | X'],
  [front.terminate, [frame(front.terminate)], ' | X'],
]

suite('from the client', () => {
  for (const [type, messages, expected] of spoken)
    test(`${String.fromCharCode(type)}: ${rowOf(frontRows, type)?.treatment ?? ''}`, async () =>
      assert.equal(await heard(Buffer.concat(messages), null), expected))

  test('every message of the table was sent', () => {
    const sent = ascending(spoken.map(([type]) => type))
    assert.deepEqual(sent, ascending(numbered(frontRows)))
  })

  test('whatever has no row is refused in the form of the protocol, and nothing of it goes upstream', async () => {
    for (const byte of everyByte)
      if (rowOf(frontRows, byte) === undefined)
        assert.equal(
          await heard(frame(byte, Buffer.from('x')), null),
          'EFATAL 08P01 | X',
          `type ${String(byte)}`,
        )
  })
})

suite('from the server', () => {
  test('whatever has no row, or no place there, ends the connection in the form of the protocol', async () => {
    for (const byte of everyByte) {
      const treatment = treatmentOf(byte)
      if (treatment === 'aside' || byte === back.errorResponse) continue
      const found = await heard(null, frame(byte, Buffer.from('I')))
      assert.equal(found, 'EFATAL 08006 | ', `type ${String(byte)}, ${treatment}`)
    }
  })

  test('what may come at any time is passed on', async () => {
    const words = new Map([['S', 'NOTICE']])
    assert.equal(await heard(null, buildError(back.noticeResponse, words)), 'N | ')
    assert.equal(await heard(null, frame(back.parameterStatus, cstring('TimeZone'), cstring('UTC'))), 'S | ')
    const notification = frame(back.notificationResponse, int32(1), cstring('channel'), cstring('payload'))
    assert.equal(await heard(null, notification), 'A | ')
  })

  for (const [name, value] of [
    ['client_encoding', 'SJIS'],
    ['standard_conforming_strings', 'off'],
  ] as const)
    test(`a server that reports ${name} ${value} is left`, async () =>
      assert.equal(
        await heard(null, frame(back.parameterStatus, cstring(name), cstring(value))),
        'EFATAL 08006 | ',
      ))
})

/** A packet for each row of the time before the login. */
const packets: Readonly<Record<string, () => Opening | 'tls'>> = {
  // It is told apart by its first byte, before there is a packet (`reception.ts`).
  'TLS handshake': () => 'tls',
  SSLRequest: () => opening(packet(80_877_103)),
  GSSENCRequest: () => opening(packet(80_877_104)),
  CancelRequest: () => opening(packet(80_877_102, int32(1), int32(2))),
  'StartupMessage 3.0': () => opening(startup({})),
  'StartupMessage 3.2': () => opening(startup({}, (3 << 16) | 2)),
  'StartupMessage 3.1, and above 3.2': () => opening(startup({}, (3 << 16) | 3)),
  'StartupMessage of another version': () => opening(startup({}, 2 << 16)),
  'key `user`': () => opening(startup({ user: 'anybody' })),
  'key `database`': () => opening(startup({ database: 'shop' })),
  'keys `_pq_.…`': () => opening(startup({ '_pq_.command_tag': 'on' })),
  'key `replication`': () => opening(startup({ replication: 'database' })),
  'key `options`': () => opening(startup({ options: '-c statement_timeout=5s' })),
  'settings on the list': () => opening(startup({ TimeZone: 'UTC' })),
  'any other key': () => opening(startup({ role: 'postgres' })),
}

function packet(code: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat([int32(code), ...parts])
  return Buffer.concat([int32(4 + body.length), body])
}

function startup(keys: Readonly<Record<string, string>>, version = 3 << 16): Buffer {
  const pairs = Object.entries({ user: 'any', ...keys }).map(([name, value]) => cstring(`${name}\0${value}`))
  return packet(version, ...pairs, Buffer.alloc(1))
}

suite('before the login', () => {
  test('every row has its packet', () => assert.deepEqual(Object.keys(packets), Object.keys(startupRows)))

  for (const [name, { treatment }] of Object.entries(startupRows))
    test(`${name}: ${treatment}`, () => assert.equal(treated(packets[name]?.() ?? 'tls'), treatment))

  test('options that are no settings, and settings off the list, are refused', () => {
    for (const options of [
      '-c role=postgres',
      '--client_encoding=SJIS',
      '-f off',
      '-c standard_conforming_strings=off',
    ])
      assert.equal(treated(opening(startup({ options }))), 'refused', options)
  })
})

function treated(open: Opening | 'tls'): string {
  if (open === 'tls') return 'answered'
  if (open.kind === 'startup') return open.startup.unspoken === null ? 'admitted' : 'negotiated'
  return open.kind === 'refused' ? 'refused' : 'answered'
}
