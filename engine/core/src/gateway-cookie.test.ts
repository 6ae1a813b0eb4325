import { test } from 'node:test'
import assert from 'node:assert/strict'
import { isGatewayCookie } from './gateway-cookie.ts'

test('a cookie of the console is known, however it is written', () => {
  for (const pair of [
    '__Host-sluice-session=x',
    ' __host-SLUICE-session=x',
    'sluice-session-7400=x',
    'sluice-sign-in-7400=',
    '=sluice-session-7400=x',
    '=__Host-sluice-session=x',
    '__Secure-sluice-x=1',
  ])
    assert.ok(isGatewayCookie(pair), pair)
  for (const pair of ['sid=sluice-session', 'session=1', 'my-sluice-session=1', ''])
    assert.ok(!isGatewayCookie(pair), pair)
})
