import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type MaskRule } from '@sluice/core'
import type { CopyFormat } from './copy/format.ts'
import { ColumnMask, type HidingRule } from './column-mask.ts'
import { Mask } from './mask.ts'
import { back } from './messages.ts'
import { LastReply, Reply } from './replies.ts'
import type { MaskPlan } from './statement.ts'
import { buildError, Cursor, cstring, frame, headerBytes, int32, parseError } from './wire.ts'

const customers = 16_400
const text = 25
const int4 = 23

interface Field {
  readonly table?: number
  readonly attribute?: number
  readonly type?: number
  readonly binary?: boolean
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function description(...fields: readonly Field[]): Buffer {
  const parts = fields.map(({ table = 0, attribute = 0, type = text, binary = false }) =>
    Buffer.concat([
      cstring('alias'),
      int32(table),
      int16(attribute),
      int32(type),
      int16(-1),
      int32(-1),
      int16(binary ? 1 : 0),
    ]),
  )
  return frame(back.rowDescription, int16(fields.length), ...parts)
}

function row(...values: readonly (string | Buffer | null)[]): Buffer {
  const parts = values.map((value) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
  return frame(back.dataRow, int16(values.length), ...parts)
}

function plan(method: HidingRule['method'], change: Partial<MaskPlan> = {}, notNull = false): MaskPlan {
  const rule = { relation: 'public.customers', column: 'ssn', method, rule: 'test/mask' }
  const mask = new ColumnMask('public.customers.ssn', rule, { type: text, notNull }, new Map(), keyed)
  return {
    columns: new Map([[customers, new Map([[3, mask]])]]),
    guarded: true,
    computed: false,
    answers: [],
    known: new Set([customers]),
    conditions: 0,
    ...change,
  }
}

const keyed = { key: 'k1', digest: () => Buffer.alloc(32, 7) }
const ssn: Field = { table: customers, attribute: 3 }
const name: Field = { table: customers, attribute: 2 }
const complete = frame(back.commandComplete, cstring('SELECT 2'))

function reply(...messages: readonly Buffer[]): Reply {
  const bytes = Buffer.concat(messages)
  return new Reply(bytes, bytes, messages.filter((message) => message[0] === back.dataRow).length)
}

function cells(shown: Reply): (string | null)[][] {
  const bytes = Buffer.from(shown.bytes)
  const rows: (string | null)[][] = []
  for (let at = 0; at < bytes.length; at += 1 + bytes.readInt32BE(at + 1)) {
    if (bytes[at] !== back.dataRow) continue
    const cursor = new Cursor(bytes, at + headerBytes, at + 1 + bytes.readInt32BE(at + 1))
    rows.push(
      Array.from({ length: cursor.uint16() }, () => {
        const length = cursor.int32()
        return length < 0 ? null : cursor.bytes(length).toString()
      }),
    )
    cursor.finish()
  }
  return rows
}

const people = [row('Ann', '123-45-6789'), row('Böb', null), row('Eve', '')]
const methods: readonly (readonly [MaskRule['method'] & HidingRule['method'], (string | null)[]])[] = [
  ['last4', ['***-**-6789', null, '']],
  ['stars', ['***********', null, '']],
  ['redact', ['[masked]', null, '[masked]']],
  ['null', [null, null, null]],
]
for (const [method, expected] of methods)
  test(`${method}: the column is hidden, its neighbours stay, the record shows the same`, () => {
    const shown = new Mask(plan(method)).apply(reply(description(name, ssn), ...people, complete))
    assert.deepEqual(
      cells(shown),
      ['Ann', 'Böb', 'Eve'].map((person, index) => [person, expected[index]]),
    )
    assert.deepEqual(shown.masked, [{ column: 'public.customers.ssn', method, values: 2 }])
    assert.equal(shown.rows, 3)
    assert.deepEqual(Buffer.from(shown.record), Buffer.from(shown.bytes))
  })

test('the description is remembered over the pieces of one answer', () => {
  const mask = new Mask(plan('stars'))
  mask.apply(reply(description(ssn)))
  assert.deepEqual(cells(mask.apply(reply(row('a')))), [['*']])
  assert.deepEqual(cells(mask.apply(reply(row('b')))), [['*']])
})

test('the record of a rewritten answer is its recorded part', () => {
  const head = frame(back.parseComplete)
  const tail = frame(back.readyForQuery, Buffer.from('I'))
  const content = Buffer.concat([description(ssn), row('123-45-6789'), complete])
  const bytes = Buffer.concat([head, content, tail])
  const last = new LastReply(
    { outcome: 'completed', status: null },
    bytes,
    bytes.subarray(head.length, head.length + content.length),
    1,
  )
  const shown = new Mask(plan('redact')).apply(last)
  assert.deepEqual(
    Buffer.from(shown.record),
    Buffer.from(shown.bytes).subarray(head.length, shown.bytes.length - tail.length),
  )
  assert.ok(shown instanceof LastReply)
})

test('the answer says of which type and in which format a value is', () => {
  const shown = (field: Partial<Field>, value: string | Buffer, method: HidingRule['method']): Reply =>
    new Mask(plan(method)).apply(reply(description({ ...ssn, ...field }), row(value), complete))
  const asText = shown({ type: int4 }, '1234', 'redact')
  assert.deepEqual(cells(asText), [['0']])
  assert.deepEqual(asText.masked, [{ column: 'public.customers.ssn', method: 'redact', values: 1 }])
  assert.deepEqual(cells(shown({ type: int4, binary: true }, int32(1234), 'partial')), [
    [int32(1000).toString()],
  ])
  assert.deepEqual(cells(shown({ type: int4 }, '1234', 'partial')), [['1000']])
  const pseudonym = shown({}, 'Ann', 'hash')
  assert.deepEqual(cells(pseudonym), [['07'.repeat(16)]])
  assert.deepEqual(pseudonym.masked, [{ column: 'public.customers.ssn', method: 'hash:k1', values: 1 }])
  assert.deepEqual(Buffer.from(pseudonym.record), Buffer.from(pseudonym.bytes))
})

test('a type that no mask has a value of is shown as NULL, or not at all', () => {
  const answer = reply(description({ ...ssn, type: 99_999 }), row('happy'))
  const shown = new Mask(plan('last4')).apply(answer)
  assert.deepEqual(cells(shown), [[null]])
  assert.deepEqual(shown.masked, [{ column: 'public.customers.ssn', method: 'null', values: 1 }])
  assert.throws(() => new Mask(plan('last4', {}, true)).apply(answer), Refused)
})

test('a value that is none of its type is not shown', () => {
  const rows: readonly Buffer[] = [row(Buffer.alloc(3)), row(Buffer.alloc(5)), row(Buffer.alloc(0))]
  for (const bytes of rows)
    assert.throws(
      () => new Mask(plan('partial')).apply(reply(description({ ...ssn, type: int4, binary: true }), bytes)),
      Refused,
    )
  assert.throws(
    () => new Mask(plan('hash')).apply(reply(description({ ...ssn, type: int4 }), row('12x'))),
    Refused,
  )
})

const refusedAnswers: readonly (readonly [string, MaskPlan, readonly Buffer[]])[] = [
  ['a column without origin where none can be', plan('stars'), [description({})]],
  ['a whole row', plan('stars'), [description({ table: customers, attribute: 0 })]],
  [
    'a whole row, though the statement names no such table',
    plan('stars', { guarded: false }),
    [description({ table: customers, attribute: 0 })],
  ],
  ['a relation that nobody vouches for', plan('stars'), [description({ table: 99_999, attribute: 1 })]],
  ['rows without a description', plan('stars'), [row('x')]],
  ['rows of the next statement without a description', plan('stars'), [description(ssn), complete, row('x')]],
  ['COPY data', plan('stars'), [frame(back.copyData, Buffer.from('x'))]],
]
for (const [what, forPlan, messages] of refusedAnswers)
  test(`refused: ${what}`, () => {
    assert.throws(() => new Mask(forPlan).apply(reply(...messages)), Refused)
  })

test('a computed column is shown once it is proven to be clear', () => {
  const shown = new Mask(plan('stars', { computed: true })).apply(reply(description({}, ssn), row('7', 'x')))
  assert.deepEqual(cells(shown), [['7', '*']])
})

test('a masked column in an answer where none was expected is masked all the same', () => {
  const shown = new Mask(plan('stars', { guarded: false })).apply(reply(description(ssn), row('secret')))
  assert.deepEqual(cells(shown), [['******']])
})

test('a hidden description counts, and what it forbids is thrown with the answer', () => {
  const mask = new Mask(plan('stars'))
  mask.describeHidden(description(ssn))
  assert.deepEqual(cells(mask.apply(reply(row('abc')))), [['***']])
  mask.describeHidden(description({ table: customers, attribute: 0 }))
  assert.throws(() => mask.apply(reply(row('abc'))), Refused)
})

const format: CopyFormat = {
  kind: 'csv',
  delimiter: ',',
  null: '',
  header: false,
  quote: '"',
  escape: '"',
  quoted: [],
}
const csv = { query: Buffer.alloc(0), format }
const copyOut = (...formats: readonly number[]): Buffer =>
  frame(back.copyOutResponse, Buffer.from([0]), int16(formats.length), ...formats.map(int16))
const copied = (text: string): Buffer => frame(back.copyData, Buffer.from(text))
const done = frame(back.copyDone)

test('COPY is masked as it was described, and its record shows the same', () => {
  const mask = new Mask(plan('stars', { copy: csv }))
  mask.describeHidden(description(name, ssn))
  const shown = mask.apply(
    reply(copyOut(0, 0), copied('Ann,123\nBob,'), copied('4567\nEve,\n'), done, complete),
  )
  const expected = [copyOut(0, 0), copied('Ann,***\n'), copied('Bob,****\nEve,\n'), done, complete]
  assert.deepEqual(Buffer.from(shown.bytes), Buffer.concat(expected))
  assert.deepEqual(Buffer.from(shown.record), Buffer.concat(expected))
  assert.deepEqual(shown.masked, [{ column: 'public.customers.ssn', method: 'stars', values: 2 }])
})

const unproven: readonly (readonly [string, Buffer | null, readonly Buffer[]])[] = [
  ['nobody described it', null, [copyOut(0, 0)]],
  ['it has no columns', frame(back.noData), [copyOut(0, 0)]],
  ['it has other columns', description(name, ssn), [copyOut(0)]],
  ['it is binary', description(name, ssn), [copyOut(1, 1)]],
  ['its column comes from nowhere', description(name, {}), [copyOut(0, 0)]],
  ['it holds a whole row', description({ table: customers, attribute: 0 }), [copyOut(0)]],
  ['it has data before it began', description(name, ssn), [copied('Ann,123\n')]],
  ['it ends within a row', description(name, ssn), [copyOut(0, 0), copied('Ann,123'), done]],
  ['its row is none', description(name, ssn), [copyOut(0, 0), copied('Ann,123,4\n')]],
]
for (const [why, described, messages] of unproven)
  test(`COPY is not shown when ${why}`, () => {
    const mask = new Mask(plan('stars', { copy: csv }))
    if (described !== null) mask.describeHidden(described)
    assert.throws(() => mask.apply(reply(...messages)), Refused)
  })

test('COPY that was not foreseen is not shown where masks apply, and as it is elsewhere', () => {
  const messages = reply(copyOut(0, 0), copied('Ann,123\n'), done, complete)
  assert.throws(() => new Mask(plan('stars')).apply(messages), Refused)
  const open = new Mask(plan('stars', { guarded: false })).apply(messages)
  assert.deepEqual(Buffer.from(open.bytes), Buffer.from(messages.bytes))
})

test('error and notice texts are withheld when the statement reads masked columns', () => {
  const error = buildError(
    back.errorResponse,
    new Map([
      ['S', 'ERROR'],
      ['V', 'ERROR'],
      ['C', '22P02'],
      ['M', 'invalid input: "123-45-6789"'],
      ['D', '123-45-6789'],
    ]),
  )
  const shown = Buffer.from(new Mask(plan('stars')).apply(reply(error)).bytes)
  assert.equal(parseError(shown).get('C'), '22P02')
  assert.equal(shown.includes('123-45-6789'), false)
  const ends = new Mask({ ...plan('stars', { guarded: false }), columns: new Map() }, true).apply(
    reply(error),
  )
  assert.deepEqual(Buffer.from(ends.bytes), shown)
  const open = new Mask(plan('stars', { guarded: false })).apply(reply(error))
  assert.deepEqual(Buffer.from(open.bytes), error)
})

test('words that never change are shown, alone and in their very form', () => {
  const error = (more: readonly [string, string][]): Buffer =>
    buildError(back.errorResponse, new Map([['S', 'ERROR'], ['C', '22012'], ...more]))
  const told = (bytes: Buffer): ReadonlyMap<string, string> =>
    parseError(Buffer.from(new Mask(plan('stars')).apply(reply(bytes)).bytes))
  const zero = told(
    error([
      ['M', 'division by zero'],
      ['D', '123-45-6789'],
    ]),
  )
  assert.deepEqual(
    [...zero],
    [
      ['S', 'ERROR'],
      ['C', '22012'],
      ['M', 'division by zero'],
    ],
  )
  assert.match(
    told(error([['M', 'division by zero 123']])).get('M') ?? '',
    /^The target reported SQLSTATE 22012, division_by_zero\. Its words are withheld/,
  )
})

test('an error about a table with masked columns is withheld wherever it comes', () => {
  const error = (table: string): Buffer =>
    buildError(
      back.errorResponse,
      new Map([
        ['C', '23514'],
        ['M', 'no'],
        ['D', '(1, 123-45-6789)'],
        ['s', 'public'],
        ['t', table],
      ]),
    )
  const shown = (table: string): Buffer =>
    Buffer.from(new Mask(plan('stars', { guarded: false })).apply(reply(error(table))).bytes)
  assert.equal(shown('customers').includes('123'), false)
  assert.deepEqual(shown('custom'), error('custom'))
  assert.deepEqual(shown('customers2'), error('customers2'))
})

test('a row that is not what its description says breaks the answer', () => {
  assert.throws(() => new Mask(plan('stars')).apply(reply(description(name, ssn), row('one'))))
})
