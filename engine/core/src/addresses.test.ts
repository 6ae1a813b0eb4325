import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { callerAddress, isInClear, isLoopback, isReachable } from './addresses.ts'

for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
  test(`${address} is this machine`, () => assert.equal(isLoopback(address), true))

for (const address of ['10.0.0.1', '192.0.2.1', '::2', '128.0.0.1'])
  test(`${address} is another machine`, () => {
    assert.equal(isLoopback(address), false)
    assert.equal(isReachable(address), true)
  })

for (const text of ['', 'localhost', '127.1', '0x7f.0.0.1'])
  test(`"${text}" is no address`, () => {
    assert.equal(isLoopback(text), false)
    assert.equal(isReachable(text), false)
  })

const nowhere = [
  '169.254.169.254',
  '::ffff:169.254.169.254',
  '0.0.0.0',
  '::',
  'fe80::1',
  '224.0.0.1',
  'ff02::1',
]
for (const address of [
  ...nowhere,
  '255.255.255.255',
  'fd00:ec2::254',
  '64:ff9b::169.254.169.254',
  '64:ff9b::7f00:1',
  '::127.0.0.1',
  '::ffff:0:7f00:1',
  '2002:a9fe:a9fe::1',
])
  test(`${address} is nobody to reach`, () => assert.equal(isReachable(address), false))

test('a caller has one address, whichever families are served', () => {
  assert.equal(callerAddress({ remoteAddress: '::ffff:192.0.2.1' }), '192.0.2.1')
  assert.equal(callerAddress({ remoteAddress: '2001:db8::1' }), '2001:db8::1')
  assert.equal(callerAddress({ remoteAddress: undefined }), '')
})

test('what comes from another machine, or from nobody knows where, is in clear without TLS', () => {
  const plain = new Duplex()
  const secured = new TLSSocket(new Duplex())
  assert.equal(isInClear(plain, '127.0.0.1'), false)
  for (const from of ['192.0.2.1', '']) {
    assert.equal(isInClear(plain, from), true)
    assert.equal(isInClear(secured, from), false)
  }
})
