import { test } from 'node:test'
import assert from 'node:assert/strict'
import { samples } from './samples.ts'
import { httpTarget } from './target.ts'

const settings = httpTarget.parse({})

test('each method at each route, whose places have a value', () => {
  const found = samples(settings, ['/orders/{}', '/'])
  assert.equal(found.length, 10)
  const deletes = found.find(({ what }) => what === 'DELETE /orders/{}')?.actions[0]
  assert.deepEqual(
    [deletes?.name, deletes?.read_only, deletes?.['path'], deletes?.['route']],
    ['http.delete', false, '/orders/1', '/orders/{}'],
  )
})

test('of many routes there are the first', () => {
  const many = Array.from({ length: 50 }, (_, at) => `/r${at}`)
  assert.equal(samples(settings, many).length, 8 * 5)
})
