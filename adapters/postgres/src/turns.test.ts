import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Turns } from './turns.ts'

function rest(turns: Turns<string>): string {
  const all: string[] = []
  for (let item = turns.take(); item !== undefined; item = turns.take()) all.push(item)
  return all.join(' ')
}

test('each has its turn, however much another has waiting', () => {
  const turns = new Turns<string>(10)
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) turns.add(item, item.charAt(0))
  assert.equal(turns.take(), 'a1')
  turns.add('d1', 'd')
  turns.add('a4', 'a')
  assert.equal(rest(turns), 'b1 c1 a2 d1 b2 a3 a4')
})

test('without room, who has the most waiting gives way', () => {
  const turns = new Turns<string>(4)
  for (const item of ['a1', 'a2', 'a3', 'a4']) assert.equal(turns.add(item, 'a'), undefined)
  assert.equal(turns.add('a5', 'a'), 'a5')
  assert.equal(turns.add('b1', 'b'), 'a4')
  assert.equal(turns.add('b2', 'b'), 'a3')
  assert.equal(turns.add('b3', 'b'), 'b3', 'not to who has as much waiting')
  assert.equal(turns.add('c1', 'c'), 'a2')
  assert.equal(rest(turns), 'a1 b1 c1 b2')
})
