import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { parseObject } from './strict-json.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('what JSON.stringify writes of an object comes back', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(parseObject(bytes(text)), JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

test('an object with a repeated name, however spelled and however deep, is refused', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(name, fc.jsonValue(), fc.nat(5), fc.boolean(), (key, value, depth, escaped) => {
      const plain = JSON.stringify(key)
      const other = escaped
        ? `"${Array.from({ length: key.length }, (_, at) => unit(key, at)).join('')}"`
        : plain
      const twice = `{${plain}:${JSON.stringify(value)}, ${other} : 0}`
      const text = `{"outer":${'[{"x":'.repeat(depth)}${twice}${'}]'.repeat(depth)}}`
      assert.ok(JSON.parse(text))
      assert.throws(() => parseObject(bytes(text)), SyntaxError)
    }),
    { numRuns: 2000 },
  )
})

test('anything but one object in UTF-8 is refused', () => {
  for (const text of [
    '',
    ' ',
    '[]',
    '"x"',
    '1',
    'null',
    '{',
    '{}{}',
    '{"a":1,}',
    "{'a':1}",
    '{"a":NaN}',
    '\ufeff{}',
  ])
    assert.throws(() => parseObject(bytes(text)), SyntaxError, text)
  assert.throws(() => parseObject(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])))
})

function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`
}
