import { test } from 'node:test'
import assert from 'node:assert/strict'
import { valueText } from './value-text.ts'
import type { ElementType } from './types.ts'

function alone(element: ElementType, hex: string): string | null {
  return valueText({ element, array: false }, Buffer.from(hex, 'hex'))
}

const values: readonly (readonly [ElementType, hex: string, text: string | null])[] = [
  ['int4', 'ffffffff', '-1'],
  ['int8', '7fffffffffffffff', '9223372036854775807'],
  ['bool', '01', 't'],
  ['numeric', '000200000000000200010fa0', '1.40'],
  ['date', '00000000', '2000-01-01'],
  ['timestamptz', '0000000000000001', '2000-01-01 00:00:00.000001+00'],
  ['text', 'c3bc', 'ü'],
  ['jsonb', '017b7d', '{}'],
  ['uuid', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['int4', 'ff', null],
  ['text', 'ff', null],
]

for (const [element, hex, text] of values)
  test(`${element} ${hex} is ${text ?? 'nothing'}`, () => assert.equal(alone(element, hex), text))

/** One array of int4: sizes with lower bounds, then elements. */
function array(dimensions: readonly (readonly [size: number, lower: number])[], elements: readonly string[]) {
  const words = [dimensions.length, 1, 23, ...dimensions.flat()]
  const head = Buffer.alloc(4 * words.length)
  for (const [index, word] of words.entries()) head.writeInt32BE(word, 4 * index)
  const bytes = Buffer.concat([head, ...elements.map((hex) => Buffer.from(hex, 'hex'))])
  return valueText({ element: 'int4', array: true }, bytes)
}

const one = '0000000400000001'
const missing = 'ffffffff'

test('arrays: none, one dimension, several, other bounds, NULL', () => {
  assert.equal(array([], []), '{}')
  assert.equal(array([[2, 1]], [one, missing]), '{1,NULL}')
  assert.equal(
    array(
      [
        [2, 1],
        [1, 1],
      ],
      [one, one],
    ),
    '{{1},{1}}',
  )
  assert.equal(array([[2, 0]], [one, one]), '[0:1]={1,1}')
})

test('arrays that end early, go on, or claim more than they hold are nothing', () => {
  assert.equal(array([[2, 1]], [one]), null)
  assert.equal(array([[1, 1]], [one, one]), null)
  assert.equal(array([[2_000_000_000, 1]], [one]), null)
  assert.equal(array([[1, 1]], ['7fffffff00']), null)
  assert.equal(
    array(
      [
        [2_000_000_000, 1],
        [0, 1],
      ],
      [],
    ),
    null,
  )
  assert.equal(valueText({ element: 'int4', array: true }, Buffer.alloc(3)), null)
})

test('an element is quoted where the server quotes it', () => {
  const element = Buffer.from('a,"b')
  const bytes = Buffer.alloc(24 + element.length)
  for (const [index, word] of [1, 0, 25, 1, 1, element.length].entries()) bytes.writeInt32BE(word, 4 * index)
  element.copy(bytes, 24)
  assert.equal(valueText({ element: 'text', array: true }, bytes), '{"a,\\"b"}')
})
