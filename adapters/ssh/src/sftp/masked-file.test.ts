import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { PassThrough, Duplex } from 'node:stream'
import { Refused } from '@sluice/core'
import { builtInDetectors, contentMasker, type ContentMasker } from '@sluice/masking'
import { Fields, text } from '../wire.ts'
import { Link } from './link.ts'
import { maskedFile, maskedFileBytesMax } from './masked-file.ts'
import { PacketCutter, packetOf, statusPacket, types } from './packet.ts'

/** A target with one file, which gives at most `most` bytes at once. */
function target(file: Buffer, most = 1000): Link {
  const [input, output] = [new PassThrough(), new PassThrough()]
  const cutter = new PacketCutter()
  input.on('data', (chunk: Buffer) => {
    for (const { id, fields } of cutter.push(chunk)) {
      const reader = new Fields(fields)
      reader.string()
      const piece = file.subarray(Number(reader.u64())).subarray(0, Math.min(most, reader.u32()))
      output.write(
        packetOf(
          piece.length === 0 ? statusPacket(id, 'eof', '') : { type: types.data, id, fields: text(piece) },
        ),
      )
    }
  })
  return new Link(Duplex.from({ readable: output, writable: input }))
}

function masker(): ContentMasker {
  const detector = builtInDetectors.get('ssn')
  assert.ok(detector !== undefined)
  return contentMasker('text/plain', {
    paths: [],
    detectors: [
      {
        detector,
        request: { method: 'redact', value: undefined, to: undefined, domain: undefined },
        rule: 'x',
      },
    ],
  })
}

const handle = Buffer.from('h')

suite('masked files', () => {
  test('a value is found wherever the pieces are cut', async () => {
    const file = Buffer.from('a 123-45-6789 b\n'.repeat(500))
    for (const most of [7, 100, 100_000]) {
      const { bytes, masked } = await maskedFile(target(file, most), handle, masker())
      assert.equal(bytes.toString(), 'a [masked] b\n'.repeat(500))
      assert.equal(
        masked.reduce((sum, { values }) => sum + values, 0),
        500,
      )
    }
  })

  test('what is no text, and what is too large, is refused', async () => {
    const binary = maskedFile(target(Buffer.from([0xff, 0xfe, 0, 1])), handle, masker())
    await assert.rejects(
      binary,
      (error) => error instanceof Refused && /as a text/.test(error.refusal.message),
    )
    const large = maskedFile(target(Buffer.alloc(maskedFileBytesMax + 1, 'a\n'), 32_768), handle, masker())
    await assert.rejects(large, (error) => error instanceof Refused && error.refusal.code === 'too_large')
  })
})
