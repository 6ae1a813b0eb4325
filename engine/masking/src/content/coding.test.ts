import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as zlib from 'node:zlib'
import { Undecodable } from '../data-type.ts'
import { codingsOf, decoder, type Coding, type CodingLimits } from './coding.ts'

const limits: CodingLimits = { bytesMax: 64 * 1024 * 1024, ratioMax: 100 }
const text = Buffer.from(
  JSON.stringify(Array.from({ length: 20_000 }, (_, id) => ({ id, name: `n${id * 7919}` }))),
)

async function* pieces(bytes: Buffer, size = 1000): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function all(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content) pieces.push(piece)
  return Buffer.concat(pieces)
}

function decoded(coding: Coding, bytes: Buffer, by = limits, size = 1000): Promise<Buffer> {
  return all(decoder(coding, by)(pieces(bytes, size)))
}

const forms: readonly (readonly [name: string, coding: Coding, encode: (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', (bytes) => zlib.gzipSync(bytes)],
  ['deflate', 'deflate', (bytes) => zlib.deflateSync(bytes)],
  ['deflate without its wrapper', 'deflate', (bytes) => zlib.deflateRawSync(bytes)],
  [
    'br',
    'br',
    (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ],
  ['zstd', 'zstd', (bytes) => zlib.zstdCompressSync(bytes)],
]

for (const [name, coding, encode] of forms)
  suite(name, () => {
    const whole = encode(text)

    test('is decoded, in pieces of any size', async () => {
      for (const size of [1, 1000, whole.length])
        assert.ok(
          (await decoded(coding, size === 1 ? encode(text.subarray(0, 999)) : whole, limits, size)).equals(
            size === 1 ? text.subarray(0, 999) : text,
          ),
        )
    })

    test('of nothing is nothing', async () => {
      assert.equal((await decoded(coding, Buffer.alloc(0))).length, 0)
      assert.equal((await decoded(coding, encode(Buffer.alloc(0)))).length, 0)
    })

    test('that is cut off is refused', async () => {
      for (const length of [1, 2, 10, whole.length >> 1, whole.length - 1])
        await assert.rejects(decoded(coding, whole.subarray(0, length)), Undecodable, String(length))
    })

    test('that is something else is refused', async () => {
      await assert.rejects(decoded(coding, Buffer.from('{"a": "no coding at all"}')), Undecodable)
    })

    test('with something behind it is refused', async () => {
      await assert.rejects(decoded(coding, Buffer.concat([whole, Buffer.from('{"a":1}')])), Undecodable)
    })

    test('that is a bomb is refused before it goes off', async () => {
      const bomb = encode(Buffer.alloc(64 * 1024 * 1024))
      let bytes = 0
      await assert.rejects(async () => {
        for await (const piece of decoder(coding, limits)(pieces(bomb))) bytes += piece.length
      }, Undecodable)
      assert.ok(bytes < 16 * 1024 * 1024, String(bytes))
      await assert.rejects(decoded(coding, whole, { ...limits, bytesMax: text.length - 1 }), Undecodable)
      assert.ok((await decoded(coding, whole, { ...limits, bytesMax: text.length })).equals(text))
    })
  })

suite('several', () => {
  test('members of gzip are one content', async () => {
    const members = Buffer.concat([zlib.gzipSync('one '), zlib.gzipSync('two')])
    for (const size of [1, 7, members.length])
      assert.equal((await decoded('gzip', members, limits, size)).toString(), 'one two')
  })

  test('codings are undone from the last to the first', async () => {
    const found = codingsOf('gzip, br')
    const coded = zlib.brotliCompressSync(zlib.gzipSync(text))
    const content = found
      .toReversed()
      .reduce((bytes, coding) => decoder(coding, limits)(bytes), pieces(coded))
    assert.ok((await all(content)).equals(text))
  })
})

test('frames of zstd after the first are refused: they would be lost', async () => {
  const frames = Buffer.concat([zlib.zstdCompressSync('one '), zlib.zstdCompressSync('two')])
  await assert.rejects(decoded('zstd', frames), Undecodable)
})

suite('the header', () => {
  test('names what is known', () => {
    assert.deepEqual(codingsOf(null), [])
    assert.deepEqual(codingsOf('identity'), [])
    assert.deepEqual(codingsOf(' GZIP , identity,zstd'), ['gzip', 'zstd'])
    assert.deepEqual(codingsOf('x-gzip'), ['gzip'])
  })

  test('and nothing else, and not too much', () => {
    for (const wrong of ['compress', 'gzip;q=1', 'aes128gcm', 'gzip, gzip, gzip'])
      assert.throws(() => codingsOf(wrong), Undecodable)
  })
})

test('what goes wrong with the source is told as it is', async () => {
  const broken = new Error('connection reset')
  async function* content(): AsyncIterable<Buffer> {
    yield zlib.gzipSync(text).subarray(0, 100)
    throw broken
  }
  await assert.rejects(all(decoder('gzip', limits)(content())), broken)
})

test('a reader that leaves ends the source', async () => {
  let ended = false
  async function* content(): AsyncIterable<Buffer> {
    try {
      yield* pieces(zlib.gzipSync(text), 100)
    } finally {
      ended = true
    }
  }
  for await (const piece of decoder('gzip', limits)(content())) if (piece.length > 0) break
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(ended)
})
