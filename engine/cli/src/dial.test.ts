import { test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Socket, type AddressInfo } from 'node:net'
import { directDialer } from './dial.ts'

const target = { name: 't', protocol: 'http', labels: {}, address: { host: 'h', port: 1 }, settings: null }

test('a name that leads to this machine, to the link or to nobody is not followed', async () => {
  for (const address of [
    '127.0.0.1',
    '127.8.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    'fd00:ec2::254',
  ]) {
    const dialer = directDialer(async () => [address])
    await assert.rejects(dialer.dial(target, { host: 'db.example', port: 9 }), /not used by name/, address)
  }
})

test('what the name says a moment later does not matter, and one that does not answer is passed over', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let asked = 0
  const dialer = directDialer(async () => {
    asked += 1
    return asked === 1 ? ['::1', '127.0.0.1'] : []
  })
  const socket = await dialer.dial(target, { host: 'localhost', port })
  assert.ok(socket instanceof Socket)
  assert.equal(socket.remoteAddress, '127.0.0.1')
  socket.destroy()
  await assert.rejects(dialer.dial(target, { host: 'localhost', port }), /no address/)
  server.close()
})

test('an address that is written down is used as it is', async () => {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dialer = directDialer(() => assert.fail('nothing is to be found'))
  const socket = await dialer.dial(target, { host: '127.0.0.1', port })
  socket.destroy()
  server.close()
})

test('other spellings of an address are names, and lead where these lead', async () => {
  for (const host of [
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0',
    '[::ffff:127.0.0.1]',
    '127.0.0.1.',
  ]) {
    const dialer = directDialer(async (name) => {
      assert.equal(name, host)
      return ['127.0.0.1']
    })
    await assert.rejects(dialer.dial(target, { host, port: 9 }), /not used by name/, host)
  }
})
