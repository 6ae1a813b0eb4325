import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits } from '@sluice/core'
import { Pace } from './pace.ts'

const { noticesPerWindowMax: most, noticeWindowMs: windowMs, noticeAlarmWaitMs: alarmMs } = limits

test('a few are told one by one', () => {
  const pace = new Pace()
  for (let count = most; count > 0; count--) {
    assert.deepEqual(pace.step(count, false, 0), { kind: 'each' })
    pace.sent('notice', 0)
  }
})

test('more at once than people should be told are one digest, and another one a window later', () => {
  const pace = new Pace()
  assert.deepEqual(pace.step(most + 1, false, 0), { kind: 'digest' })
  pace.sent('digest', 0)
  assert.deepEqual(pace.step(most + 1, false, 100), { kind: 'wait', ms: windowMs - 100 })
  assert.deepEqual(pace.step(most + 1, false, windowMs), { kind: 'digest' })
})

test('after so many within the window the next one waits for it, and then it is told', () => {
  const pace = new Pace()
  for (let at = 0; at < most; at++) pace.sent('notice', at)
  assert.deepEqual(pace.step(1, false, most), { kind: 'wait', ms: windowMs - most })
  assert.deepEqual(pace.step(1, false, windowMs), { kind: 'each' })
})

test('an alarm does not wait for the window behind a flood', () => {
  const pace = new Pace()
  for (let at = 0; at < most; at++) pace.sent('notice', 0)
  assert.deepEqual(pace.step(1, true, 1), { kind: 'wait', ms: alarmMs - 1 })
  assert.deepEqual(pace.step(1, true, alarmMs), { kind: 'digest' })
})
