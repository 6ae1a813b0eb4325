import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { EventData } from '@sluice/core'
import { ExpectedHeads } from './expected-heads.ts'

function checkpoint(number: number, events: number, closed = false): EventData['CheckpointSigned'] {
  const heads = [{ topic: 'audit', partition: 3, events, link: `after ${events}` }]
  return { writer: 'gw_1', epoch: 7, number, closed, heads }
}

const lane = 'gw_1/7/audit/3'

suite('what was signed of a log', () => {
  test('is the newest of each place, and once where two agree', () => {
    const expected = new ExpectedHeads(0)
    for (const number of [0, 1, 2]) expected.add(checkpoint(number, 10 * number), number, 'topic')
    for (const number of [0, 1, 2]) expected.add(checkpoint(number, 10 * number), number, 'file')
    assert.deepEqual(expected.byLane().get(lane), [
      { events: 20, link: 'after 20', young: 20, closed: false, by: 'topic' },
    ])
  })

  test('is of each place where they differ: the end of one may be missing', () => {
    const expected = new ExpectedHeads(0)
    expected.add(checkpoint(0, 10), 0, 'topic')
    for (const number of [0, 1]) expected.add(checkpoint(number, 10 + number, number === 1), number, 'file')
    const found = expected.byLane().get(lane) ?? []
    assert.deepEqual(
      found.map(({ events, closed, by }) => [events, closed, by]),
      [
        [10, false, 'topic'],
        [11, true, 'file'],
      ],
    )
  })

  test('is too young to be removed when it was written after the last statement that is old', () => {
    const expected = new ExpectedHeads(1_000)
    for (const [number, time] of [500, 900, 1_500, 2_000].entries())
      expected.add(checkpoint(number, 10 * (number + 1)), time, 'file')
    assert.deepEqual(
      expected
        .byLane()
        .get(lane)
        ?.map(({ events, young }) => [events, young]),
      [[40, 20]],
    )
  })

  test('does not go back by an older statement that comes late', () => {
    const expected = new ExpectedHeads(0)
    expected.add(checkpoint(5, 50), 5, 'file')
    expected.add(checkpoint(4, 40), 4, 'file')
    assert.equal(expected.byLane().get(lane)?.[0]?.events, 50)
  })
})
