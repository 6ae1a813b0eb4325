import { after, afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import Anthropic from '@anthropic-ai/sdk'
import OpenAI, { APIError } from 'openai'
import type { EventData } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import {
  authority,
  httpAnswer,
  issuedBy,
  startAnalyzer,
  startGateway,
  startHttpBackend,
  type AnalyzerManner,
  type Answer,
  type Gateway,
  type Heard,
} from '../../src/index.ts'
import { comesTrue } from './comes-true.ts'

/** Names of people, which a service of the company finds: hidden in answers and in prompts, or nothing passes. */
const policies = fileURLToPath(new URL('people', import.meta.url))
const words = { 'Ann Lee': 'PERSON', Bob: 'PERSON', Berlin: 'LOCATION' }
const entities = { PERSON: 'person', LOCATION: 'place' }
const card = '4000290979900015'
const timeoutMs = 1_000

const provider = await startIdentityProvider({ port: 0 })
after(() => provider.close())
const analyzer = await startAnalyzer({ words })
after(() => analyzer[Symbol.asyncDispose]())
const backend = await startHttpBackend(answer)
after(() => backend.close())
const gateway = await gatewayOf(analyzer.url)
after(() => gateway.close())
afterEach(() => void (analyzer.manner = 'answers'))

async function gatewayOf(url: string, more: object = {}): Promise<Gateway & AsyncDisposable> {
  const people = { name: 'people', kind: 'presidio', url, entities, timeout_ms: timeoutMs, ...more }
  const own = await startGateway({
    provider,
    policies,
    masking: { recognisers: [people] },
    targets: [
      ...['answers', 'prompts', 'clear', 'mistaken'].map((name) => ({ name, http: backend })),
      { name: 'model', http: backend, settings: { profile: 'openai' } },
      { name: 'claude', http: backend, settings: { profile: 'anthropic' } },
    ],
  })
  return Object.assign(own, { [Symbol.asyncDispose]: () => own.close() })
}

const { chunked, events, json, whole } = httpAnswer
/** What a model says, cut through both names. */
const said = ['I met An', 'n L', 'ee, and not B', 'ob', '. ✓']
const shown = 'I met somebody, and not somebody. ✓'

function answer({ address, body }: Heard): Answer {
  const [path = ''] = address.split('?')
  switch (path) {
    case '/json':
      return json({ who: 'Ann Lee', 'of Bob': ['in Berlin', card], n: 1.5, note: `\u{1f600} Bob` }, 200, {
        'x-who': 'Bob',
        etag: '"of Bob"',
      })
    case '/gzip':
      return whole(200, gzipSync('{"who":"Ann Lee"}'), {
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      })
    case '/lines':
      return chunked(['{"who":"An', 'n Lee"}\n{"who":"B', 'ob"}\n'], {
        'content-type': 'application/x-ndjson',
      })
    case '/text':
      return chunked(['Dear Ann ', 'Lee of Ber', 'lin'], { 'content-type': 'text/plain; charset=utf-8' })
    case '/large':
      return json({ text: 'Bob '.repeat(300_000) })
    case '/long':
      return json({ text: 'Bob '.repeat(30_000) })
    case '/image':
      return whole(200, 'Bob', { 'content-type': 'image/png' })
    case '/events':
      return events(said)
    case '/v1/chat/completions':
      return completion(body)
    case '/v1/messages':
      return chunked(messageEvents(), { 'content-type': 'text/event-stream' })
    default:
      return json({ heard: body.toString() })
  }
}

function completion(body: Buffer): Answer {
  const { stream } = JSON.parse(body.toString()) as { readonly stream?: boolean }
  const named = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'scripted' }
  const part = (delta: object, finish_reason: string | null = null): string =>
    JSON.stringify({
      ...named,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason }],
    })
  if (stream === true)
    return events([...said.map((content) => part({ content })), part({}, 'stop'), '[DONE]'])
  const message = { role: 'assistant', content: said.join('') }
  return json({
    ...named,
    object: 'chat.completion',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 4, completion_tokens: 7, total_tokens: 11 },
  })
}

function messageEvents(): readonly string[] {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [] }
  const usage = { input_tokens: 4, output_tokens: 7 }
  return [
    event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null, usage } }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...said.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage }),
    event('message_stop', {}),
  ]
}

interface Told {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function ask(target: string, path: string, init: RequestInit = {}, by = gateway): Promise<Told> {
  const { url, headers } = await by.door('langchain-reporting', target)
  const response = await fetch(`${url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

function post(target: string, type: string, body: string, by = gateway): Promise<Told> {
  return ask(target, '/echo', { method: 'POST', headers: { 'content-type': type }, body }, by)
}

/** The client takes it for what it is: problem details with a reference, and nothing of what was to be hidden. */
function assertRefused({ status, headers, text }: Told, expected: number, words: RegExp): void {
  assert.equal(status, expected, text)
  assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
  const { detail, reference } = JSON.parse(text) as { readonly detail: string; readonly reference: string }
  assert.match(detail, words)
  assert.match(reference, /^dec_/)
  assert.doesNotMatch(text, /Ann|Lee|Bob|Berlin|somebody/)
}

const key = 'a-key-of-nobody'
const question = [{ role: 'user' as const, content: 'Whom did you meet?' }]

async function openai(): Promise<OpenAI> {
  const { url, headers } = await gateway.door('langchain-reporting', 'model')
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, defaultHeaders: headers })
}

async function lastCompleted(): Promise<EventData['ResponseCompleted'] | undefined> {
  const ends = (await gateway.events()).flatMap((event) =>
    event.type === 'ResponseCompleted' ? [event.data] : [],
  )
  return ends.at(-1)
}

/** How much was hidden is in the record, by the name of the detector. */
async function recorded(name: string, values: number): Promise<void> {
  await comesTrue(`${values} of ${name} are recorded`, async () => {
    const { masked = [] } = (await lastCompleted()) ?? {}
    return masked.some((count) => count.column === name && count.values === values)
  })
}

suite('in an answer', () => {
  test('what the recogniser finds is hidden beside what has a look, headers included', async () => {
    const { status, headers, text } = await ask('answers', '/json')
    assert.equal(status, 200)
    assert.equal(
      text,
      `{"who":"somebody","of somebody":["in [masked]","************0015"],"n":1.5,"note":"\u{1f600} somebody"}`,
    )
    assert.deepEqual([headers.get('x-who'), headers.get('etag')], ['somebody', null])
    await recorded('person', 4)
  })

  test('it is hidden in what comes compressed, in lines, and in text', async () => {
    assert.equal((await ask('answers', '/gzip')).text, '{"who":"somebody"}')
    assert.equal((await ask('answers', '/lines')).text, '{"who":"somebody"}\n{"who":"somebody"}\n')
    assert.equal((await ask('answers', '/text')).text, 'Dear somebody of [masked]')
    assert.ok(analyzer.seen.includes('Dear Ann Lee of Berlin'), 'it saw the text as a whole')
  })

  test('it is hidden in what a model says, whole and streamed', async () => {
    const client = await openai()
    const asked = { model: 'scripted', messages: question }
    const answered = await client.chat.completions.create(asked)
    assert.equal(answered.choices[0]?.message.content, shown)
    const streamed: string[] = []
    for await (const part of await client.chat.completions.create({ ...asked, stream: true }))
      streamed.push(part.choices[0]?.delta.content ?? '')
    assert.equal(streamed.join(''), shown)
  })

  test('it is hidden in a stream of Anthropic’s', async () => {
    const { url, headers } = await gateway.door('langchain-reporting', 'claude')
    const client = new Anthropic({ baseURL: url, apiKey: key, defaultHeaders: headers })
    const stream = client.messages.stream({ model: 'scripted', max_tokens: 9, messages: question })
    assert.equal(await stream.finalText(), shown)
  })

  test('a text that is longer than any that is asked about is not shown', async () => {
    assertRefused(await ask('answers', '/long'), 502, /a text has more than 100000 characters/)
  })

  test('one that is too large as a whole, or cannot be read, is withheld', async () => {
    const seen = analyzer.seen.length
    assertRefused(await ask('answers', '/large'), 403, /more than 1048576 bytes/)
    assertRefused(await ask('answers', '/image'), 403, /nothing can be masked in content of this type/)
    assert.equal(analyzer.seen.length, seen)
  })

  test('nobody is asked where no mask names what a recogniser finds', async () => {
    const seen = analyzer.seen.length
    assert.match((await ask('clear', '/json')).text, /Ann Lee/)
    assert.equal((await ask('clear', '/events')).text.includes('An'), true)
    assert.equal(analyzer.seen.length, seen)
  })

  test('a detector that nobody gives refuses, as it does without recognisers', async () => {
    assertRefused(await ask('mistaken', '/json'), 403, /there is no detector "passport"/)
  })
})

suite('in a request', () => {
  const sent = (): string => backend.requests.at(-1)?.body.toString() ?? ''

  test('what the recogniser finds does not reach the target, and the rest does byte for byte', async () => {
    const body = `{"messages":[{"content":"Ask Ann Lee for ${card}"}],  "n":1.0,"with":"B\\u006fb"}`
    const { status } = await post('prompts', 'application/json', body)
    assert.equal(status, 200)
    assert.equal(
      sent(),
      `{"messages":[{"content":"Ask somebody for ************0015"}],  "n":1.0,"with":"somebody"}`,
    )
    await recorded('request:person', 2)
  })

  test('it is found in forms and texts, and an empty body asks nobody', async () => {
    await post('prompts', 'application/x-www-form-urlencoded', 'to=Ann+Lee&of=Berlin')
    assert.equal(sent(), 'to=somebody&of=Berlin')
    await post('prompts', 'text/plain', 'to Bob')
    assert.equal(sent(), 'to somebody')
    const seen = analyzer.seen.length
    assert.equal((await ask('prompts', '/json')).status, 200)
    assert.equal(analyzer.seen.length, seen)
  })

  test('one that is denied is shown to nobody', async () => {
    const seen = analyzer.seen.length
    const { status } = await ask('prompts', '/denied', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'Bob',
    })
    assert.equal(status, 403)
    assert.equal(analyzer.seen.length, seen)
  })

  test('one that cannot be looked into is refused before anything is sent', async () => {
    const heard = backend.requests.length
    assertRefused(await post('prompts', 'application/octet-stream', 'Bob'), 403, /must be masked here/)
    assertRefused(await post('prompts', 'text/plain', 'Bob '.repeat(40_000)), 502, /It was not sent/)
    assert.equal(backend.requests.length, heard)
  })
})

suite('a recogniser', () => {
  const failures: readonly (readonly [AnalyzerManner, RegExp])[] = [
    ['fails', /the recogniser answered 500/],
    ['hangs', /no answer within 1000 ms/],
    ['babbles', /the answer has not one list for each text/],
    ['forgets', /the answer has not one list for each text/],
  ]
  for (const [manner, words] of failures) {
    test(`that ${manner} lets no answer pass, streamed or not`, async () => {
      analyzer.manner = manner
      for (const path of ['/json', '/events', '/text']) assertRefused(await ask('answers', path), 502, words)
      await comesTrue('the cut is recorded', async () => {
        const last = await lastCompleted()
        return last?.outcome === 'cut' && last.status === 'recogniser_unavailable' && last.bytes === 0
      })
    })

    test(`that ${manner} lets no request leave`, async () => {
      analyzer.manner = manner
      const heard = backend.bytes()
      assertRefused(await post('prompts', 'application/json', '{"to":"Bob"}'), 502, words)
      assert.equal(backend.bytes(), heard)
    })
  }

  test('that fails is no reason for an SDK to ask the model again', async () => {
    analyzer.manner = 'fails'
    const heard = backend.requests.length
    const client = await openai()
    await assert.rejects(
      client.chat.completions.create({ model: 'scripted', messages: question }),
      (error) => error instanceof APIError && error.status === 502 && /withheld/.test(error.message),
    )
    assert.equal(backend.requests.length, heard + 1)
  })

  test('that was gone is asked again when it is back, on the same connection of the caller', async () => {
    const first = await startAnalyzer({ words })
    await using own = await gatewayOf(first.url)
    assert.equal((await ask('answers', '/gzip', {}, own)).text, '{"who":"somebody"}')
    await first[Symbol.asyncDispose]()
    assertRefused(await ask('answers', '/gzip', {}, own), 502, /no answer that can be read/)
    assertRefused(await post('prompts', 'text/plain', 'Bob', own), 502, /It was not sent/)
    assert.equal((await ask('clear', '/gzip', {}, own)).text, '{"who":"Ann Lee"}')
    await using _second = await startAnalyzer({ words, port: Number(new URL(first.url).port) })
    assert.equal((await ask('answers', '/gzip', {}, own)).text, '{"who":"somebody"}')
  })

  test('that hangs is let go of when the caller hangs up', async () => {
    analyzer.manner = 'hangs'
    await using own = await gatewayOf(analyzer.url, { timeout_ms: 60_000 })
    for (const target of ['answers', 'prompts']) {
      const heard = backend.requests.length
      const caller = new AbortController()
      const init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'Bob' }
      const asked = ask(target, '/json', { ...init, signal: caller.signal }, own)
      await comesTrue('it is asked', () => analyzer.waiting.now === 1)
      caller.abort()
      await assert.rejects(asked)
      await comesTrue('it is let go of', () => analyzer.waiting.now === 0)
      assert.equal(backend.requests.length - heard, target === 'answers' ? 1 : 0)
    }
  })

  test('that does not know what it is configured for lets nothing pass', async () => {
    await using own = await gatewayOf(analyzer.url, { entities: { PERSN: 'person', LOCATION: 'place' } })
    assertRefused(await ask('answers', '/gzip', {}, own), 502, /does not look for PERSN in "en"/)
  })

  test('is trusted by its certificate alone', async () => {
    const ours = authority('ours')
    const tls = issuedBy(ours, ['127.0.0.1'])
    const folder = await mkdtemp(join(tmpdir(), 'sluice-recognisers-'))
    after(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'ca.pem')
    await writeFile(file, ours.cert)
    await using secure = await startAnalyzer({ words, tls })
    await using stranger = await startAnalyzer({ words, tls: issuedBy(authority('theirs'), ['127.0.0.1']) })
    await using elsewhere = await startAnalyzer({ words, tls: issuedBy(ours, ['presidio.example']) })
    for (const [each, status] of [
      [secure, 200],
      [stranger, 502],
      [elsewhere, 502],
    ] as const) {
      await using own = await gatewayOf(each.url, { tls_ca: file })
      assert.equal((await ask('answers', '/gzip', {}, own)).status, status)
    }
    assert.deepEqual([stranger.seen, elsewhere.seen], [[], []])
  })

  test('is asked by many callers at once, and by no more than it has room for', async () => {
    const many = Array.from({ length: 60 }, () => ask('answers', '/json'))
    for (const { status } of await Promise.all(many)) assert.equal(status, 200)
    assert.ok(analyzer.waiting.most <= 16, `${analyzer.waiting.most} questions at once`)
  })
})
