import { test } from 'node:test'
import assert from 'node:assert/strict'
import { SecretError } from '@sluice/identity'
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

test('a report of a secret that cannot be read names its reference, whole', () => {
  const told: string[] = []
  const report = secretFree((_what, error) => void told.push(String(error)))
  const error = new SecretError('vault secret/data/shop#password cannot be read: Vault answered 400')
  report('the credential', error)
  assert.deepEqual(told, [`SecretError: ${error.message}`])
})
