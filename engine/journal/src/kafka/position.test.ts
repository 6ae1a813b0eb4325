import { test } from 'node:test'
import assert from 'node:assert/strict'
import type { Position } from '@sluice/core'
import { partitions } from './partition.ts'
import { Frontier, positionIn } from './position.ts'

test('a position is the frontier again', () => {
  const frontier = Frontier.of(undefined)
  frontier.move(0, { offset: 7, seen: 0 })
  frontier.move(3, { offset: 12, seen: 2 })
  const again = Frontier.of(frontier.position)
  assert.deepEqual(
    [again.at(0), again.at(3), again.at(4)],
    [
      { offset: 7, seen: 0 },
      { offset: 12, seen: 2 },
      { offset: 0, seen: 0 },
    ],
  )
  assert.equal(again.position, frontier.position)
})

test('a position in one partition says nothing of the others', () => {
  for (const index of partitions.keys())
    for (const place of [
      { offset: 7, seen: 0 },
      { offset: 7, seen: 2 },
    ]) {
      const frontier = Frontier.start()
      frontier.move(index, place)
      assert.equal(positionIn(index, place), frontier.position)
    }
})

test('what no such log gave out is refused', () => {
  for (const text of [
    '',
    'k1',
    '1:128:0',
    'k1,1,2,3',
    `k2,${Array(13).fill(0).join(',')}`,
    `k1,x,${Array(12).fill(0).join(',')}`,
  ])
    assert.throws(() => Frontier.of(text as Position), RangeError, text)
})
