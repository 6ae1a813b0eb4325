import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { AnswerPart } from '@sluice/core'
import { back, front } from './messages.ts'
import { PostgresRecording } from './recording.ts'
import { buildError, cstring, frame, int32 } from './wire.ts'

const text = 25
const int4 = 23
const statementSign = Buffer.from('S')
const portalSign = Buffer.from('P')

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

const query = (sql: string): Buffer => frame(front.query, cstring(sql))
const parse = (name: string, sql: string, ...types: readonly number[]): Buffer =>
  frame(front.parse, cstring(name), cstring(sql), int16(types.length), ...types.map(int32))
const describe = (sign: Buffer, name: string): Buffer => frame(front.describe, sign, cstring(name))
const execute = (portal = ''): Buffer => frame(front.execute, cstring(portal), int32(0))

function cells(values: readonly (string | Buffer | null)[]): readonly Buffer[] {
  return values.map((value) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
}

interface Bound {
  readonly portal?: string
  readonly formats?: readonly number[]
  readonly results?: readonly number[]
}

function bind(
  statement: string,
  values: readonly (string | Buffer | null)[],
  { portal = '', formats = [], results = [] }: Bound = {},
): Buffer {
  const counted = (codes: readonly number[]): Buffer =>
    Buffer.concat([int16(codes.length), ...codes.map(int16)])
  return frame(
    front.bind,
    cstring(portal),
    cstring(statement),
    counted(formats),
    int16(values.length),
    ...cells(values),
    counted(results),
  )
}

function description(
  ...columns: readonly (readonly [name: string, type: number, format?: number])[]
): Buffer {
  const parts = columns.map(([name, type, format = 0]) =>
    Buffer.concat([cstring(name), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(format)]),
  )
  return frame(back.rowDescription, int16(columns.length), ...parts)
}

const row = (...values: readonly (string | Buffer | null)[]): Buffer =>
  frame(back.dataRow, int16(values.length), ...cells(values))
const done = (tag: string): Buffer => frame(back.commandComplete, cstring(tag))
const all = (...messages: readonly Buffer[]): Buffer => Buffer.concat(messages)

/** One exchange that ends well. */
function read(recording: PostgresRecording, request: Buffer, answer: Buffer) {
  const parts = recording.request('exc', request)
  return { parts, answer: [...recording.answer('exc', answer), ...recording.end('exc', true)] }
}

suite('what was asked', () => {
  test('a Query is its text', () => {
    assert.deepEqual(new PostgresRecording().request('exc', query('select 1; select 2')), [
      { text: 'select 1; select 2', parameters: [] },
    ])
  })

  test('a Bind is the statement that was prepared before, with its values', () => {
    const recording = new PostgresRecording()
    assert.deepEqual(read(recording, parse('s1', 'select $1, $2, $3', text, int4), all()).parts, [
      { text: 'select $1, $2, $3', name: 's1', parameters: [] },
    ])
    const request = all(bind('s1', ['ü', int32(7), null], { formats: [0, 1, 0] }), execute())
    assert.deepEqual(recording.request('two', request), [
      { text: 'select $1, $2, $3', name: 's1', parameters: ['ü', 7, null] },
    ])
  })

  test('Parse, Describe, Bind and Execute of one batch belong together', () => {
    const recording = new PostgresRecording()
    const prepared = recording.request('one', all(parse('', 'select 1'), describe(statementSign, '')))
    const bound = recording.request('two', all(bind('', []), describe(portalSign, ''), execute()))
    assert.deepEqual(
      [prepared, bound],
      [[{ text: 'select 1', parameters: [] }], [{ text: 'select 1', parameters: [] }]],
    )
  })

  test('an Execute alone is what its portal holds', () => {
    const recording = new PostgresRecording()
    recording.request('one', parse('s', 'select $1'))
    recording.request('two', bind('s', ['x'], { portal: 'p' }))
    assert.deepEqual(recording.request('three', execute('p')), [
      { text: 'select $1', name: 's', parameters: ['x'] },
    ])
  })

  test('what was prepared elsewhere has no text', () => {
    assert.deepEqual(new PostgresRecording().request('exc', all(bind('gone', []), execute())), [
      { text: null, name: 'gone', parameters: [] },
    ])
    assert.deepEqual(new PostgresRecording().request('exc', execute('gone')), [
      { text: null, parameters: [] },
    ])
  })

  test('a Parse that was not performed renames nothing', () => {
    const recording = new PostgresRecording()
    read(recording, parse('s', 'select 1'), all())
    recording.request('two', parse('s', 'drop table customers'))
    recording.end('two', false)
    assert.equal(recording.request('three', bind('s', []))[0]?.text, 'select 1')
  })

  test('after SQL of its own for names nothing is taken for granted', () => {
    for (const sql of ['DEALLOCATE s', 'prepare s as select 2', 'DISCARD ALL']) {
      const recording = new PostgresRecording()
      read(recording, parse('s', 'select 1'), all())
      read(recording, query(sql), all())
      assert.equal(recording.request('three', bind('s', []))[0]?.text, null)
    }
  })

  test('what breaks the protocol is shown as bytes', () => {
    const broken = all(query('select 1'), Buffer.from('510000ffff', 'hex'))
    const parts = new PostgresRecording().request('exc', broken)
    assert.deepEqual(parts[0], { text: 'select 1', parameters: [] })
    assert.match(JSON.stringify(parts[1]?.parameters), /"hex":"51/)
    for (const hex of ['51', '5100000000', 'ff00000004', '42000000053100'])
      assert.equal(new PostgresRecording().request('exc', Buffer.from(hex, 'hex'))[0]?.text, null)
  })
})

suite('what was answered', () => {
  const one = (answer: Buffer, request = query('select')): readonly AnswerPart[] =>
    read(new PostgresRecording(), request, answer).answer

  test('rows in text, with NULL beside the empty text', () => {
    assert.deepEqual(
      one(all(description(['id', int4], ['name', text]), row('1', null), row('2', ''), done('SELECT 2'))),
      [
        {
          kind: 'rows',
          columns: ['id', 'name'],
          rows: [
            ['1', null],
            ['2', ''],
          ],
        },
        { kind: 'status', text: 'SELECT 2' },
      ],
    )
  })

  test('a notification, with who sent it left out', () => {
    const heard = frame(back.notificationResponse, int32(7), cstring('news'), cstring('told ✓'))
    assert.deepEqual(new PostgresRecording().answer('ses_1', heard), [
      { kind: 'notification', channel: 'news', text: 'told ✓' },
    ])
  })

  test('rows in binary, and bytes of a type without a text', () => {
    const answer = all(description(['id', int4, 1], ['where', 600, 1]), row(int32(-1), Buffer.from([1, 2])))
    assert.deepEqual(one(answer), [
      { kind: 'rows', columns: ['id', 'where'], rows: [['-1', { type: 'bytes', bytes: 2, hex: '0102' }]] },
    ])
  })

  test('each statement of a Query has its own rows', () => {
    const answer = all(
      description(['a', text]),
      row('1'),
      done('SELECT 1'),
      done('UPDATE 3'),
      description(['b', text], ['c', text]),
      row('2', '3'),
      done('SELECT 1'),
    )
    assert.deepEqual(one(answer), [
      { kind: 'rows', columns: ['a'], rows: [['1']] },
      { kind: 'status', text: 'SELECT 1' },
      { kind: 'status', text: 'UPDATE 3' },
      { kind: 'rows', columns: ['b', 'c'], rows: [['2', '3']] },
      { kind: 'status', text: 'SELECT 1' },
    ])
  })

  test('an answer that describes nothing is read by an earlier description, in the formats asked for', () => {
    const recording = new PostgresRecording()
    read(recording, all(parse('s', 'select id'), describe(statementSign, 's')), description(['id', int4]))
    const request = all(bind('s', [], { results: [1] }), execute())
    assert.deepEqual(read(recording, request, all(row(int32(5)), done('SELECT 1'))).answer, [
      { kind: 'rows', columns: ['id'], rows: [['5']] },
      { kind: 'status', text: 'SELECT 1' },
    ])
  })

  test('without any description texts are texts, and binary stays bytes', () => {
    const request = (results: readonly number[]): Buffer => all(bind('gone', [], { results }), execute())
    assert.deepEqual(one(row('x'), request([])), [{ kind: 'rows', columns: null, rows: [['x']] }])
    assert.deepEqual(one(row(int32(5)), request([1])), [
      { kind: 'rows', columns: null, rows: [[{ type: 'bytes', bytes: 4, hex: '00000005' }]] },
    ])
  })

  test('errors and notices, with detail and hint', () => {
    const fields = new Map([
      ['S', 'ERROR'],
      ['C', '42P01'],
      ['M', 'no such table'],
      ['H', 'look again'],
    ])
    const answer = all(buildError(back.noticeResponse, fields), buildError(back.errorResponse, fields))
    const told = { code: '42P01', message: 'no such table', more: ['look again'] }
    assert.deepEqual(one(answer), [
      { kind: 'notice', ...told },
      { kind: 'error', ...told },
    ])
  })

  test('COPY data, in and out, whole characters', () => {
    assert.deepEqual(
      one(all(frame(back.copyData, Buffer.from('1\tü\n')), frame(back.copyData, Buffer.from('2\n')))),
      [{ kind: 'data', text: '1\tü\n2\n', hex: false }],
    )
    const recording = new PostgresRecording()
    recording.request('exc', query('copy t from stdin'))
    const bytes = Buffer.from('ü𝄞')
    const pieces = [...bytes].flatMap((byte) => recording.body('exc', Buffer.from([byte])))
    assert.equal(pieces.map((part) => (part.kind === 'data' ? part.text : '?')).join(''), 'ü𝄞')
    assert.deepEqual(recording.body('exc', Buffer.from('ff41', 'hex')), [
      { kind: 'data', text: 'ff41', hex: true },
    ])
  })

  test('however it is cut into pieces, it reads the same', () => {
    const answer = all(description(['a', text]), row('one'), row('two'), done('SELECT 2'))
    for (let at = 0; at <= answer.length; at++) {
      const recording = new PostgresRecording()
      recording.request('exc', query('select'))
      const parts = [
        ...recording.answer('exc', answer.subarray(0, at)),
        ...recording.answer('exc', answer.subarray(at)),
        ...recording.end('exc', true),
      ]
      const rows = parts.flatMap((part) => (part.kind === 'rows' ? part.rows : []))
      assert.deepEqual(rows, [['one'], ['two']])
      assert.deepEqual(parts.at(-1), { kind: 'status', text: 'SELECT 2' })
    }
  })

  test('a recording that was cut says so', () => {
    const answer = all(description(['a', text]), row('one'), row('two'))
    assert.deepEqual(one(answer.subarray(0, -2)), [
      { kind: 'rows', columns: ['a'], rows: [['one']] },
      { kind: 'cut', bytes: 12 },
    ])
  })

  test('a message that is too large is passed over, and reading goes on behind it', () => {
    const large = row('x'.repeat(5_000_000))
    const answer = all(description(['a', text]), large, row('small'), done('SELECT 2'))
    const recording = new PostgresRecording()
    recording.request('exc', query('select'))
    const parts: AnswerPart[] = []
    for (let at = 0; at < answer.length; at += 65_536)
      parts.push(...recording.answer('exc', answer.subarray(at, at + 65_536)))
    assert.deepEqual(parts, [
      { kind: 'too_large', bytes: large.length - 1 },
      { kind: 'rows', columns: ['a'], rows: [['small']] },
      { kind: 'status', text: 'SELECT 2' },
    ])
    assert.deepEqual(recording.end('exc', true), [])
  })

  for (const [what, bytes] of [
    ['a type that no server sends', Buffer.from('ff00000004', 'hex')],
    ['a length shorter than itself', Buffer.from('4400000003', 'hex')],
    ['a row shorter than it says', frame(back.dataRow, int16(1), int32(9))],
  ] as const)
    test(`${what} ends the reading`, () => {
      const parts = one(all(done('BEGIN'), bytes, done('COMMIT')))
      assert.deepEqual(
        parts.map(({ kind }) => kind),
        ['status', 'undecodable'],
      )
    })
})
