import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  encodeSegmentHeader,
  readSegmentHeader,
  segmentHeaderBytes,
  segmentName,
  segmentNumber,
  type SegmentHeader,
} from './segment.ts'

const header: SegmentHeader = {
  segment: 3,
  number: 2 ** 40,
  epoch: 7,
  link: Buffer.alloc(32, 1),
  publicKey: Buffer.alloc(32, 2),
  writer: 'gw_00000000000000000000000001',
}

suite('the header of a segment', () => {
  test('is read as it was written', () => {
    const read = readSegmentHeader(encodeSegmentHeader(header))
    assert.deepEqual(read, header)
  })

  test('has no bit that can be changed unseen', () => {
    const bytes = encodeSegmentHeader(header)
    for (let at = 0; at < segmentHeaderBytes; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      assert.equal(readSegmentHeader(changed), 'broken', `byte ${at}`)
    }
    assert.equal(readSegmentHeader(bytes.subarray(0, 100)), 'broken')
  })

  test('is not there yet while all is zero', () => {
    assert.equal(readSegmentHeader(Buffer.alloc(segmentHeaderBytes)), 'unused')
  })

  test('refuses a name that does not fit', () => {
    assert.throws(() => encodeSegmentHeader({ ...header, writer: 'x'.repeat(97) }))
  })

  test('stands in a file whose name is its number', () => {
    assert.equal(segmentNumber(segmentName(12)), 12)
    for (const name of ['head', '12.segment', `${segmentName(1)}.unfinished`, '0000000001.keys'])
      assert.equal(segmentNumber(name), null)
  })
})
