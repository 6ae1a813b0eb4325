import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SchemaError } from '@sluice/core'
import { costOf, priceOf, pricesOf } from './prices.ts'

const prices = pricesOf(
  {
    '*': { input: 100, output: 100 },
    'gpt-4o*': { input: 2.5, output: 10, cached_input: 1.25 },
    'gpt-4o-mini*': { input: 0.15, output: 0.6 },
    '*/llama-*-instruct': { input: 0, output: 0 },
  },
  'prices',
)

test('the longest pattern that fits counts', () => {
  assert.equal(priceOf(prices, 'gpt-4o')?.output, 10)
  assert.equal(priceOf(prices, 'gpt-4o-2024-08-06')?.output, 10)
  assert.equal(priceOf(prices, 'gpt-4o-mini')?.output, 0.6)
  assert.equal(priceOf(prices, 'meta/llama-3-70b-instruct')?.output, 0)
  assert.equal(priceOf(prices, 'meta/llama-instruct')?.output, 100)
  assert.equal(priceOf(pricesOf({ 'gpt-4o': { input: 1, output: 1 } }, 'prices'), 'gpt-4o-mini'), undefined)
})

test('a star stands for anything, as in an expression', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 })
  const names = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
  fc.assert(
    fc.property(letters, names, (pattern, name) => {
      const own = pricesOf({ [pattern]: { input: 1, output: 1 } }, 'prices')
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name)
      assert.equal(priceOf(own, name) !== undefined, expected)
    }),
  )
})

test('a price for a million tokens is one in millionths for one, and what was read before may be cheaper', () => {
  const price = priceOf(prices, 'gpt-4o') ?? assert.fail()
  assert.equal(costOf(price, { input: 1_000_000, cached: 0, written: 0, output: 0 }), 2_500_000)
  assert.equal(costOf(price, { input: 100, cached: 80, written: 0, output: 10 }), 250)
  assert.equal(costOf(price, { input: 1, cached: 0, written: 0, output: 0 }), 3)
  const written = pricesOf(
    { m: { input: 4, output: 20, cached_input: 0.5, cache_write: 5 } },
    'prices',
  )[0]?.[1]
  assert.equal(costOf(written ?? assert.fail(), { input: 30, cached: 10, written: 10, output: 1 }), 115)
})

test('a mistake is named with its place', () => {
  for (const [value, at, message] of [
    [[], ['prices'], /patterns of models/],
    [{ m: 3 }, ['prices', 'm'], /"prices\.m" must be \{ input, output \}/],
    [{ m: { input: 1 } }, ['prices', 'm', 'output'], /must be a number from 0/],
    [{ m: { input: -1, output: 1 } }, ['prices', 'm', 'input'], /must be a number from 0/],
    [{ m: { input: '1', output: 1 } }, ['prices', 'm', 'input'], /must be a number from 0/],
    [
      { m: { input: 1, output: 1, per: 'k' } },
      ['prices', 'm', 'per'],
      /there are input, output, cached_input/,
    ],
  ] as const)
    assert.throws(
      () => pricesOf(value, 'prices'),
      (error) => {
        assert.ok(error instanceof SchemaError)
        assert.deepEqual(error.at, at)
        assert.match(error.message, message)
        return true
      },
    )
})
