import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actionOf, summaryOf } from './summary.ts'

test('what an older version recorded has the fields that are asked for, and nothing is taken for clear', () => {
  const summary = JSON.stringify([
    { name: 'http.request', kind: 'DELETE', more: 1 },
    { name: 'x', kind: 'y' },
  ])
  assert.deepEqual(summaryOf({ summary })[0], {
    name: 'http.request',
    kind: 'DELETE',
    relations: [],
    functions: [],
    has_where: null,
    masked: null,
  })
  assert.equal(actionOf({ summary }), 'http.request, x')
})
