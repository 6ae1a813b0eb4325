import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actionsText } from './record.ts'
import { actionSummary, recordedActions, touchedBy } from './recorded-action.ts'

const relation = (name: string) => ({ schema: 'public', name, access: 'read' as const, columns: [] })
const select = {
  name: 'sql.select',
  kind: 'select',
  read_only: true,
  relations: [relation('a'), relation('b'), relation('a')],
}
const get = { name: 'http.get', kind: 'get', read_only: true, route: '/customers/{id}' }
const begin = { name: 'sql.transaction', kind: 'begin', read_only: true }

test('what was recorded of actions is read back, and names what they touch once', () => {
  const [one, other, third] = recordedActions(actionsText([select, begin, get]))
  assert.ok(one !== undefined && other !== undefined && third !== undefined)
  assert.equal(actionSummary(one), 'sql.select public.a public.b')
  assert.equal(actionSummary(other), 'sql.transaction')
  assert.equal(actionSummary(third), 'http.get /customers/{id}')
  assert.deepEqual(touchedBy(one, other, one), ['public.a', 'public.b'])
})
