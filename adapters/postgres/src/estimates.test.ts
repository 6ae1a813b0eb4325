import { test } from 'node:test'
import assert from 'node:assert/strict'
import { catalogueQueries, loadCatalogue } from './catalogue.ts'
import { Estimates, estimatesQuery } from './estimates.ts'

const orders = { schema: 'public', name: 'orders' }

test('a relation that was never analysed has no estimate', () => {
  const estimates = new Estimates()
  assert.equal(estimates.of(orders), null)
  estimates.replace([
    ['public', 'orders', '-1'],
    ['public', 'customers', '3000'],
    ['other', 'orders', '1.5e+06'],
  ])
  assert.equal(estimates.of(orders), null)
  assert.equal(estimates.of({ schema: 'public', name: 'customers' }), 3000)
  assert.equal(estimates.of({ schema: 'other', name: 'orders' }), 1_500_000)
})

test('new statistics leave the picture of the names as it was', async () => {
  let count = '10'
  const query = async (sql: string): Promise<string[][]> => {
    if (sql === estimatesQuery) return [['public', 'orders', count]]
    return sql === catalogueQueries.relations ? [['10', 'public', 'orders', 'r']] : []
  }
  const before = await loadCatalogue(query)
  assert.equal(before.estimates.of(orders), 10)
  count = '20'
  const after = await loadCatalogue(query, before)
  assert.equal(after, before)
  assert.equal(after.estimates.of(orders), 20)
})
