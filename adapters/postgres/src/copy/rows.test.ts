import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Undecodable } from '@sluice/masking'
import fc from 'fast-check'
import { BinaryRows } from './binary-rows.ts'
import { CsvRows } from './csv-rows.ts'
import { Fields } from './fields.ts'
import type { CsvFormat, TextFormat } from './format.ts'
import type { CopyRows } from './rows.ts'
import { TextRows } from './text-rows.ts'

const text: TextFormat = { kind: 'text', delimiter: '\t', null: '\\N', header: false }
const csv: CsvFormat = {
  kind: 'csv',
  delimiter: ',',
  null: '',
  header: false,
  quote: '"',
  escape: '"',
  quoted: [],
}

type Row = readonly (string | null)[]

/** As a server does: fields, what stands between them, and the end of the line. */
function written(rows: CopyRows, delimiter: string, row: Row): Buffer {
  const fields = row.map((value, column) => rows.field(value === null ? null : Buffer.from(value), column))
  const between = fields.flatMap((field, at) => (at === 0 ? [field] : [Buffer.from(delimiter), field]))
  return Buffer.concat([...between, Buffer.from('\n')])
}

/** The first row, and where the next one begins. */
function read(rows: CopyRows, bytes: Buffer, fields = new Fields(5)): readonly [Row, number] {
  const next = rows.row(bytes, 0, bytes.length, fields)
  const values = Array.from({ length: fields.count }, (_, column) => {
    const [from, to] = [fields.from(column), fields.to(column)]
    return rows.isNull(bytes, from, to) ? null : rows.value(bytes, from, to).toString()
  })
  return [values, next]
}

const value = fc.oneof(
  fc.constant(null),
  fc.string({ unit: fc.constantFrom(...'a,N\\"\'\t\n\r\b\f\v|x9!2.\x01', 'ß', '𝄞') }),
  fc.constantFrom('', '\\.', '\\N', 'x', ','),
)
const rowOf = fc.array(value, { minLength: 1, maxLength: 4 })

const formats: readonly (readonly [string, CopyRows, string])[] = [
  ['text', new TextRows(text), '\t'],
  ['text by |', new TextRows({ ...text, delimiter: '|', null: '\\NULL' }), '|'],
  ['text by a control character', new TextRows({ ...text, delimiter: '\b' }), '\b'],
  ['csv', new CsvRows(csv, ['a', 'b', 'c', 'd']), ','],
  ['csv of one column', new CsvRows(csv, ['a']), ','],
  [
    'csv with every option',
    new CsvRows({ ...csv, delimiter: '9', quote: '!', escape: '2', null: 'x', quoted: null }, ['a']),
    '9',
  ],
  [
    'csv with another escape',
    new CsvRows({ ...csv, escape: '\\', null: '\\N', quoted: ['b'] }, ['a', 'b', 'b', 'd']),
    ',',
  ],
]

suite('rows are read as they are written', () => {
  for (const [name, rows, delimiter] of formats)
    test(name, () =>
      fc.assert(
        fc.property(rowOf, rowOf, (first, second) => {
          const line = written(rows, delimiter, first)
          const bytes = Buffer.concat([line, written(rows, delimiter, second)])
          assert.deepEqual(read(rows, bytes), [first, line.length])
          // One that is cut has no end yet, and is read on where that was found.
          const pieces = new Fields(5)
          for (let cut = 0; cut < line.length; cut++) {
            const fields = new Fields(5)
            for (const each of [fields, pieces]) assert.equal(rows.row(bytes, 0, cut, each), -1)
            assert.deepEqual(read(rows, bytes, fields), [first, line.length])
          }
          assert.deepEqual(read(rows, bytes, pieces), [first, line.length])
        }),
      ),
    )
})

test('fields are written as PostgreSQL writes them', () => {
  const line = (rows: CopyRows, row: Row): string => written(rows, ',', row).toString()
  const comma = new TextRows({ ...text, delimiter: ',' })
  assert.equal(
    line(comma, ['a,b', 'c\\d', 'e\nf\tg', null, '', '\x01']),
    'a\\,b,c\\\\d,e\\nf\\tg,\\N,,\x01\n',
  )
  const plain = new CsvRows(csv, ['a', 'b', 'c', 'd', 'e'])
  assert.equal(line(plain, ['a,b', 'say "x"', '', null, 'plain']), '"a,b","say ""x""","",,plain\n')
  const forced = new CsvRows({ ...csv, null: 'NULL', quoted: ['b'] }, ['a', 'b', 'b'])
  assert.equal(line(forced, ['NULL', 'x', 'y']), '"NULL","x",y\n')
  assert.equal(line(new CsvRows(csv, ['a']), ['\\.']), '"\\."\n')
})

test('a value lies bare where a mask in place leaves it as a server would write it', () => {
  const bare = (rows: CopyRows, field: string): boolean => {
    const bytes = Buffer.from(`,${field},`)
    return rows.bare(bytes, 1, bytes.length - 1) >= 0
  }
  const columns = ['a', 'b']
  for (const field of ['', 'x', '917-26-4835', 'ß']) {
    assert.ok(bare(new TextRows(text), field))
    assert.ok(bare(new CsvRows(csv, columns), field))
    assert.ok(!bare(new TextRows({ ...text, delimiter: '*' }), field))
    for (const change of [{ delimiter: '*' }, { quote: '*' }, { escape: '*' }, { null: 'x*' }])
      assert.ok(!bare(new CsvRows({ ...csv, ...change }, columns), field))
    assert.ok(!bare(new CsvRows(csv, ['a']), field))
  }
  for (const field of ['x\\t', '\\\\']) assert.ok(!bare(new TextRows(text), field))
  for (const field of ['"x"', '""', '"a""b"']) assert.ok(!bare(new CsvRows(csv, columns), field))
})

test('what a server does not write is not read', () => {
  const undecodable = (rows: CopyRows, bytes: string): void =>
    assert.throws(() => read(rows, Buffer.from(bytes, 'latin1')), Undecodable, bytes)
  for (const field of ['\\x41\n', '\\101\n', '\\\n\n', '\\q\n']) undecodable(new TextRows(text), field)
  for (const line of ['a"b\n', '"a"b\n', 'a\rb\n', '"a\\b"c\n']) undecodable(new CsvRows(csv, ['a']), line)
  undecodable(new CsvRows({ ...csv, escape: '\\' }, ['a']), '"a\\b"\n')
  const header = 'PGCOPY\n\xff\r\n\0'
  const none = '\0\0\0\0'
  for (const bytes of [
    `pgcopy\n\xff\r\n\0${none}${none}`,
    `${header}\0\x01\0\0${none}`,
    `${header}${none}\0\0\0\x04${none}`,
  ])
    undecodable(new BinaryRows(), bytes)
})

test('binary rows stand between a header and an end', () => {
  const rows = new BinaryRows()
  const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
  const row = Buffer.concat([Buffer.from([0, 2]), rows.field(Buffer.from('abc')), rows.field(null)])
  const first = (bytes: Buffer, to = bytes.length): number => rows.row(bytes, 0, to, new Fields(5))
  for (let cut = 0; cut < header.length; cut++) assert.equal(first(header, cut), -1)
  assert.deepEqual(read(rows, Buffer.concat([header, row])), [[], header.length])
  for (let cut = 0; cut < row.length; cut++) {
    const fields = new Fields(5)
    assert.equal(rows.row(row, 0, cut, fields), -1)
    assert.deepEqual(read(rows, row, fields), [['abc', null], row.length])
  }
  assert.deepEqual(read(rows, row), [['abc', null], row.length])
  assert.throws(() => first(Buffer.from([0xff, 0xfe])), Undecodable)
  assert.throws(() => first(Buffer.from([0, 1, 0xff, 0xff, 0xff, 0xfe])), Undecodable)
  assert.deepEqual(read(rows, Buffer.from([0xff, 0xff])), [[], 2])
  assert.throws(() => first(row), Undecodable)
})
