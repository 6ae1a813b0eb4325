import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CutReply } from './cut-reply.ts'
import { ProtocolViolation } from './wire.ts'

function dataRow(bytes: number): Buffer {
  const message = Buffer.alloc(5 + bytes, 0xaa)
  message[0] = 0x44
  message.writeInt32BE(4 + bytes, 1)
  return message
}

suite('a reply that is cut', () => {
  test('comes together from any pieces, and what follows it stays where it is', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.array(fc.integer({ min: 1, max: 300 })),
        fc.nat(50),
        (bytes, cuts, more) => {
          const message = dataRow(bytes)
          const stream = Buffer.concat([message, Buffer.alloc(more, 0xbb)])
          const cut = new CutReply()
          const first = Math.min(message.length - 1, cuts[0] ?? 1)
          cut.keep(stream.subarray(0, first), 0)
          let at = first
          let whole = cut.take()
          for (let next = 1; whole === undefined; next++) {
            const chunk = stream.subarray(at, at + (cuts[next] ?? stream.length))
            at += cut.complete(chunk)
            whole = cut.take()
          }
          assert.deepEqual(whole, message)
          assert.equal(at, message.length)
          assert.equal(cut.take(), undefined)
          assert.equal(cut.complete(stream.subarray(at)), 0)
        },
      ),
    )
  })

  test('takes no more memory than has arrived, whatever its header promises', () => {
    const cut = new CutReply()
    const header = Buffer.from([0x44, 0x03, 0xff, 0xff, 0xff])
    const before = process.memoryUsage().arrayBuffers
    cut.keep(header, 0)
    cut.complete(Buffer.alloc(1_000))
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000)
    assert.equal(cut.take(), undefined)
  })

  test('is refused for a length that no message has', () => {
    for (const length of [0, 3, -1, 0x7fff_ffff]) {
      const cut = new CutReply()
      const header = Buffer.alloc(5, 0x44)
      header.writeInt32BE(length, 1)
      cut.keep(header, 0)
      assert.throws(() => cut.complete(Buffer.alloc(1)), ProtocolViolation)
    }
  })
})
