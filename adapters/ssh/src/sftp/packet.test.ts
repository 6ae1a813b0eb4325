import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { text, u32 } from '../wire.ts'
import {
  BadPacket,
  packetBytesMax,
  PacketCutter,
  packetOf,
  statusPacket,
  types,
  type Packet,
} from './packet.ts'

suite('packets of SFTP', () => {
  const packet = fc.record({
    type: fc.integer({ min: 0, max: 255 }),
    id: fc.integer({ min: 0, max: 0xffff_ffff }),
    fields: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  })

  test('come out as they went in, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (packets, cuts) => {
          const cutter = new PacketCutter()
          const stream = Buffer.concat(packets.map(packetOf))
          const out: Packet[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = cuts[turn % cuts.length] ?? 1
            for (const { type, id, fields } of cutter.push(stream.subarray(at, at + size)))
              out.push({ type, id, fields: Buffer.from(fields) })
            at += size
          }
          assert.deepEqual(
            out,
            packets.map((one) => ({ ...one })),
          )
        },
      ),
    )
  })

  test('a length that is none ends it before anything is kept', () => {
    for (const length of [0, 1, 4, packetBytesMax + 1, 0xffff_ffff])
      assert.throws(() => new PacketCutter().push(u32(length)), BadPacket)
  })

  test('a status', () => {
    const { type, id, fields } = statusPacket(7, 'permission_denied', 'no')
    assert.deepEqual([type, id], [types.status, 7])
    assert.deepEqual(fields, Buffer.concat([u32(3), text('no'), text('')]))
  })
})
