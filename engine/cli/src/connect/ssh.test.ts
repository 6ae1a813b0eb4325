import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Address } from '@sluice/core'
import { serveSsh, type SshPorts } from './ssh.ts'

const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())

async function opened(server: Server): Promise<Address> {
  parts.defer(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { address: host, port } = server.address() as { address: string; port: number }
  return { host, port }
}

/** Answers each piece with the same. */
const echo = await opened(
  createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket).on('error', () => {})),
)

async function sidecar(tokens: SshPorts['tokens'], address = echo): Promise<Address> {
  return opened(
    createServer({ allowHalfOpen: true }, (socket) => {
      void serveSsh(socket, { door: { address, secured: false }, tokens })
    }),
  )
}

const tokens = { current: async () => 'slu_1', begun: () => {} }

suite('the sidecar of SSH', () => {
  test('hands on every byte of both ways, and what comes behind the end of one', async () => {
    const client = connect(await sidecar(tokens))
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256))
    client.end(sent)
    assert.deepEqual(await buffer(client), sent)
  })

  test('has the session of a login carried on that ended behind the renewal, until it is closed', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] })
    const begun: string[] = []
    const current = ['slu_1', 'slu_2']
    const client = connect(
      await sidecar({
        current: async () => current.shift() ?? '',
        begun: (token) => void begun.push(token),
      }),
    )
    client.write('x')
    await once(client, 'data')
    context.mock.timers.tick(999)
    assert.deepEqual(begun, [])
    context.mock.timers.tick(1)
    assert.deepEqual(begun, ['slu_1'])
    context.mock.timers.tick(59_000)
    assert.deepEqual([...new Set(begun)], ['slu_1'])
    const before = begun.length
    client.destroy()
    context.mock.timers.tick(60_000)
    assert.equal(begun.length, before)
  })

  test('says in the protocol’s own form why nobody is let in', async () => {
    const refused = { ...tokens, current: () => Promise.reject(new Error('your login is over — log in')) }
    const client = connect(await sidecar(refused))
    client.write('SSH-2.0-OpenSSH_9.2\r\n')
    const said = await buffer(client)
    const identification = 'SSH-2.0-Sluice\r\n'
    assert.equal(said.subarray(0, identification.length).toString(), identification)
    const packet = said.subarray(identification.length)
    assert.equal(packet.readUInt32BE(0), packet.length - 4)
    assert.equal(packet.length % 8, 0)
    const padding = packet.readUInt8(4)
    assert.ok(padding >= 4)
    assert.deepEqual([packet.readUInt8(5), packet.readUInt32BE(6)], [1, 7])
    const length = packet.readUInt32BE(10)
    const text = packet.subarray(14, 14 + length).toString()
    assert.equal(text, 'sluice connect: your login is over — log in')
    assert.equal(14 + length + 4 + padding, packet.length)
  })
})
