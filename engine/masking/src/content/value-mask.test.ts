import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { MaskRequest } from '../replacer.ts'
import { InvalidMask } from './rules.ts'
import { pseudonyms } from './scripted.ts'
import { stricter, ValueMask } from './value-mask.ts'

function mask(request: MaskRequest, name = '$.a'): ValueMask {
  return new ValueMask(name, request, 'rules/path', pseudonyms)
}

suite('values of JSON and what stands in their place', () => {
  type Row = readonly [request: MaskRequest, string: string, number: string, boolean: string]
  const rows: readonly Row[] = [
    [{ method: 'redact' }, '"[masked]"', '0', 'false'],
    [{ method: 'stars' }, '"*******"', '0', 'false'],
    [{ method: 'last4' }, '"***\\"def"', '0', 'false'],
    [{ method: 'partial' }, '"***\\"def"', '4000', 'false'],
    [{ method: 'null' }, 'null', 'null', 'null'],
    [{ method: 'constant', value: '"' }, '"\\""', '0', 'false'],
    [{ method: 'constant', value: '007' }, '"007"', '0', 'false'],
    [{ method: 'constant', value: '7' }, '"7"', '7', 'false'],
    [{ method: 'constant', value: 'true' }, '"true"', '0', 'true'],
    [{ method: 'generalise', to: '100' }, '"[masked]"', '4700', 'false'],
    [{ method: 'generalise', to: '2' }, '"ab*"', '4710', 'false'],
  ]
  for (const [request, string, number, boolean] of rows)
    test(`${request.method} ${request.value ?? request.to ?? ''}`, () => {
      const made = mask(request)
      assert.equal(made.string('abc"def').text, string)
      assert.equal(made.number('4711').text, number)
      assert.equal(made.boolean().text, boolean)
    })

  test('numbers with exponents are the numbers that they are', () => {
    assert.equal(mask({ method: 'partial' }).number('4.711e3').text, '4000')
    assert.equal(
      mask({ method: 'hash' }).number('4.711e3').text,
      mask({ method: 'hash' }).number('4711').text,
    )
    assert.deepEqual(mask({ method: 'partial' }).number('1e999'), { text: '0', method: 'redact' })
  })

  test('what is counted is the method that was applied', () => {
    assert.equal(mask({ method: 'hash' }).string('a').method, 'hash:k1')
    assert.equal(mask({ method: 'last4' }).number('4711').method, 'redact')
    assert.equal(mask({ method: 'null' }).text('a').method, 'redact')
    assert.equal(mask({ method: 'null' }).string('a').method, 'null')
  })

  test('a request that no value could keep is invalid', () => {
    for (const request of [{ method: 'generalise', to: 'year' } as const, { method: 'hash' } as const])
      assert.throws(() => new ValueMask('$.a', request, 'rules/path', undefined), InvalidMask)
  })

  test('the stricter of two, and neither of two that would show more together', () => {
    assert.equal(stricter(mask({ method: 'last4' }), mask({ method: 'hash' })).request.method, 'hash')
    assert.equal(stricter(mask({ method: 'null' }), mask({ method: 'hash' })).request.method, 'null')
    const groups = stricter(mask({ method: 'generalise', to: '2' }), mask({ method: 'generalise', to: '3' }))
    assert.equal(groups.request.method, 'redact')
  })
})
