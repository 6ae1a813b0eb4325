import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, type Position } from '@sluice/core'
import { Backlog, type Place } from './backlog.ts'
import type { Notice } from './notice.ts'
import { alarm, waitingNotice } from './scripted.ts'

function place(number: number): Place {
  return { position: `at/${number}` as Position, from: null }
}

function filled(count: number): Backlog {
  const backlog = new Backlog()
  for (let number = 1; number <= count; number++)
    backlog.add({ notice: waitingNotice({}, number), place: place(number) })
  return backlog
}

const raised: Notice = { id: 'evt_alarm', time: 1, type: 'alarm.raised', alarm }

test('one by one in their order, each with its own place', () => {
  const backlog = filled(2)
  const first = backlog.takeFirst()
  assert.deepEqual([first?.message.id, first?.place], ['evt_1', place(1)])
  assert.equal(backlog.takeFirst()?.message.id, 'evt_2')
  assert.deepEqual([backlog.count, backlog.takeFirst(), backlog.takeAll()], [0, undefined, undefined])
})

test('all at once: the first are named, all are counted, and the place is behind the last', () => {
  const backlog = filled(500)
  const parcel = backlog.takeAll()
  assert.ok(parcel?.message.kind === 'digest')
  assert.deepEqual([parcel.message.count, parcel.message.notices.length], [500, limits.noticeDigestMax])
  assert.equal(parcel.message.id, 'evt_1..evt_500')
  assert.deepEqual(parcel.place, place(500))
  assert.equal(backlog.count, 0)
})

test('an alarm finds its place among however many, and is told first', () => {
  const backlog = filled(500)
  assert.equal(backlog.urgent, false)
  backlog.add({ notice: raised, place: place(501) })
  assert.equal(backlog.urgent, true)
  const parcel = backlog.takeAll()
  assert.ok(parcel?.message.kind === 'digest')
  assert.equal(parcel.message.notices[0]?.id, raised.id)
})
