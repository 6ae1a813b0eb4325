import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { startIdentityProvider } from '@sluice/demo'
import {
  httpAnswer,
  startGateway,
  startHttpBackend,
  TraceFinder,
  valueOf,
  type Answer,
} from '../../src/index.ts'
import { policies } from './stage.ts'

/**
 * A token that a mask hides leaves in no form that undoes itself: as it is, in hexadecimal, base64 or escapes, whatever says
 * it and wherever that is cut.
 */
const token = `sk-${randomBytes(15).toString('hex')}`
const bytes = Buffer.from(token)
const anyForm = new TraceFinder({ token })

/** What may stand in the place of the token, in the words around it. */
const forms: Readonly<Record<string, string>> = {
  'as it is': token,
  'in hexadecimal': bytes.toString('hex'),
  'in HEXADECIMAL': bytes.toString('hex').toUpperCase(),
  'in base64': bytes.toString('base64'),
  'in base64 for URLs': bytes.toString('base64url'),
  'in base64, with words': Buffer.from(`of “${token}” and`).toString('base64'),
  'in base64 of base64': Buffer.from(bytes.toString('base64')).toString('base64'),
  'URL-encoded': bytes.toString('hex').replaceAll(/../g, '%$&'),
  'in entities': [...bytes].map((byte) => `&#${byte};`).join(''),
}
const inWords = (form: string): string => `100% of the token: ${form} is it, /v1/${form}/x`

/** What tells a text, and how to read it again. */
interface Carrier {
  readonly type: string
  told(pieces: readonly string[]): string
  read(body: string): string
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`
const dataOf = (body: string): readonly unknown[] =>
  Array.from(body.matchAll(/^data: (\{.*\})$/gm), ([, data = '']) => JSON.parse(data) as unknown)

function model(
  type: string,
  piece: (text: string) => unknown,
  ends: readonly string[],
  text: RegExp,
): Carrier {
  const isLines = type === 'application/x-ndjson'
  return {
    type,
    told: (pieces) =>
      [
        ...pieces.map((each) => (isLines ? `${JSON.stringify(piece(each))}\n` : event(piece(each)))),
        ...ends,
      ].join(''),
    read: (body) =>
      (isLines
        ? body
            .trim()
            .split('\n')
            .map((line): unknown => JSON.parse(line))
        : dataOf(body)
      )
        .map((each) => text.exec(JSON.stringify(each))?.[1] ?? '')
        .map((spelled) => JSON.parse(`"${spelled}"`) as string)
        .join(''),
  }
}

const string = String.raw`"((?:[^"\\]|\\.)*)"`
const models = {
  'chat completions': model(
    'text/event-stream',
    (content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }),
    [event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }), 'data: [DONE]\n\n'],
    new RegExp(`"content":${string}`),
  ),
  responses: model(
    'text/event-stream',
    (delta) => ({
      type: 'response.output_text.delta',
      item_id: 'm',
      output_index: 0,
      content_index: 0,
      delta,
    }),
    [event({ type: 'response.output_text.done', item_id: 'm', output_index: 0, content_index: 0 })],
    new RegExp(`"delta":${string}`),
  ),
  messages: model(
    'text/event-stream',
    (text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    [event({ type: 'content_block_stop', index: 0 }), event({ type: 'message_stop' })],
    new RegExp(`"text":${string}`),
  ),
  'lines of a model': model(
    'application/x-ndjson',
    (content) => ({ message: { role: 'assistant', content }, done: false }),
    [`${JSON.stringify({ message: { role: 'assistant', content: '' }, done: true })}\n`],
    new RegExp(`"content":${string}`),
  ),
  'contents of a model': model(
    'text/event-stream',
    (text) => ({ candidates: [{ index: 0, content: { parts: [{ text }] } }] }),
    [event({ candidates: [{ index: 0, content: { parts: [] }, finishReason: 'STOP' }] })],
    new RegExp(`"text":${string}`),
  ),
} satisfies Readonly<Record<string, Carrier>>
const same = (body: string): string => body
const documents: Readonly<Record<string, Carrier>> = {
  text: { type: 'text/plain', told: (pieces) => pieces.join(''), read: same },
  JSON: {
    type: 'application/json',
    told: (pieces) => JSON.stringify({ a: [{ note: pieces.join('') }], [pieces.join('')]: 'é' }),
    read: (body) => JSON.stringify(JSON.parse(body)),
  },
  'JSON in JSON': {
    type: 'application/json',
    told: (pieces) => JSON.stringify({ a: JSON.stringify({ note: pieces.join('') }) }),
    read: same,
  },
  lines: {
    type: 'application/x-ndjson',
    told: (pieces) => `{"note":${JSON.stringify(pieces.join(''))}}\n`,
    read: same,
  },
  events: {
    type: 'text/event-stream',
    told: (pieces) => `: ${pieces.join('')}\ndata: ${pieces.join('')}\n\n`,
    read: same,
  },
  form: {
    type: 'application/x-www-form-urlencoded',
    told: (pieces) => new URLSearchParams({ note: pieces.join('') }).toString(),
    read: (body) => new URLSearchParams(body).get('note') ?? '',
  },
}

/** What is answered, by its path. */
const answers = new Map<string, () => Answer>()
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const api = await startHttpBackend(({ address }) => answers.get(address)?.() ?? httpAnswer.whole(404))
parts.defer(() => api.close())
const provider = await startIdentityProvider({ port: 0 })
parts.defer(() => provider.close())
const gateway = await startGateway({ provider, policies, targets: [{ name: 'api', http: api }] })
parts.defer(() => gateway.close())
const door = await gateway.door('langchain-reporting', 'api')

/** What a caller gets of an answer; without Sluice the same is asked for to see that there is something to find. */
async function heard(
  answer: () => Answer,
  directly = false,
): Promise<{ readonly body: string; readonly note: string | null }> {
  const path = `/told/${answers.size}`
  answers.set(path, answer)
  const { url, headers } = directly ? { url: `http://${api.host}:${api.port}`, headers: {} } : door
  const response = await fetch(`${url}${path}`, { headers })
  assert.equal(response.status, 200)
  return { body: await response.text(), note: response.headers.get('x-note') }
}

function cut(text: string, size: number): readonly string[] {
  return text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
}

/** The ways in which the same body travels. */
const transfers: Readonly<Record<string, (body: string, type: string) => Answer>> = {
  whole: (body, type) => httpAnswer.whole(200, body, { 'content-type': type }),
  'in chunks': (body, type) => httpAnswer.chunked(cut(body, 7), { 'content-type': type }),
  'byte by byte': (body, type) => httpAnswer.chunked(cut(body, 1), { 'content-type': type }),
  'in gzip': (body, type) =>
    httpAnswer.whole(200, gzipSync(body), { 'content-type': type, 'content-encoding': 'gzip' }),
  'in gzip, in chunks': (body, type) =>
    httpAnswer.chunked(
      Array.from({ length: Math.ceil(gzipSync(body).length / 5) }, (_, at) =>
        gzipSync(body).subarray(5 * at, 5 * at + 5),
      ),
      { 'content-type': type, 'content-encoding': 'gzip' },
    ),
}

/** `escaped`: once more, for a form in which the carrier itself hides what it says. */
function assertHidden(body: string, read: string, what: string): void {
  assert.equal(anyForm.find(Buffer.from(body)), undefined, what)
  assert.equal(anyForm.find(Buffer.from(read)), undefined, what)
  assert.match(read, /100% of the token: .*\[masked\]/s, what)
  for (const form of Object.values(forms)) assert.ok(!read.includes(form) && !body.includes(form), what)
}

for (const [name, carrier] of Object.entries({ ...documents, ...models }))
  suite(`a token in ${name}`, () => {
    for (const [how, form] of Object.entries(forms))
      test(`leaves in no form: ${how}`, async () => {
        const body = carrier.told(cut(inWords(form), 5))
        const direct = await heard(() => httpAnswer.whole(200, body, { 'content-type': carrier.type }), true)
        assert.ok(carrier.read(direct.body).includes(form), 'it is there to be found')
        for (const [transfer, send] of Object.entries(transfers)) {
          const { body: shown } = await heard(() => send(body, carrier.type))
          assertHidden(shown, carrier.read(shown), transfer)
        }
      })
  })

for (const name of ['chat completions', 'responses', 'messages'] as const) {
  const carrier = models[name]
  suite(`a token that ${name} tell`, () => {
    for (const [how, form] of Object.entries(forms))
      test(`leaves in no form, wherever it is cut: ${how}`, async () => {
        const text = inWords(form)
        const cuts = Array.from({ length: form.length + 2 }, (_, at) => text.indexOf(form) + at)
        const whole = carrier.read(
          (await heard(() => transfers['whole']?.(carrier.told([text]), carrier.type) ?? [])).body,
        )
        await Promise.all(
          cuts.map(async (at) => {
            const told = carrier.told([text.slice(0, at), text.slice(at)])
            const { body } = await heard(() =>
              httpAnswer.chunked(cut(told, 200), { 'content-type': carrier.type }),
            )
            assertHidden(body, carrier.read(body), `cut at ${at}`)
            assert.equal(carrier.read(body), whole)
          }),
        )
      })
  })
}

test('a token in a header leaves in no form', async () => {
  for (const form of Object.values(forms)) {
    const { note } = await heard(() =>
      httpAnswer.whole(200, '{}', { 'content-type': 'application/json', 'x-note': inWords(form) }),
    )
    assertHidden(note ?? '', note ?? '', form)
  }
})

test('what was asked for reached the API, and the token is in no record of it', async () => {
  assert.ok(api.requests.every((each) => valueOf(each, 'x-sluice-authorization') === undefined))
  const events = await gateway.events()
  assert.ok(events.length > 0)
  assert.equal(anyForm.find(Buffer.from(JSON.stringify(events))), undefined)
})
