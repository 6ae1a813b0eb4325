import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Reported } from './reported.ts'
import { ProtocolViolation } from './wire.ts'

suite('settings that a server reports', () => {
  test('may name the one encoding as either of its names', () => {
    const reported = new Reported(new Map())
    for (const name of ['UTF8', 'UNICODE']) reported.note('client_encoding', name)
    for (const name of ['LATIN1', 'SQL_ASCII', 'unicode', ''])
      assert.throws(() => reported.note('client_encoding', name), ProtocolViolation, name)
  })

  test('may not change what a text means', () => {
    const reported = new Reported(new Map())
    reported.note('standard_conforming_strings', 'on')
    assert.throws(() => reported.note('standard_conforming_strings', 'off'), ProtocolViolation)
  })

  test('give the next heartbeat', () => {
    const reported = new Reported(new Map([['application_name', 'one']]))
    assert.deepEqual(reported.heartbeat, { name: 'application_name', value: 'one' })
    reported.note('application_name', 'two')
    assert.deepEqual(reported.heartbeat, { name: 'application_name', value: 'two' })
  })
})
