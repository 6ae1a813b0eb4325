import { test } from 'node:test'
import assert from 'node:assert/strict'
import { secretFree } from './secret-free.ts'

test('a report does not repeat the secret that an error quotes', () => {
  const told: string[] = []
  const report = secretFree((what, error) => void told.push(`${what}: ${String(error)}`))
  report('no answer', new Error('cannot connect to postgresql://app:hunter2@db/shop'))
  report('no answer', 'password=hunter2')
  report('no answer', new RangeError('too late'))
  assert.deepEqual(told, [
    'no answer: Error: cannot connect to postgresql://app:[redacted]@db/shop',
    'no answer: Error: password=[redacted]',
    'no answer: RangeError: too late',
  ])
})
