import { test } from 'node:test'
import assert from 'node:assert/strict'
import { nearest } from './nearest.ts'

const keys = ['address', 'credential', 'labels', 'name', 'protocol', 'tls']

const typed: readonly (readonly [string, string | null])[] = [
  ['adress', 'address'],
  ['ADDRESS', 'address'],
  ['credentails', 'credential'],
  ['lable', 'labels'],
  ['tsl', 'tls'],
  ['zzzzzzzzz', null],
]

for (const [word, meant] of typed)
  test(`"${word}" means ${meant}`, () => {
    assert.equal(nearest(word, keys), meant)
  })

test('without candidates nothing is meant', () => {
  assert.equal(nearest('tls', []), null)
})
