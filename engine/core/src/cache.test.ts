import { test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { GenerationCache } from './cache.ts'

test('what is asked for stays, what is not is forgotten after two generations', () => {
  const cache = new GenerationCache<number>(2, 1000)
  cache.set('kept', 0, 0)
  cache.set('once', 1, 0)
  for (let n = 2; n < 10; n++) {
    assert.equal(cache.get('kept'), 0)
    cache.set(`n${n}`, n, 0)
  }
  assert.equal(cache.get('once'), undefined)
})

test('large values fill a generation as many small ones do', () => {
  const cache = new GenerationCache<string>(1000, 100)
  for (let n = 0; n < 10; n++) cache.set(`${n}`, 'large', 49)
  assert.equal(cache.size, 4)
  assert.equal(cache.get('9'), 'large')
  assert.equal(cache.get('5'), undefined)
})

test('an answer is the last one given, and both bounds hold', () => {
  const entriesMax = 4
  const charsMax = 20
  const step = fc.tuple(fc.string({ maxLength: 15 }), fc.integer(), fc.nat({ max: 10 }))
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = new GenerationCache<number>(entriesMax, charsMax)
      const last = new Map<string, number>()
      for (const [key, value, chars] of steps) {
        const found = cache.get(key)
        assert.ok(found === undefined || found === last.get(key))
        cache.set(key, value, chars)
        last.set(key, value)
        assert.equal(cache.get(key), key.length + chars > charsMax ? undefined : value)
        assert.ok(cache.size <= 2 * entriesMax)
      }
    }),
  )
})
