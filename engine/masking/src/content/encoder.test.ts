import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'
import type { Transform } from 'node:stream'
import type { Coding } from './coding.ts'
import { Encoder } from './encoder.ts'

const text = Buffer.from(
  JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id * 7919}` }))),
)

const readers: Readonly<
  Record<Coding, readonly [whole: (bytes: Buffer) => Buffer, piecewise: () => Transform]>
> = {
  gzip: [gunzipSync, createGunzip],
  deflate: [inflateSync, createInflate],
  br: [brotliDecompressSync, createBrotliDecompress],
  zstd: [zstdDecompressSync, createZstdDecompress],
}

/** What comes out at once of what is put in. */
function readNow(reader: Transform, bytes: Buffer): Promise<string> {
  const pieces: Buffer[] = []
  const take = (piece: Buffer): void => void pieces.push(piece)
  reader.on('data', take)
  return new Promise((resolve) => {
    reader.write(bytes, () =>
      setImmediate(() => {
        reader.off('data', take)
        resolve(Buffer.concat(pieces).toString())
      }),
    )
  })
}

for (const coding of ['gzip', 'deflate', 'br', 'zstd'] as const)
  suite(coding, () => {
    const [whole, piecewise] = readers[coding]

    test('is read as what it was, and is smaller', async () => {
      const encoder = new Encoder(coding)
      const pieces: Buffer[] = []
      for (let at = 0; at < text.length; at += 65_536)
        pieces.push(await encoder.push(text.subarray(at, at + 65_536)))
      pieces.push(await encoder.end())
      const coded = Buffer.concat(pieces)
      assert.ok(coded.length < text.length / 2)
      assert.ok(whole(coded).equals(text))
    })

    test('of one large piece, and of nothing', async () => {
      const large = new Encoder(coding)
      const many = Buffer.concat(Array.from({ length: 8 }, () => text))
      assert.ok(whole(Buffer.concat([await large.push(many), await large.end()])).equals(many))
      const empty = new Encoder(coding)
      assert.equal(whole(await empty.end()).length, 0)
    })

    test('can be read piece by piece, each as soon as it is there', async () => {
      const encoder = new Encoder(coding)
      const reader = piecewise()
      for (const event of ['data: one\n\n', 'data: two\n\n', 'data: three\n\n'])
        assert.equal(await readNow(reader, await encoder.push(Buffer.from(event))), event)
      reader.destroy()
      encoder.close()
    })

    test('is given up without a word, and nobody waits for it', async () => {
      const encoder = new Encoder(coding)
      const pushed = encoder.push(text).catch(() => {})
      encoder.close()
      encoder.close()
      await pushed
      await assert.rejects(encoder.push(text))
      await assert.rejects(encoder.end())
    })
  })
