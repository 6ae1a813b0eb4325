import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pairsOf, valuesByName } from './pairs.ts'
import { httpLimits } from './limits.ts'

test('H4: all values of all names are seen, in their order', () => {
  const pairs = pairsOf('id=1&id=2&id[]=3&a;b=4&=5&c&&d=%26%3D+%2B', 'query')
  assert.deepEqual(pairs, [
    ['id', '1'],
    ['id', '2'],
    ['id[]', '3'],
    ['a;b', '4'],
    ['', '5'],
    ['c', ''],
    ['d', '&= +'],
  ])
  assert.deepEqual(valuesByName(pairs)['id'], ['1', '2'])
})

test('a name may be any word', () => {
  const values = valuesByName(pairsOf('__proto__=1&__proto__=2&constructor=3', 'form'))
  assert.deepEqual(Object.entries(values), [
    ['__proto__', ['1', '2']],
    ['constructor', ['3']],
  ])
})

test('H4 H5: what cannot be decoded, names another method or is too much is refused', () => {
  for (const text of [
    'a=%',
    'a=%c0%ae',
    '%zz=1',
    'a=%00',
    '_method=DELETE',
    'a=1&%5FMETHOD=put',
    '+.method=put',
    '_method[]=put',
  ])
    assert.throws(() => pairsOf(text, 'form'), /form/, text)
  assert.throws(() => pairsOf('a&'.repeat(httpLimits.pairsMax), 'query'), /parameters/)
})

test('it reads what the URL standard reads', () => {
  const pair = fc.tuple(fc.string(), fc.string())
  fc.assert(
    fc.property(fc.array(pair), (given) => {
      const written = new URLSearchParams(given).toString()
      if (/%00|method|verb/i.test(written)) return
      assert.deepEqual(pairsOf(written, 'form'), [...new URLSearchParams(written)])
    }),
  )
})
