import { test } from 'node:test'
import assert from 'node:assert/strict'
import { changed, parseQuery, queryText, sinceMs } from './query.ts'

test('filters survive a link', () => {
  const query = { subject: 'https://idp.example#bob', text: 'a&b=c #?%', target: 'shop' }
  assert.deepEqual({ ...parseQuery(queryText(query)) }, query)
})

test('what is empty, or there twice, or endless', () => {
  assert.equal(queryText({ a: '', b: undefined }), '')
  assert.deepEqual({ ...parseQuery('?a=1&a=2&b=') }, { a: '1' })
  assert.equal(parseQuery(`?a=${'x'.repeat(9_999)}`)['a']?.length, 500)
  assert.equal(parseQuery('?__proto__=x')['__proto__'], 'x')
})

test('a change takes away as well', () => {
  assert.deepEqual({ ...changed({ a: '1', b: '2' }, { a: undefined, c: '3' }) }, { b: '2', c: '3' })
})

test('periods', () => {
  assert.equal(sinceMs('15m', 1e9), 1e9 - 900_000)
  for (const none of [undefined, '', '15', 'm', '-1h', '15s', '1e9d'])
    assert.equal(sinceMs(none, 0), undefined)
})
