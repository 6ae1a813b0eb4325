import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { RecogniserFailed, type Recogniser } from '@sluice/core'
import { analyzerLimits } from './analyzer.ts'
import { batchLimits } from './batches.ts'
import { presidio, presidioLimits, type PresidioOptions } from './presidio.ts'

const options: Omit<PresidioOptions, 'url'> = {
  language: 'en',
  entities: { PERSON: 'person', LOCATION: 'place', GPE: 'place' },
  scoreMin: 0.5,
  timeMs: 5_000,
}
const never = new AbortController().signal
const nobody = new URL('http://127.0.0.1:1')

async function serve(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { url: new URL(`http://127.0.0.1:${port}`), [Symbol.asyncDispose]: close }
}

type Listener = (...args: Parameters<RequestListener>) => unknown

/** What it can look for, as it says when it is asked, and whatever else `listener` does. */
const supporting =
  (listener: Listener, entities: unknown = ['PERSON', 'LOCATION', 'GPE', 'US_SSN']): RequestListener =>
  (request, response) => {
    if (request.url !== '/supportedentities?language=en') return void listener(request, response)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entities))
  }

const answering = (body: string, status = 200): RequestListener =>
  supporting((request, response) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })

/** Takes what the analyzer takes and finds the given words, in code points as Python counts them. */
function analyzer(words: Readonly<Record<string, string>>, asked: string[][] = []): RequestListener {
  return supporting(async (request, response) => {
    const body: Uint8Array[] = []
    for await (const chunk of request) body.push(chunk as Uint8Array)
    const { text: texts, ...question } = JSON.parse(Buffer.concat(body).toString()) as { text: string[] }
    assert.deepEqual([request.method, request.url], ['POST', '/analyze'])
    assert.equal(request.headers['content-type'], 'application/json')
    const entities = ['PERSON', 'LOCATION', 'GPE']
    assert.deepEqual(question, { language: 'en', entities, score_threshold: 0.5 })
    asked.push(texts)
    const results = texts.map((text) => foundIn(text, words))
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(results))
  })
}

function foundIn(text: string, words: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(words).flatMap(([word, type]) => {
    const at = text.indexOf(word)
    if (at < 0) return []
    const start = Array.from(text.slice(0, at)).length
    const end = start + Array.from(word).length
    return [{ analysis_explanation: null, entity_type: type, start, end, score: 0.85 }]
  })
}

async function failure(recogniser: Recogniser, texts: readonly string[], signal = never): Promise<string> {
  try {
    await recogniser.recognise(texts, signal)
  } catch (error) {
    assert.ok(error instanceof RecogniserFailed, String(error))
    return error.message
  }
  return assert.fail('it did not fail')
}

suite('what the analyzer finds', () => {
  test('is found at its place, in units of the text', async () => {
    const text = '😀 Ann Lee went to 𝔅erlin 😀 with Bob'
    await using server = await serve(
      analyzer({ Bob: 'PERSON', 'Ann Lee': 'PERSON', '𝔅erlin': 'LOCATION', Lee: 'GPE' }),
    )
    const recogniser = presidio({ ...options, url: server.url })
    assert.deepEqual(recogniser.detectors, ['person', 'place'])
    const [found = []] = await recogniser.recognise([text], never)
    assert.deepEqual(
      found.map(({ start, end, detectors }) => [text.slice(start, end), ...detectors]),
      [
        ['Ann Lee', 'person', 'place'],
        ['𝔅erlin', 'place'],
        ['Bob', 'person'],
      ],
    )
  })

  test('is found in each of many texts, which are asked about together and never cut', async () => {
    const asked: string[][] = []
    await using server = await serve(analyzer({ Bob: 'PERSON' }, asked))
    const long = `${'x'.repeat(batchLimits.chars)} Bob`
    const texts = [
      'Bob',
      '',
      long,
      ...Array.from({ length: 500 }, (_, at) => (at % 2 === 0 ? 'Bob' : 'none')),
    ]
    const found = await presidio({ ...options, url: server.url }).recognise(texts, never)
    assert.deepEqual(
      found.map((each, at) => each.map(({ start, end }) => texts[at]?.slice(start, end)).join()),
      texts.map((text) => (text.includes('Bob') ? 'Bob' : '')),
    )
    assert.deepEqual(asked.flat().toSorted(), texts.filter((text) => text !== '').toSorted())
    assert.ok(asked.length <= 5, `${asked.length} questions`)
    assert.deepEqual(
      asked.find((batch) => batch.includes(long)),
      [long],
    )
  })

  test('is found beside half a character, which the analyzer cannot write down', async () => {
    const asked: string[][] = []
    await using server = await serve(analyzer({ Bob: 'PERSON' }, asked))
    const [found] = await presidio({ ...options, url: server.url }).recognise(['\ud800 Bob \udfff'], never)
    assert.deepEqual(found, [{ start: 2, end: 5, detectors: ['person'] }])
    assert.deepEqual(asked, [['\ufffd Bob \ufffd']])
  })

  test('is nothing where there is no text, and then nobody is asked', async () => {
    const recogniser = presidio({ ...options, url: nobody })
    assert.deepEqual(await recogniser.recognise([], never), [])
    assert.deepEqual(await recogniser.recognise(['', ''], never), [[], []])
  })

  test('is asked for below the path of its address', async () => {
    const paths: (string | undefined)[] = []
    await using server = await serve((request, response) => {
      paths.push(request.url)
      request.resume()
      response.end(request.method === 'GET' ? JSON.stringify(Object.keys(options.entities)) : '[[]]')
    })
    const url = new URL('/nlp/presidio', server.url)
    await presidio({ ...options, url }).recognise(['x'], never)
    const asked = ['/nlp/presidio/supportedentities?language=en', '/nlp/presidio/analyze']
    assert.deepEqual(new Set(paths), new Set(asked))
  })
})

const failures: Readonly<Record<string, readonly [listener: RequestListener, message: RegExp]>> = {
  'an error': [answering('{"error":"secret"}', 500), /answered 500/],
  'a redirect': [
    supporting((_, response) => response.writeHead(302, { location: '/x' }).end()),
    /answered 302/,
  ],
  'no JSON': [answering('[{"start":0'), /no answer that can be read/],
  'another character set': [
    supporting((_, response) => response.end(Buffer.from([0x5b, 0xff, 0x5d]))),
    /no answer that can be read/,
  ],
  'no list': [answering('{"error":"secret"}'), /not one list for each text/],
  'too few lists': [answering('[]'), /not one list for each text/],
  'too many lists': [answering('[[],[]]'), /not one list for each text/],
  'the list of one text alone': [
    answering('[{"entity_type":"PERSON","start":0,"end":1}]'),
    /not one list for each text/,
  ],
  'no object': [answering('[[null]]'), /nobody asked for/],
  'another entity': [answering('[[{"entity_type":"constructor","start":0,"end":1}]]'), /nobody asked for/],
  'a place outside': [answering('[[{"entity_type":"PERSON","start":0,"end":99}]]'), /outside the text/],
  'a negative place': [answering('[[{"entity_type":"PERSON","start":-1,"end":2}]]'), /outside the text/],
  'a broken place': [answering('[[{"entity_type":"PERSON","start":0.5,"end":2}]]'), /outside the text/],
  'a place in words': [answering('[[{"entity_type":"PERSON","start":"0","end":2}]]'), /outside the text/],
  'an empty place': [answering('[[{"entity_type":"PERSON","start":2,"end":2}]]'), /place that is none/],
  'too much': [answering(`[${' '.repeat(analyzerLimits.answerBytes)}]`), /too large/],
  'an entity that it does not know': [
    supporting(() => {}, ['PERSON', 'GPE']),
    /does not look for LOCATION in "en"/,
  ],
  'nonsense about what it knows': [supporting(() => {}, { PERSON: true }), /does not look for PERSON/],
  'a language that it does not know': [(_, response) => response.writeHead(500).end(), /answered 500/],
  silence: [supporting((request) => request.resume()), /no answer within 300 ms/],
  'silence from the start': [(request) => request.resume(), /no answer within 300 ms/],
  'half an answer': [
    supporting((_, response) => response.writeHead(200).write('[')),
    /no answer within 300 ms/,
  ],
  'a hang-up': [supporting((request) => request.socket.destroy()), /no answer that can be read/],
}

suite('a failure that tells nothing of the text', () => {
  for (const [name, [listener, message]] of Object.entries(failures))
    test(`is ${name}`, async () => {
      await using server = await serve(listener)
      const timeMs = /silence|half/.test(name) ? 300 : options.timeMs
      const told = await failure(presidio({ ...options, url: server.url, timeMs }), ['secret'])
      assert.match(told, message)
      assert.doesNotMatch(told, /secret/)
    })

  test('is that nobody is there', async () => {
    assert.match(
      await failure(presidio({ ...options, url: nobody }), ['secret']),
      /no answer that can be read/,
    )
  })

  test('is a text that is too long, and nobody is asked about any', async () => {
    let asked = 0
    await using server = await serve(supporting(() => void (asked += 1)))
    const texts = ['Bob', 'x'.repeat(presidioLimits.textChars + 1)]
    assert.match(
      await failure(presidio({ ...options, url: server.url }), texts),
      /more than 100000 characters/,
    )
    assert.equal(asked, 0)
  })

  test('is one of many batches', async () => {
    let asked = 0
    await using server = await serve(
      supporting((request, response) => {
        request.resume()
        asked += 1
        if (asked === 3) response.writeHead(500).end()
        else response.end(JSON.stringify(Array.from({ length: batchLimits.texts }, () => [])))
      }),
    )
    const texts = Array.from({ length: 50 * batchLimits.texts }, (_, at) => `text ${at}`)
    assert.match(await failure(presidio({ ...options, url: server.url }), texts), /answered 500/)
    assert.ok(asked < 20, `${asked} questions, though one had failed`)
  })

  test('is that whoever asked has gone', { timeout: 4_000 }, async () => {
    await using server = await serve(supporting((request) => request.resume()))
    const gone = new AbortController()
    setTimeout(() => gone.abort(), 50)
    const recogniser = presidio({ ...options, url: server.url, timeMs: 60_000 })
    assert.match(await failure(recogniser, ['Bob'], gone.signal), /no answer/)
  })
})

test('it is asked each time what it knows', async () => {
  let knows = Object.keys(options.entities)
  await using server = await serve((request, response) => {
    request.resume()
    response.end(JSON.stringify(request.method === 'GET' ? knows : [[]]))
  })
  const recogniser = presidio({ ...options, url: server.url })
  assert.deepEqual(await recogniser.recognise(['x'], never), [[]])
  knows = ['PERSON']
  assert.match(await failure(recogniser, ['x']), /LOCATION, GPE/)
  knows = Object.keys(options.entities)
  assert.deepEqual(await recogniser.recognise(['x'], never), [[]])
})
