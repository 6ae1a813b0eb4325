import { test } from 'node:test'
import assert from 'node:assert/strict'
import { appendFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { deadLetterFile } from './dead-letter.ts'
import { parcel, scratchFolder } from './scripted.ts'

const still = { now: () => 1_800_000_000_000 }

test('a letter says what was to be sent, and why it was not taken', async () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'siem.dead.jsonl')
  const letters = deadLetterFile(file, still)
  await letters.add(parcel({ id: 'evt_1', text: '{"a":1}' }), 'it answered 400')
  await letters.add(parcel({ id: 'evt_2', kind: 'line', text: 'CEF:0|"x"' }), 'too long')
  const lines = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  const of = { at: '2027-01-15T08:00:00.000Z', type: 'DecisionMade', stream: 'ses_1', seq: 7 }
  assert.deepEqual(lines, [
    { ...of, id: 'evt_1', reason: 'it answered 400', body: { a: 1 } },
    { ...of, id: 'evt_2', reason: 'too long', body: 'CEF:0|"x"' },
  ])
  assert.equal(statSync(file).mode & 0o077, 0, 'for nobody else to read')
})

test('a line that a crash has cut does not spoil the next', async () => {
  using folder = scratchFolder()
  const file = join(folder.path, 'siem.dead.jsonl')
  appendFileSync(file, '{"at":"2027')
  await deadLetterFile(file, still).add(parcel({ id: 'evt_1' }), 'no')
  const [cut, whole] = readFileSync(file, 'utf8').split('\n')
  assert.equal(cut, '{"at":"2027')
  assert.equal((JSON.parse(whole ?? '') as { readonly id: string }).id, 'evt_1')
})
