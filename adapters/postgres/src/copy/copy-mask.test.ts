import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Undecodable } from '@sluice/masking'
import fc from 'fast-check'
import type { Cell } from '../column-mask.ts'
import { back } from '../messages.ts'
import { rewritten } from '../rewriter.ts'
import { frame, headerBytes, int32 } from '../wire.ts'
import { CopyMask } from './copy-mask.ts'
import type { CopyFormat, CsvFormat, TextFormat } from './format.ts'

const last4: Cell = { kind: 'in_place', how: 'last4', column: 'c.ssn', method: 'last4' }
const redact: Cell = {
  kind: 'fixed',
  cell: Buffer.concat([int32(8), Buffer.from('[masked]')]),
  column: 'c.name',
  method: 'redact',
}
const gone: Cell = { kind: 'fixed', cell: int32(-1), column: 'c.card', method: 'null' }
const doubled: Cell = {
  kind: 'computed',
  replace: (value) => Buffer.concat([value, Buffer.from(','), value]),
  column: 'c.note',
  method: 'test',
}
const cells = [null, last4, redact, gone, doubled]
const columns = ['id', 'ssn', 'name', 'card', 'note']
const text: TextFormat = { kind: 'text', delimiter: '\t', null: '\\N', header: false }
const csv: CsvFormat = {
  kind: 'csv',
  delimiter: ',',
  null: '',
  header: true,
  quote: '"',
  escape: '"',
  quoted: [],
}

const binaryRow = (...values: readonly (string | null)[]): Buffer =>
  Buffer.concat([
    Buffer.from([0, values.length]),
    ...values.map((value) =>
      value === null ? int32(-1) : Buffer.concat([int32(value.length), Buffer.from(value)]),
    ),
  ])
const binary = (...rows: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'),
    ...rows,
    Buffer.from([0xff, 0xff]),
  ])

/** What is left of messages of one reply. */
function applied(mask: CopyMask, messages: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(messages)
  return rewritten(bytes, (rewriter) => {
    let at = 0
    for (const { length } of messages) mask.apply(bytes, at, (at += length), rewriter)
  })
}

/** Of whole messages, one behind the other. */
function dataOf(messages: Buffer): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < messages.length;) {
    assert.equal(messages[at], back.copyData)
    const next = at + 1 + messages.readInt32BE(at + 1)
    pieces.push(messages.subarray(at + headerBytes, next))
    at = next
  }
  return Buffer.concat(pieces)
}

const streams: readonly (readonly [string, CopyFormat, Buffer, Buffer])[] = [
  [
    'text',
    text,
    Buffer.from('1\t917-26-4835\tZ\\tQ\t4000\tx\\ny\n\\N\t\\N\t\\N\t\\N\t\\N\n3\t12\\t3456\t\\N\t\\N\tq\n'),
    Buffer.from(
      '1\t***-**-4835\t[masked]\t\\N\tx\\ny,x\\ny\n\\N\t\\N\t\\N\t\\N\t\\N\n3\t**\\t*456\t\\N\t\\N\tq,q\n',
    ),
  ],
  [
    'csv',
    csv,
    Buffer.from('id,ssn,name,card,note\n"1,5",917-26-4835,"Z ""Q""",4000,\n2,,,,a\n3,"12,3456",,,q\n'),
    Buffer.from('id,ssn,name,card,note\n"1,5",***-**-4835,[masked],,\n2,,,,"a,a"\n3,"**,*456",,,"q,q"\n'),
  ],
  [
    'binary',
    { kind: 'binary' },
    binary(
      binaryRow('1', '917-26-4835', 'Z', '4000', 'n'),
      binaryRow(null, null, null, null, ''),
      binaryRow('3', '12,3456', null, null, 'q'),
    ),
    binary(
      binaryRow('1', '***-**-4835', '[masked]', null, 'n,n'),
      binaryRow(null, null, null, null, ','),
      binaryRow('3', '**,*456', null, null, 'q,q'),
    ),
  ],
]

for (const [name, format, sent, shown] of streams)
  test(`${name}: however the messages cut through the rows`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(sent.length), { maxLength: 6 }), (cuts) => {
        const mask = new CopyMask(format, cells, columns)
        const places = [0, ...cuts.toSorted((one, other) => one - other), sent.length]
        const messages = places.slice(1).map((to, at) => frame(back.copyData, sent.subarray(places[at], to)))
        assert.equal(dataOf(applied(mask, messages)).toString('latin1'), shown.toString('latin1'))
        mask.finish()
        assert.deepEqual(
          mask.tally().map(({ column, values }) => `${column} ${String(values)}`),
          ['c.ssn 2', 'c.name 1', 'c.card 1', name === 'binary' ? 'c.note 3' : 'c.note 2'],
        )
        assert.deepEqual(mask.tally(), [])
      }),
    )
  })

test('a row with other columns, or without an end, is not shown', () => {
  for (const [format, bytes] of [
    [text, '1\t917-26-4835\n'],
    [text, '1\t2\t3\t4\t5\t917-26-4835\n'],
    [{ ...text, header: true }, 'id\n'],
    [csv, 'id,ssn,name,card,note\n1\n'],
  ] as const)
    assert.throws(
      () => applied(new CopyMask(format, cells, columns), [frame(back.copyData, Buffer.from(bytes))]),
      Undecodable,
      bytes,
    )
  const cut = new CopyMask(text, cells, columns)
  assert.equal(applied(cut, [frame(back.copyData, Buffer.from('1\t917-26-4835'))]).length, 0)
  assert.throws(() => cut.finish(), Undecodable)
})

for (const [name, format, sent] of [
  ['text', text, `1\t917-26-4835\t${'a\\tb'.repeat(200_000)}\t\\N\tx\n`],
  ['csv', { ...csv, header: false }, `1,917-26-4835,"${'a""b\n'.repeat(200_000)}",,x\n`],
] as const)
  test(`${name}: a row that is cut into very many messages takes the time that its length does`, () => {
    const mask = new CopyMask(format, cells, columns)
    const bytes = Buffer.from(sent)
    const shown: Buffer[] = []
    const began = performance.now()
    for (let at = 0; at < bytes.length; at += 5)
      shown.push(applied(mask, [frame(back.copyData, bytes.subarray(at, at + 5))]))
    mask.finish()
    assert.equal(dataOf(Buffer.concat(shown)).indexOf('[masked]'), '1,***-**-4835,'.length)
    // Read anew from its beginning with each of its 200,000 messages it would take minutes.
    assert.ok(performance.now() - began < 30_000)
  })
