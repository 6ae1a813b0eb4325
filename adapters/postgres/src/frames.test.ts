import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { FrameBuffer, takeServed } from './frames.ts'
import { front } from './messages.ts'
import { frame, headerBytes, ProtocolViolation } from './wire.ts'

const mebibyte = 1_048_576

/** What comes out when the bytes arrive cut there. */
function taken(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const buffer = new FrameBuffer()
  const messages: Buffer[] = []
  let from = 0
  for (const cut of [...cuts, bytes.length].toSorted((one, other) => one - other)) {
    // As a socket does it: memory of its own for each chunk.
    buffer.push(Buffer.from(bytes.subarray(from, cut)))
    from = cut
    for (let message = takeServed(buffer); message !== undefined; message = takeServed(buffer))
      messages.push(message)
  }
  assert.equal(buffer.length, 0)
  return messages
}

suite('messages of a client that is served', () => {
  test('large CopyData goes on in pieces, the same bytes in the same order, wherever it is cut', () => {
    const sizes = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: mebibyte - 8, max: 3 * mebibyte + 9 })), {
      minLength: 1,
      maxLength: 4,
    })
    const cuts = fc.array(fc.nat(10 * mebibyte), { maxLength: 12 })
    fc.assert(
      fc.property(sizes, cuts, (lengths, at) => {
        const payloads = lengths.map((length, index) => Buffer.alloc(length, `${index}abcdefghijk`))
        const stream = Buffer.concat([
          ...payloads.map((payload) => frame(front.copyData, payload)),
          frame(front.copyDone),
        ])
        const messages = taken(
          stream,
          at.filter((cut) => cut < stream.length),
        )
        const data = messages.slice(0, -1)
        assert.ok(
          data.every((message) => message[0] === front.copyData && message.length <= mebibyte + headerBytes),
        )
        assert.ok(data.every((message) => message.readInt32BE(1) + 1 === message.length))
        assert.ok(
          Buffer.concat(data.map((message) => message.subarray(headerBytes))).equals(Buffer.concat(payloads)),
        )
        assert.deepEqual(messages.at(-1), frame(front.copyDone))
      }),
      { numRuns: 40 },
    )
  })

  test('nothing else is cut, and no length is believed beyond what a server takes', () => {
    const header = (type: number, length: number): Buffer => {
      const bytes = Buffer.alloc(headerBytes)
      bytes[0] = type
      bytes.writeInt32BE(length, 1)
      return bytes
    }
    const attempt = (bytes: Buffer): unknown => {
      const buffer = new FrameBuffer()
      buffer.push(bytes)
      return takeServed(buffer)
    }
    assert.throws(() => attempt(header(front.query, 20 * mebibyte)), ProtocolViolation)
    assert.throws(() => attempt(header(front.copyDone, 20 * mebibyte)), ProtocolViolation)
    for (const length of [0, 3, -1, 1_073_741_823, 0x7fffffff])
      assert.throws(() => attempt(header(front.copyData, length)), ProtocolViolation, String(length))
    assert.equal(attempt(header(front.copyData, 20 * mebibyte)), undefined)
  })
})
