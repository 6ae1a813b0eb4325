import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Duplex, PassThrough } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import type { Exchange, Lane } from '@sluice/core'
import { text, u32 } from '../wire.ts'
import { versionPacket } from './link.ts'
import { packetOf, statusPacket, types, type Packet } from './packet.ts'
import { SftpChannel } from './sftp-channel.ts'

/** A caller, whose requests wait until they are answered here. */
async function opened() {
  const input = new PassThrough()
  const waiting: { reply(packet: Packet): unknown }[] = []
  const over: unknown[] = []
  const submit: Lane['submit'] = <Up, Down, Plan>(batch: readonly Exchange<Up, Down, Plan>[]) => {
    waiting.push(...(batch as never as typeof waiting))
    return []
  }
  const lane = { submit, close: () => {} } as unknown as Lane
  const target = new PassThrough()
  target.write(packetOf(versionPacket(new Map(), new Map())))
  const channel = new SftpChannel({
    login: 'deploy',
    masking: { oblige: () => assert.fail('nothing is opened') },
    lane: () => lane,
    start: () => Promise.resolve(Duplex.from({ readable: target, writable: new PassThrough() })),
    input,
    write: () => undefined,
    tell: () => undefined,
    over: (error) => over.push(error),
  })
  input.write(packetOf({ type: types.init, id: 3, fields: Buffer.alloc(0) }))
  while (input.isPaused() || over.length > 0) await turn()
  return { channel, input, waiting, over }
}

function stats(from: number, count: number): Buffer {
  const ids = Array.from({ length: count }, (_, at) => from + at)
  return Buffer.concat(ids.map((id) => packetOf({ type: types.stat, id, fields: text('/srv/x') })))
}

suite('a caller of SFTP', () => {
  test('is not read on while as many of its requests as it may have wait', async () => {
    const { input, waiting } = await opened()
    // One piece of what is streamed may hold more of them.
    input.write(stats(0, 500))
    await turn()
    assert.deepEqual([waiting.length, input.isPaused()], [500, true])
    for (let id = 0; id < 372; id++) waiting[id]?.reply(statusPacket(id, 'ok', ''))
    input.write(stats(500, 1))
    await turn()
    assert.deepEqual([waiting.length, input.isPaused()], [500, true])
    waiting[372]?.reply(statusPacket(372, 'ok', ''))
    await turn()
    assert.deepEqual([waiting.length, input.isPaused()], [501, true])
  })

  test('that sends something else is told so once, and no more is read', async () => {
    const { input, over, waiting } = await opened()
    input.write(Buffer.concat([u32(1), stats(0, 1)]))
    await turn()
    input.end()
    await turn()
    assert.equal(over.length, 1)
    assert.ok(over[0] instanceof Error)
    assert.equal(waiting.length, 0)
  })
})
