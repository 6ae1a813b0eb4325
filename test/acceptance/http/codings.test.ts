import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { HttpClient, request, valueOf, type HttpAnswer } from '../../src/index.ts'
import { openStage } from './stage.ts'

/** What a target packs is looked into, and packed again for whoever asks for it. */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())
const door = await stage.through()

const unpack: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
}

async function answerTo(method: string, path: string, acceptEncoding?: string): Promise<HttpAnswer> {
  const client = await HttpClient.connect(door)
  const wish = acceptEncoding === undefined ? {} : { 'accept-encoding': acceptEncoding }
  client.send(request(method, `${door.prefix}${path}`, { ...door.headers, ...wish }))
  const answer = await client.answer(method === 'HEAD')
  client.destroy()
  return answer
}

function assertMasked(text: string): void {
  assert.match(text, /^\{"card":"\*{12}0015","text":"(?:again and ){500}"\}$/)
}

for (const [coding, read] of Object.entries(unpack))
  suite(`an answer in ${coding}`, () => {
    test('is masked and leaves in it again', async () => {
      const answer = await answerTo('GET', `/packed/${coding}`, `identity;q=0.5, ${coding}`)
      assert.equal(answer.status, 200)
      assert.equal(valueOf(answer, 'content-encoding'), coding)
      assert.equal(valueOf(answer, 'vary'), 'accept-encoding')
      for (const name of ['content-length', 'etag']) assert.equal(valueOf(answer, name), undefined)
      assertMasked(read(answer.body).toString())
      assert.ok(answer.body.length < 500)
    })

    test('leaves as it is read for whoever does not ask for it', async () => {
      for (const wish of [undefined, 'identity', `${coding};q=0, *`]) {
        const answer = await answerTo('GET', `/packed/${coding}`, wish)
        assert.equal(valueOf(answer, 'content-encoding'), undefined)
        assertMasked(answer.body.toString())
      }
    })
  })

const pack: Readonly<Record<string, (bytes: string) => Buffer>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

for (const [coding, packed] of Object.entries(pack))
  test(`a request in ${coding} arrives as it is read`, async () => {
    const path = `/unpacked/${coding}`
    const answer = await fetch(`${door.url}${path}`, {
      method: 'POST',
      headers: { ...door.headers, 'content-type': 'application/json', 'content-encoding': coding },
      body: packed('{"a":[1]}'),
    })
    assert.equal(answer.status, 200)
    await answer.body?.cancel()
    const heard = stage.api.requests.find(({ address }) => address === path) ?? assert.fail()
    assert.deepEqual(
      [heard.body.toString(), valueOf(heard, 'content-encoding'), valueOf(heard, 'content-length')],
      ['{"a":[1]}', undefined, '9'],
    )
  })

test('an answer to HEAD has no body, whatever it came in', async () => {
  const answer = await answerTo('HEAD', '/packed/gzip', 'gzip')
  assert.deepEqual([answer.status, answer.body.length], [200, 0])
})

test('each event of a stream leaves before the next one is there', async () => {
  const name = randomUUID()
  const { host, port } = stage.api
  const answer = await fetch(`${door.url}/packed-ticks/${name}`, {
    headers: { ...door.headers, 'accept-encoding': 'gzip' },
  })
  assert.equal(answer.headers.get('content-encoding'), 'gzip')
  let text = ''
  let told = 0
  for await (const piece of answer.body ?? []) {
    text += Buffer.from(piece).toString()
    if (!text.includes(`{"tick":${told + 1}}\n\n`)) continue
    told += 1
    await fetch(`http://${host}:${port}/ticks/${name}`, { method: 'POST' })
  }
  assert.equal(text, [1, 2, 3, 4].map((tick) => `data: {"tick":${tick}}\n\n`).join(''))
})
