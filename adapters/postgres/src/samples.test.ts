import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actions } from './normalise.ts'
import { samples } from './samples.ts'

test('each is read as the statement that it is', () => {
  const found = samples(['public.orders', 'Odd."name'])
  const named = new Map(found.map(({ what, actions: [action] }) => [what, action]))
  const asked = (what: string): readonly unknown[] => {
    const action = named.get(what)
    assert.ok(action !== undefined, what)
    return [action.name, action.read_only, action['has_where'], action['transaction']]
  }
  assert.deepEqual(asked('SELECT * FROM public.orders'), ['sql.select', true, null, 'none'])
  assert.deepEqual(asked('DELETE FROM public.orders'), ['sql.delete', false, false, 'none'])
  assert.deepEqual(asked('DELETE FROM public.orders WHERE id = 1'), ['sql.delete', false, true, 'none'])
  assert.deepEqual(asked('DROP TABLE Odd."name'), ['sql.ddl', false, null, 'none'])
  const odd = named.get('SELECT * FROM Odd."name')?.['relations']
  assert.match(JSON.stringify(odd), /"schema":"Odd","name":"\\"name"/)
  assert.equal(found.length, 2 * 11 + 6, 'none is left out')
  for (const action of found.flatMap((sample) => sample.actions)) assert.ok(actions.includes(action.name))
})

test('where no table is known there is one to speak of, and of many only the first', () => {
  assert.ok(samples([]).some(({ what }) => what === 'SELECT * FROM public.some_table'))
  const many = Array.from({ length: 50 }, (_, at) => `public.t${at}`)
  assert.equal(samples(many).length, 6 * 11 + 6)
})
