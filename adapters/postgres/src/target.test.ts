import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { SchemaError } from '@sluice/core'
import { postgresTarget } from './target.ts'

suite('the pool of a target', () => {
  const pooled = (pool: unknown): unknown => postgresTarget.parse({ database: 'd', pool }).pool

  test('is none where nothing is said of it', () => {
    assert.equal(postgresTarget.parse({ database: 'd' }).pool, null)
  })

  test('has bounds of its own where they are not given', () => {
    assert.deepEqual(pooled({}), { max: 20, idle_s: 300, life_s: 3_600, wait_ms: 5_000 })
    assert.deepEqual(pooled({ max: 3, wait_ms: 0 }), { max: 3, idle_s: 300, life_s: 3_600, wait_ms: 0 })
  })

  const mistakes: readonly (readonly [string, unknown, readonly string[], RegExp])[] = [
    ['no mapping', 20, ['pool'], /"pool" must be a mapping/],
    ['nothing', null, ['pool'], /"pool" must be a mapping/],
    ['an unknown key', { maximum: 3 }, ['pool', 'maximum'], /unknown key "maximum"; did you mean "max"\?/],
    ['none', { max: 0 }, ['pool', 'max'], /"pool\.max" must be a whole number between 1 and 10000/],
    ['a text', { idle_s: '5m' }, ['pool', 'idle_s'], /"pool\.idle_s" must be a whole number/],
    ['a part', { life_s: 1.5 }, ['pool', 'life_s'], /"pool\.life_s" must be a whole number/],
    ['more than a login may take', { wait_ms: 30_000 }, ['pool', 'wait_ms'], /between 0 and 20000/],
  ]
  for (const [what, pool, at, words] of mistakes)
    test(`is refused with its place: ${what}`, () => {
      assert.throws(
        () => pooled(pool),
        (error) => error instanceof SchemaError && error.at.join() === at.join() && words.test(error.message),
      )
    })
})
