import { test } from 'node:test'
import assert from 'node:assert/strict'
import { bindingOf } from './token-scope.ts'

const read: readonly (readonly [string, ReturnType<typeof bindingOf>])[] = [
  ['target:shop', { targets: ['shop'] }],
  ['target:shop target:shop-api target:shop', { targets: ['shop', 'shop-api'] }],
  ['from:10.0.0.0/8 from:::1', { networks: ['10.0.0.0/8', '::1'] }],
  ['target:Shop from:192.0.2.1', { targets: ['Shop'], networks: ['192.0.2.1'] }],
]
for (const [scope, binding] of read)
  test(`${scope} is read`, () => assert.deepEqual(bindingOf(scope), binding))

for (const scope of [
  '',
  ' ',
  'openid',
  'shop',
  'target:',
  'target:shop ',
  ' target:shop',
  'target:shop  target:b',
  'target:shop\ttarget:b',
  'target:shop,b openid',
  'TARGET:shop',
  'target:"shop"',
  'target:schön',
  `target:${'x'.repeat(129)}`,
  Array.from({ length: 21 }, (_, at) => `target:t${at}`).join(' '),
  'from:',
  'from:10.0.0.0/33',
  'from:10.0.0.0/08',
  'from:10.0.0.0/',
  'from:10.0.0/8',
  'from:example.com',
  'from:fe80::1%eth0',
  'from:::1/129',
  Array.from({ length: 11 }, (_, at) => `from:10.0.0.${at}`).join(' '),
])
  test(`${JSON.stringify(scope.slice(0, 40))} binds nothing, and is refused`, () =>
    assert.equal(bindingOf(scope), null))
