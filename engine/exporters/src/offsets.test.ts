import { test } from 'node:test'
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Position } from '@sluice/core'
import { Offsets, type Changes, type Kept, type Place } from './offsets.ts'
import { scratchFolder } from './scripted.ts'

const place: Place = {
  position: '7' as Position,
  events: 8,
  timeMs: 9,
  sinceMs: 1,
  fromMs: 2,
  deadLetters: 3,
}
const nothing: Changes = { kept: new Map(), closed: [], lost: [] }

function kept(value: object, session: string = 'ses_1'): Kept {
  return { session, writer: 'gw', epoch: 1, value, endsMs: null }
}

test('a place and what belongs to it are found again', () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'siem.db')
  const before = new Offsets(file, assert.fail)
  assert.equal(before.place, undefined)
  before.commit(place, { ...nothing, kept: new Map([['session/ses_1', kept({ target: 'shop' })]]) })
  before.close()
  const after = new Offsets(file, assert.fail)
  assert.deepEqual(after.place, place)
  assert.deepEqual(after.get('session/ses_1'), kept({ target: 'shop' }))
  after.commit({ ...place, events: 9 }, { ...nothing, kept: new Map([['session/ses_1', null]]) })
  assert.equal(after.get('session/ses_1'), undefined)
  after.clear()
  assert.equal(after.place, undefined)
  after.close()
})

test('both change or neither does', () => {
  using folder = scratchFolder()
  const offsets = new Offsets(join(folder.path, 'siem.db'), assert.fail)
  offsets.commit(place, nothing)
  const circular: { self?: object } = {}
  circular.self = circular
  const changes = new Map([
    ['session/ses_1', kept({})],
    ['session/ses_2', kept(circular)],
  ])
  assert.throws(() => offsets.commit({ ...place, events: 100 }, { ...nothing, kept: changes }), TypeError)
  assert.equal(offsets.place?.events, 8)
  assert.equal(offsets.get('session/ses_1'), undefined)
  offsets.commit({ ...place, events: 9 }, nothing)
  assert.equal(offsets.place?.events, 9, 'it goes on')
  offsets.close()
})

test('a damaged file is thrown away, which is said', () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'siem.db')
  writeFileSync(
    file,
    'this is not a database, and it is longer than the header of one, which has a hundred bytes',
  )
  const reported: string[] = []
  const offsets = new Offsets(file, (what) => reported.push(what))
  assert.equal(offsets.place, undefined)
  assert.match(reported[0] ?? '', /siem\.db is not readable: everything is exported again/)
  offsets.commit(place, nothing)
  offsets.close()
  assert.ok(statSync(file).size > 4_096)
})
