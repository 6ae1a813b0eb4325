import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Refused } from '@sluice/core'
import type { Headers } from './replies.ts'
import { unpacked } from './unpacked.ts'

const bytesMax = 10_000
const text = Buffer.from(JSON.stringify({ role: 'admin', text: 'again and '.repeat(100) }))
const type: Headers = [['content-type', 'application/json']]

function inCoding(coding: string): Headers {
  return [...type, ['content-encoding', coding], ['content-md5', 'x'], ['digest', 'x']]
}

suite('the body of a request', () => {
  for (const [coding, body] of [
    ['gzip', gzipSync(text)],
    ['X-GZip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
    ['br', brotliCompressSync(text)],
    ['zstd', zstdCompressSync(text)],
    ['gzip, br', brotliCompressSync(gzipSync(text))],
  ] as const)
    test(`in ${coding} is judged and sent as it is read`, async () => {
      assert.deepEqual(await unpacked(inCoding(coding), body, bytesMax), { headers: type, body: text })
    })

  test('in no coding stays what it is, its digests too', async () => {
    const headers: Headers = [...type, ['content-md5', 'x']]
    const plain = await unpacked(headers, text, bytesMax)
    assert.equal(plain.headers, headers)
    assert.equal(plain.body, text)
  })

  for (const [what, coding, body, status] of [
    ['a coding that is not known', 'x-own', text, '415'],
    ['too many codings', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(text))), '415'],
    ['damaged content', 'gzip', deflateRawSync(text), undefined],
    ['content that is cut', 'gzip', gzipSync(text).subarray(0, -4), undefined],
    ['something behind it', 'gzip', Buffer.concat([gzipSync(text), Buffer.from('x')]), undefined],
    ['a bomb', 'gzip', gzipSync(Buffer.alloc(32_000_000)), undefined],
  ] as const)
    test(`with ${what} is refused`, async () => {
      await assert.rejects(unpacked(inCoding(coding), body, Number.MAX_SAFE_INTEGER), (error) => {
        assert.ok(error instanceof Refused)
        const { code, rule, native } = error.refusal
        assert.deepEqual([code, rule, native], ['malformed', 'http/content_coding', status])
        return true
      })
    })

  test('that is too large once it is unpacked is too large', async () => {
    await assert.rejects(
      unpacked(inCoding('gzip'), gzipSync(Buffer.alloc(bytesMax + 1)), bytesMax),
      /may have 10000 bytes/,
    )
  })
})
