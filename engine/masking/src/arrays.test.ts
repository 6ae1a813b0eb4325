import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inArray } from './arrays.ts'
import { Undecodable } from './data-type.ts'

const seen: string[] = []
const noting = (value: Buffer): Buffer => {
  seen.push(value.toString())
  return Buffer.from(`<${value.toString()}>`)
}

function shown(array: string): string {
  seen.length = 0
  return inArray('text', noting)(Buffer.from(array)).toString()
}

test('every element is replaced, whatever is in it; NULLs, dimensions and bounds stay', () => {
  assert.equal(shown('{a,b}'), '{"<a>","<b>"}')
  assert.equal(shown('{}'), '{}')
  assert.equal(shown('{NULL,null,"NULL"}'), '{NULL,null,"<NULL>"}')
  assert.equal(shown('[-1:0][2:2]={{a},{"}"}}'), '[-1:0][2:2]={{"<a>"},{"<}>"}}')
  assert.equal(
    shown('{"a,b","c\\"d","e\\\\","", é\u00a0x}'.replace(' ', '')),
    '{"<a,b>","<c\\"d>","<e\\\\>","<>","<é\u00a0x>"}',
  )
  assert.deepEqual(seen, ['a,b', 'c"d', 'e\\', '', 'é\u00a0x'])
})

test('what the server would not write is refused', () => {
  for (const array of [
    '',
    '{',
    '}',
    '{a',
    '{a,}',
    '{,a}',
    '{a}b',
    '{a}{b}',
    'a',
    '{"a}',
    '{a"b"}',
    '{"a"b}',
    '{a b}',
    '{a\\b}',
    '{{a},b',
    '{}}',
    '[1:2]',
    '[1]={a}',
    '{"a\\',
    '{a,{b}',
    '{"a""b"}',
  ])
    assert.throws(() => shown(array), Undecodable, array)
})

/** One dimension from 1 on. */
function binary(elements: readonly (Buffer | null)[]): Buffer {
  const head = Buffer.alloc(20)
  head.writeInt32BE(1, 0)
  head.writeInt32BE(25, 8)
  head.writeInt32BE(elements.length, 12)
  head.writeInt32BE(1, 16)
  const cells = elements.map((element) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(element?.length ?? -1)
    return Buffer.concat([length, element ?? Buffer.alloc(0)])
  })
  return Buffer.concat([head, ...cells])
}

test('in binary it is the same, with new lengths', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.uint8Array())), (values) => {
      const elements = values.map((value) => (value === null ? null : Buffer.from(value)))
      const doubled = inArray('binary', (value) => Buffer.concat([value, value]))(binary(elements))
      const expected = elements.map((value) => (value === null ? null : Buffer.concat([value, value])))
      assert.deepEqual(doubled, binary(expected))
    }),
  )
})

test('binary that is cut off or has more than it says is refused', () => {
  const array = binary([Buffer.from('ab'), null, Buffer.from('c')])
  for (let length = 0; length < array.length; length++)
    assert.throws(() => inArray('binary', noting)(array.subarray(0, length)), Undecodable)
  assert.throws(() => inArray('binary', noting)(Buffer.concat([array, Buffer.alloc(1)])), Undecodable)
  for (const [at, value] of [
    [0, 7],
    [0, -1],
    [12, 0x7fff_ffff],
    [12, -1],
    [20, 0x7fff_ffff],
  ] as const) {
    const broken = Buffer.from(array)
    broken.writeInt32BE(value, at)
    assert.throws(() => inArray('binary', noting)(broken), Undecodable)
  }
})
