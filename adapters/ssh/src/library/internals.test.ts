import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { Duplex } from 'node:stream'
import ssh2, { type Client } from 'ssh2'
import { kept } from './forget-written.ts'
import { offerHostKeys, partsOf, protocolOf } from './internals.ts'
import type { Inner } from './running.ts'

const require = createRequire(import.meta.url)
const version = require('ssh2/package.json') as { readonly version: string }
const kex = require('ssh2/lib/protocol/kex.js') as Parameters<typeof partsOf>[1]
const utils = require('ssh2/lib/protocol/utils.js') as Parameters<typeof partsOf>[2]

suite('the SSH library as certificates know it', () => {
  test('is of the one version that they were fitted to, and has its parts', () => {
    assert.equal(
      version.version,
      '1.17.0',
      'read what changed in kex.js and Protocol.js, then change `known`',
    )
    assert.doesNotThrow(() => partsOf(version, kex, utils))
    assert.throws(
      () => partsOf({ version: '1.18.0' }, kex, utils),
      /not the one that certificates were fitted to/,
    )
    assert.throws(() => partsOf(version, {}, utils), /not the one/)
    assert.throws(() => partsOf(version, kex, { ...utils, sendPacket: undefined as never }), /not the one/)
  })

  test('has connections of a shape that is looked at before each is touched', () => {
    const client = begun()
    const protocol = protocolOf(client)
    const before = [...protocol._offer.lists.kex.array]
    offerHostKeys(protocol, ['a', 'b'])
    assert.deepEqual(protocol._offer.lists.serverHostKey.array, ['a', 'b'])
    assert.deepEqual(protocol._offer.lists.kex.array, before)
    assert.ok(before.includes('kex-strict-c-v00@openssh.com'), 'Terrapin stays shut out')
    for (const field of ['_offer', '_authsQueue', '_packetRW', 'authPK']) {
      const changed = begun()
      Object.assign((changed as unknown as { _protocol: object })._protocol, { [field]: undefined })
      assert.throws(() => protocolOf(changed), /another shape/, field)
    }
    assert.throws(() => protocolOf(new ssh2.Client()), /another shape/)
  })

  test('has channels that keep what is forgotten, and that say where signals go', () => {
    const { Channel } = require('ssh2/lib/Channel.js') as {
      readonly Channel: new (client: Client, info: object, options?: object) => object
    }
    const end = { id: 1, window: 0, packetSize: 0, state: 'open' }
    const channel = new Channel(begun(), { type: 'session', incoming: end, outgoing: end }, { server: true })
    for (const field of kept) assert.ok(Object.hasOwn(channel, field), field)
    const { _client, outgoing } = channel as unknown as Inner
    assert.deepEqual([typeof outgoing.id, outgoing.state], ['number', 'open'])
    const told = _client._protocol
    assert.deepEqual([typeof told.signal, typeof told.windowChange], ['function', 'function'])
  })
})

/** Nothing has been sent. */
function begun(): Client {
  const client = new ssh2.Client()
  client.on('error', () => {})
  const sock = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  client.connect({ sock, username: 'x', readyTimeout: 0 })
  return client
}
