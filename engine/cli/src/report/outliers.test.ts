import { test } from 'node:test'
import assert from 'node:assert/strict'
import { outliers, type DayCount } from './outliers.ts'

function days(subject: string, counts: readonly number[], from = 0): readonly DayCount[] {
  return counts.map((count, at) => ({ subject, day: from + at, count }))
}

test('a day far above a subject’s own is out, and one within its spread is not', () => {
  const usual = days('a', [100, 120, 90, 110, 80, 105, 95])
  assert.deepEqual(outliers(days('a', [500], 9), usual, 10), [
    { subject: 'a', day: 9, count: 500, usual: 100, comparedWith: 'own days' },
  ])
  assert.deepEqual(outliers(days('a', [150], 9), usual, 10), [])
})

test('who has few days is compared with everybody', () => {
  const [found] = outliers(days('new', [400], 9), days('a', [10, 12, 9, 11, 8, 10, 9, 11]), 10)
  assert.deepEqual([found?.comparedWith, found?.usual], ['all days', 10])
})

test('busy days of others do not hide one, and a few more of little are nothing', () => {
  const wild = days('a', [10, 10, 11, 9, 10, 10, 5_000])
  assert.equal(outliers(days('a', [400], 9), wild, 10).length, 1)
  assert.deepEqual(outliers(days('a', [9], 9), days('a', [0, 0, 1, 0, 0, 1, 0]), 10), [])
})

test('without anything before, what reaches the least is shown, the most first', () => {
  const found = outliers([...days('a', [10], 9), ...days('b', [30, 9], 9)], [], 10)
  assert.deepEqual(
    found.map(({ subject, count }) => [subject, count]),
    [
      ['b', 30],
      ['a', 10],
    ],
  )
})
