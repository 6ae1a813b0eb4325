import { test } from 'node:test'
import assert from 'node:assert/strict'
import { notGoodAt } from './confinement.ts'
import type { Confinement } from './request.ts'

const bound: Confinement = {
  targets: ['shop', 'crm'],
  networks: ['10.1.0.0/16', '2001:db8::/32', '192.0.2.7'],
  command: null,
  permits: null,
}

for (const [target, ip, rule] of [
  ['shop', '10.1.2.3', undefined],
  ['crm', '192.0.2.7', undefined],
  ['shop', '2001:db8:1::1', undefined],
  ['shop', '::ffff:10.1.2.3', undefined],
  ['Shop', '10.1.2.3', 'identity/target'],
  ['shop-api', '10.1.2.3', 'identity/target'],
  ['sho', '10.1.2.3', 'identity/target'],
  ['shop ', '10.1.2.3', 'identity/target'],
  ['', '10.1.2.3', 'identity/target'],
  ['shop', '10.2.0.1', 'identity/address'],
  ['shop', '192.0.2.70', 'identity/address'],
  ['shop', '127.0.0.1', 'identity/address'],
  ['shop', '2001:db9::1', 'identity/address'],
  ['shop', '', 'identity/address'],
  ['shop', 'localhost', 'identity/address'],
] as const)
  test(`a bound token at ${JSON.stringify(target)} from ${JSON.stringify(ip)}: ${rule ?? 'good'}`, () =>
    assert.equal(notGoodAt(bound, { target, ip })?.rule, rule))

test('what is bound to nothing is good anywhere, and to what cannot be read nowhere', () => {
  const at = { target: 'shop', ip: '10.1.2.3' }
  assert.equal(notGoodAt(undefined, at), undefined)
  assert.equal(notGoodAt({ targets: null, command: null, permits: null }, at), undefined)
  for (const networks of [[], ['10.0.0.0/8', 'nonsense'], ['10.0.0.0/99']])
    assert.equal(notGoodAt({ ...bound, networks }, at)?.rule, 'identity/address')
  assert.equal(notGoodAt({ ...bound, targets: [] }, at)?.rule, 'identity/target')
})
