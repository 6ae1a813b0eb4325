import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { StatementTimeout, timeoutOf } from './statement-timeout.ts'

suite('the time that a client gives its statements', () => {
  test('is read as the server reads it', () => {
    const values: readonly (readonly [string, number | null])[] = [
      ['0', null],
      ['1500', 1_500],
      ['5s', 5_000],
      [' 0.5 min ', 30_000],
      ['2h', 7_200_000],
      ['1d', 86_400_000],
      ['900us', 1],
      ['-1', null],
      ['soon', null],
      ['', null],
      ['99999999999', null],
    ]
    for (const [value, ms] of values) assert.equal(timeoutOf(value), ms, value)
  })

  test('goes back to what the session began with, and SET LOCAL ends with its transaction', () => {
    const timeout = new StatementTimeout('10s')
    assert.equal(timeout.ms, 10_000)
    timeout.is(500, false)
    timeout.is(null, true)
    assert.equal(timeout.ms, null)
    timeout.transactionOver()
    assert.equal(timeout.ms, 500)
    timeout.is('initial', false)
    assert.equal(timeout.ms, 10_000)
    assert.equal(new StatementTimeout(undefined).ms, null)
  })
})
