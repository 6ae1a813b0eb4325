import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { lookInto } from './cell-look.ts'
import { CellSearch } from './cell-search.ts'
import type { Format } from './data-type.ts'
import { builtInDetectors } from './detectors/built-in.ts'
import type { MaskRequest } from './replacer.ts'
import { replacers, type ElementType } from './types.ts'

const card = '4111111111111111'
const pseudonyms = { key: 'k1', digest: () => Buffer.alloc(32, 7) }

function search(request: MaskRequest = { method: 'redact' }): CellSearch {
  const rules = [...builtInDetectors.values()].map((detector) => ({ detector, request, rule: 'test/looks' }))
  return new CellSearch(rules, pseudonyms)
}

/** `null`: nothing was found. */
function shown(
  bytes: Buffer | string,
  element: ElementType,
  format: Format = 'text',
  array = false,
): Buffer | null {
  const batch = search().batch()
  const look = lookInto({ element, array }, format)
  assert.ok(look !== null)
  const place = batch.add(Buffer.from(bytes), look)
  batch.settle()
  return batch.at(place) ?? null
}

const asText = (...of: Parameters<typeof shown>): string | null => shown(...of)?.toString() ?? null

suite('a value with something in it is another value of its type', () => {
  const cases: readonly (readonly [ElementType, string, string])[] = [
    ['text', `pay with ${card} now`, 'pay with [masked] now'],
    ['bpchar', `${card}    `, '[masked]    '],
    ['int8', card, '0'],
    ['numeric', `${card}.00`, '0'],
    ['float8', '4.111111111111111e+15', '0'],
    ['json', `{ "a":"x ${card}", "n": ${card}, "z": 1e0 }`, '{ "a":"x [masked]", "n": 0, "z": 1e0 }'],
    ['json', String.raw`["4111\u00311111\u0031111111"]`, '["[masked]"]'],
    ['jsonb', `{"${card}": null}`, '{"[masked]": null}'],
    ['json', JSON.stringify(JSON.stringify({ card })), JSON.stringify('{"card":"[masked]"}')],
    ['text', String.raw`{"mail":"ann\u0040example.com"}`, '{"mail":"[masked]"}'],
    [
      'bytea',
      `\\x${Buffer.from(`no ${card}`).toString('hex')}`,
      `\\x${Buffer.from('no [masked]').toString('hex')}`,
    ],
    ['text', `is ${Buffer.from(`of ${card}`).toString('base64')} it`, 'is [masked] it'],
    ['text', `x=%34${card.slice(1)}`, 'x=[masked]'],
    ['text', Buffer.from(card).toString('hex'), '[masked]'],
    ['jsonb', `{"a": "is ${Buffer.from(card).toString('base64')}"}`, '{"a": "is [masked]"}'],
    ['bytea', `no ${card}`, `\\x${Buffer.from('no [masked]').toString('hex')}`],
  ]
  for (const [element, value, expected] of cases)
    test(`${element} ${value}`, () => assert.equal(asText(value, element), expected))

  test('in binary', () => {
    const number = Buffer.alloc(8)
    number.writeBigInt64BE(BigInt(card))
    assert.deepEqual(shown(number, 'int8', 'binary'), Buffer.alloc(8))
    const numeric = replacers.numeric({ method: 'constant', value: card }, 'binary', undefined)
    assert.equal(numeric.kind, 'fixed')
    assert.deepEqual(shown(numeric.bytes, 'numeric', 'binary'), Buffer.alloc(8))
    assert.equal(asText(`\u0001["${card}"]`, 'jsonb', 'binary'), '\u0001["[masked]"]')
    assert.equal(asText(`no ${card}`, 'bytea', 'binary'), 'no [masked]')
  })

  test('element by element in arrays', () => {
    assert.equal(
      asText(`{NULL,"a b",${card},{}}`.replace(',{}', ''), 'text', 'text', true),
      '{NULL,"a b","[masked]"}',
    )
    assert.equal(asText(`{{1,2},{3,${card}}}`, 'int8', 'text', true), '{{1,2},{3,0}}')
    assert.equal(
      asText(`{"{\\"a\\": \\"${card}\\"}"}`, 'jsonb', 'text', true),
      String.raw`{"{\"a\": \"[masked]\"}"}`,
    )
  })
})

suite('a value with nothing in it stays as it is', () => {
  const cases: readonly (readonly [ElementType, string, boolean])[] = [
    ['text', 'nothing of interest, {not json', false],
    ['text', '', false],
    ['int4', '41111111', false],
    ['numeric', 'NaN', false],
    ['json', '{"a" : [1, 2.50, "x\\u0041"]}', false],
    ['bytea', '\\xff00ff', false],
    // A server would not quote this element.
    ['text', '{"plain",NULL}', true],
  ]
  for (const [element, value, array] of cases)
    test(`${element} ${value}`, () => assert.equal(asText(value, element, 'text', array), null))

  for (const element of ['bool', 'uuid', 'date', 'timestamp', 'timestamptz', 'inet', 'cidr', 'char'] as const)
    test(`${element} is not looked into`, () =>
      assert.equal(lookInto({ element, array: false }, 'text'), null))
})

suite('values are looked at together', () => {
  test('each keeps what is its own, and all is counted by detector and method', () => {
    const batch = search({ method: 'hash' }).batch()
    const text = lookInto({ element: 'text', array: false }, 'text')
    const int8 = lookInto({ element: 'int8', array: false }, 'text')
    assert.ok(text !== null && int8 !== null)
    const places = ['4111', '1111-1111-1111', card, 'ann@example.com'].map((value) =>
      batch.add(Buffer.from(value), text),
    )
    const number = batch.add(Buffer.from(card), int8)
    batch.settle()
    const digest = '07'.repeat(16)
    assert.deepEqual(
      places.map((place) => batch.at(place)?.toString()),
      [undefined, undefined, digest, digest],
    )
    assert.match(batch.at(number)?.toString() ?? '', /^\d+$/)
    assert.deepEqual(batch.masked(), [
      { column: 'card', method: 'hash:k1', values: 2 },
      { column: 'email', method: 'hash:k1', values: 1 },
    ])
    assert.deepEqual(batch.masked(), [])
  })

  test('a method that a number has not, and NULL, show 0', () => {
    for (const request of [{ method: 'null' }, { method: 'constant', value: 'hidden' }] as const) {
      const batch = search(request).batch()
      const look = lookInto({ element: 'int8', array: false }, 'text')
      assert.ok(look !== null)
      const place = batch.add(Buffer.from(card), look)
      batch.settle()
      assert.equal(batch.at(place)?.toString(), '0')
    }
  })

  test('what is no value of its type is not shown', () => {
    const batch = search().batch()
    for (const [element, value, array] of [
      ['json', '{"a":', false],
      ['text', '{a', true],
      ['bytea', '\\xabc', false],
    ] as const) {
      const look = lookInto({ element, array }, 'text')
      assert.ok(look !== null)
      assert.throws(() => batch.add(Buffer.from(value), look), { name: /Undecodable|Unreadable/ })
    }
  })
})
