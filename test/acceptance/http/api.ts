import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  httpAnswer,
  startHttpBackend,
  valueOf,
  type Answer,
  type Heard,
  type HttpBackend,
} from '../../src/index.ts'
import { languageModel } from './language-model.ts'

const { chunked, close, events, hangUp, head, json, whole } = httpAnswer

/** An API with an answer of every kind. */
export function startApi(): Promise<HttpBackend> {
  return startHttpBackend(answer)
}

const largeBytes = 20 * 1_048_576
const waitMs = 10
const ticksMax = 4

/** What a stream waits for before it goes on: that its reader has told that it has the event before. */
const heardOf = new Map<string, number>()

function answer(heard: Heard): Answer {
  const { method, address } = heard
  const [path = '', query = ''] = address.split('?')
  const [, area = '', name = ''] = path.split('/')
  switch (area) {
    case 'json':
      return json({ hello: 'wörld', big: '9007199254740993', asked: query })
    case 'bytes':
      return whole(
        200,
        Uint8Array.from({ length: 1024 }, (_, at) => at % 256),
        {
          'content-type': 'application/octet-stream',
        },
      )
    case 'large':
      return chunked(large(), { 'content-type': 'application/octet-stream' })
    case 'gzip':
      return compressed(heard)
    case 'packed':
      return packed(name)
    case 'packed-ticks':
      return chunked(packedTicks(name), { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
    case 'echo':
      return json({
        method,
        address,
        type: valueOf(heard, 'content-type') ?? null,
        body: heard.body.toString('base64'),
      })
    case 'status':
      return json({ status: Number(name) }, Number(name))
    case 'empty':
      return whole(204)
    case 'unchanged':
      return whole(304, '', { etag: '"1"' })
    case 'redirect':
      return whole(302, '', { location: '/json?redirected' })
    case 'cookie':
      return json({ given: true }, 200, { 'set-cookie': ['a=1; Path=/', 'b=2; Path=/; HttpOnly'] })
    case 'cookies':
      return json({ cookies: (valueOf(heard, 'cookie') ?? '').split('; ').toSorted() })
    case 'head':
      return [
        head(200, { 'content-type': 'text/plain', 'content-length': '5' }),
        ...(method === 'HEAD' ? [] : ['hello']),
      ]
    case 'trailers':
      return chunked(['a', 'bc'], { trailer: 'x-checksum' }, { 'x-checksum': '7' })
    case 'early':
      return [head(103, { link: '</style.css>; rel=preload' }), ...(whole(200, 'late') as Iterable<string>)]
    case 'until-closed':
      return [head(200, { 'content-type': 'text/plain', connection: 'close' }), 'to the ', 'end', close]
    case 'torn':
      return [head(200, { 'content-length': '100' }), 'not all', hangUp]
    case 'ticks':
      return method === 'POST' ? heardTick(name) : events(ticks(name))
    case 'endless':
      return events(endless())
    case 'v1':
    case 'closed':
      return languageModel(heard)
    default:
      return json({ at: path })
  }
}

/** Bytes that no compression and no repetition hides a mistake of. */
function* large(): Generator<Buffer> {
  const piece = 65_536
  for (let at = 0; at < largeBytes; at += piece) {
    const bytes = Buffer.alloc(piece)
    for (let word = 0; word < piece; word += 4)
      bytes.writeUInt32LE(Math.imul(at + word, 2_654_435_761) >>> 0, word)
    yield bytes
  }
}

function compressed(heard: Heard): Answer {
  const text = JSON.stringify({ text: 'again and '.repeat(500) })
  const wanted = /\bgzip\b/.test(valueOf(heard, 'accept-encoding') ?? '')
  const type = { 'content-type': 'application/json', vary: 'accept-encoding' }
  return wanted ? whole(200, gzipSync(text), { ...type, 'content-encoding': 'gzip' }) : whole(200, text, type)
}

const pack: Readonly<Record<string, (text: string) => Buffer>> = {
  gzip: (text) => gzipSync(text),
  deflate: (text) => deflateSync(text),
  br: (text) => brotliCompressSync(text),
  zstd: (text) => zstdCompressSync(text),
}

/** In a coding whether or not anybody asks for it. */
function packed(coding: string): Answer {
  const text = JSON.stringify({ card: '4000290979900015', text: 'again and '.repeat(500) })
  return whole(200, pack[coding]?.(text) ?? text, {
    'content-type': 'application/json',
    'content-encoding': coding,
    etag: '"1"',
  })
}

/** Each event is a member of its own, which is read as soon as it is there. */
async function* packedTicks(name: string): AsyncGenerator<Buffer> {
  for await (const tick of ticks(name)) yield gzipSync(`data: ${tick}\n\n`)
}

/** The next event is sent once its reader has told that it has the one before. */
async function* ticks(name: string): AsyncGenerator<string> {
  for (let tick = 1; tick <= ticksMax; tick++) {
    yield JSON.stringify({ tick })
    if (tick === ticksMax) return
    while ((heardOf.get(name) ?? 0) < tick) await sleep(waitMs)
  }
}

function heardTick(name: string): Answer {
  const count = (heardOf.get(name) ?? 0) + 1
  heardOf.set(name, count)
  return json({ heard: count })
}

async function* endless(): AsyncGenerator<string> {
  for (let tick = 1; ; tick++) {
    yield JSON.stringify({ tick })
    await sleep(waitMs)
  }
}
