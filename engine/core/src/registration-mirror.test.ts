import { test } from 'node:test'
import assert from 'node:assert/strict'
import { RegistrationMirror } from './registration-mirror.ts'

test('has the targets that were added before it began, and hears of those that come and go', () => {
  const one = { name: 'one', entry: '{}', by: 'okta#alice' }
  const mirror = new RegistrationMirror([one])
  const heard: string[] = []
  const listening = mirror.onChange((name) => heard.push(name))
  const two = { ...one, name: 'two' }
  mirror.take('two', two)
  assert.deepEqual(mirror.list(), [one, two])
  mirror.take('one', null)
  assert.deepEqual(mirror.list(), [two])
  listening[Symbol.dispose]()
  mirror.take('two', null)
  assert.deepEqual([mirror.list(), heard], [[], ['two', 'one']])
})
