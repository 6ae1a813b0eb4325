import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { presidio, presidioLimits, RecogniserFailed, type PresidioOptions } from './presidio.ts'

const asked: Omit<PresidioOptions, 'url'> = {
  entities: { PERSON: 'person', LOCATION: 'place' },
  scoreMin: 0.5,
}

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: close }
}

const answering =
  (body: string, status = 200): RequestListener =>
  (request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  }

/** Takes what the analyzer takes and finds the given words, in code points as Python counts them. */
const analyzer =
  (words: Readonly<Record<string, string>>): RequestListener =>
  async (request, response) => {
    const body: Uint8Array[] = []
    for await (const chunk of request) body.push(chunk as Uint8Array)
    const question = JSON.parse(Buffer.concat(body).toString()) as Record<string, unknown>
    assert.deepEqual([request.method, request.url], ['POST', '/analyze'])
    assert.equal(request.headers['content-type'], 'application/json')
    assert.deepEqual(
      { ...question, text: '' },
      {
        text: '',
        language: 'en',
        entities: ['PERSON', 'LOCATION'],
        score_threshold: 0.5,
      },
    )
    const text = question['text'] as string
    const results = Object.entries(words).map(([word, type]) => {
      const start = Array.from(text.slice(0, text.indexOf(word))).length
      const end = start + Array.from(word).length
      return {
        analysis_explanation: null,
        entity_type: type,
        start,
        end,
        score: 0.85,
        recognition_metadata: {},
      }
    })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(results))
  }

test('what it finds is found at its place, in units of the text', async () => {
  const text = '😀 Ann Lee went to 𝔅erlin 😀 with Bob'
  await using server = await serve(
    analyzer({ Bob: 'PERSON', 'Ann Lee': 'PERSON', '𝔅erlin': 'LOCATION', Lee: 'LOCATION' }),
  )
  const found = await presidio({ ...asked, url: server.url }).recognise(text, 'en')
  assert.deepEqual(
    found.map(({ start, end, detectors }) => [text.slice(start, end), ...detectors]),
    [
      ['Ann Lee', 'person', 'place'],
      ['𝔅erlin', 'place'],
      ['Bob', 'person'],
    ],
  )
})

test('nothing is asked about nothing', async () => {
  assert.deepEqual(await presidio({ ...asked, url: 'http://127.0.0.1:1' }).recognise('', 'en'), [])
})

const failures: Readonly<Record<string, readonly [listener: RequestListener, message: RegExp]>> = {
  'an error': [answering('{"error":"secret"}', 500), /answered 500/],
  'a redirect': [
    (_, response) => response.writeHead(302, { location: '/x' }).end(),
    /no answer that can be read/,
  ],
  'no JSON': [answering('[{"start":0'), /no answer that can be read/],
  'no list': [answering('{"error":"secret"}'), /no list/],
  'no object': [answering('[null]'), /nobody asked for/],
  'another entity': [answering('[{"entity_type":"constructor","start":0,"end":1}]'), /nobody asked for/],
  'a place outside': [answering('[{"entity_type":"PERSON","start":0,"end":99}]'), /outside the text/],
  'a negative place': [answering('[{"entity_type":"PERSON","start":-1,"end":2}]'), /outside the text/],
  'a broken place': [answering('[{"entity_type":"PERSON","start":0.5,"end":2}]'), /outside the text/],
  'a place in words': [answering('[{"entity_type":"PERSON","start":"0","end":2}]'), /outside the text/],
  'an empty place': [answering('[{"entity_type":"PERSON","start":2,"end":2}]'), /place that is none/],
  'too much': [answering(`[${' '.repeat(presidioLimits.answerBytes)}]`), /too large/],
  silence: [(request) => request.resume(), /no answer within 200 ms/],
  'half an answer': [(_, response) => response.writeHead(200).write('['), /no answer within 200 ms/],
  'a hang-up': [(request) => request.socket.destroy(), /no answer that can be read/],
}

for (const [name, [listener, message]] of Object.entries(failures))
  test(`${name} is a failure, and tells nothing of the text`, async () => {
    await using server = await serve(listener)
    const recogniser = presidio({ ...asked, url: server.url, timeMs: name === 'too much' ? 5000 : 200 })
    await assert.rejects(recogniser.recognise('secret', 'en'), (error) => {
      assert.ok(error instanceof RecogniserFailed)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  })

test('what is too long is not even asked about', async () => {
  const recogniser = presidio({ ...asked, url: 'http://127.0.0.1:1' })
  await assert.rejects(
    recogniser.recognise('x'.repeat(presidioLimits.textChars + 1), 'en'),
    /more than 100000 characters/,
  )
})
