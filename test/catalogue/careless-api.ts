import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  httpAnswer,
  startHttpBackend,
  valueOf,
  type Answer,
  type Heard,
  type HttpBackend,
} from '../src/index.ts'

const { chunk, chunked, events, head, json, whole } = httpAnswer

/** An API that believes whatever it is told, as each of them does in some place. */
export interface CarelessApi extends HttpBackend {
  /** What it did that nobody may ask for. */
  readonly deeds: readonly string[]
}

const ssn = '536-22-8726'
const person = `{"name":"Ann","ssn":"${ssn}","balance":12345678901234567890}`

export async function startCarelessApi(): Promise<CarelessApi> {
  const deeds: string[] = []
  const backend = await startHttpBackend((heard) => {
    deeds.push(...deedsOf(heard))
    return answered(heard)
  })
  return { ...backend, deeds, close: () => backend.close() }
}

/** What it takes the request for. */
function deedsOf(heard: Heard): readonly string[] {
  const path = pathOf(valueOf(heard, 'x-original-url') ?? valueOf(heard, 'x-rewrite-url') ?? heard.address)
  const method = methodOf(heard)
  return [
    ...(/^\/admin(?:$|\/)/.test(path) ? ['administers'] : []),
    ...(method === 'DELETE' && path.startsWith('/orders') ? ['deletes'] : []),
    ...(heard.headers.some(([name, value]) => identity.test(name) && value === 'root')
      ? ['acts as root']
      : []),
    ...(grantsRole(heard) ? ['grants a role'] : []),
  ]
}

/** Some proxies and frameworks take underscores for dashes. */
const identity = /^x[-_](?:user|remote[-_]user|forwarded[-_]user|authenticated[-_]user)$|^remote[-_]user$/

/** All that is done to a path somewhere between a proxy and a handler. */
function pathOf(address: string): string {
  const [path = ''] = address.split('?')
  const plain = decoded(decoded(path.replace(/^https?:\/\/[^/]*/, '')))
    .replaceAll('\\', '/')
    .replace(/;[^/]*/g, '')
    .replace(/\/+/g, '/')
    .toLowerCase()
  const resolved = URL.canParse(plain, 'http://a') ? decoded(new URL(plain, 'http://a').pathname) : plain
  return resolved.replace(/(?:[/ ]|\.json)+$/, '') || '/'
}

/** Overlong and full-width forms included. */
function decoded(text: string): string {
  return text
    .replace(/%c0%ae/gi, '.')
    .replace(/%c0%af|%ef%bc%8f|\u00ef\u00bc\u008f/gi, '/')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function methodOf(heard: Heard): string {
  const body = bodyOf(heard)
  const form = new URLSearchParams(`${heard.address.split('?')[1] ?? ''}&${body}`)
  // As some languages name the variables that they make of parameters.
  const named = [...form].find(([name]) => name.trim().replace(/[ .]/g, '_') === '_method')?.[1]
  const inParts = /name="_method"\r\n\r\n(\w+)|"_method"\s*:\s*"(\w+)"/.exec(body)
  const told = overrides.map((name) => valueOf(heard, name) ?? form.get(name)).find(Boolean)
  return (told ?? named ?? inParts?.[1] ?? inParts?.[2] ?? heard.method).toUpperCase()
}

const overrides = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-http-verb',
  'x-tunneled-method',
]

/** Unpacked, and whatever its characters are. */
function bodyOf(heard: Heard): string {
  const { body } = heard
  const packed = /gzip/.test(valueOf(heard, 'content-encoding') ?? '') && body.readUInt16BE(0) === 0x1f8b
  const text = packed ? unpacked(body) : body
  return text.toString('latin1').replaceAll('\0', '')
}

function unpacked(body: Buffer): Buffer {
  const once = gunzipSync(body, { maxOutputLength: 64 * 1_048_576 })
  return once.length > 1 && once.readUInt16BE(0) === 0x1f8b ? gunzipSync(once) : once
}

/** The last value counts, in a query as in a document; brackets and semicolons are as good. */
function grantsRole(heard: Heard): boolean {
  const query = new URLSearchParams((heard.address.split('?')[1] ?? '').replaceAll(';', '&'))
  const asked = [...query].filter(([name]) => /^role(?:\[\])?$/.test(name)).at(-1)?.[1]
  const text = bodyOf(heard)
  const posted = [...text.matchAll(/"role"\s*:\s*"(\w+)"|name="role"\r\n\r\n(\w+)/g)].at(-1)
  return asked === 'admin' || posted?.[1] === 'admin' || posted?.[2] === 'admin'
}

function answered(heard: Heard): Answer {
  const { method, address } = heard
  const [path = ''] = address.split('?')
  const answer = answers[path]
  if (answer !== undefined) return answer(heard)
  return method === 'HEAD' ? [head(200, { 'content-length': '11' })] : json({ done: true })
}

const bomb = gzipSync(Buffer.alloc(16 * 1_048_576, 0x20))

const answers: Readonly<Record<string, (heard: Heard) => Answer>> = {
  '/secret': ({ method }) =>
    method === 'HEAD'
      ? [head(200, { 'content-length': String(person.length), etag: tagOf(person) })]
      : document(person),
  '/secret/gzip': () =>
    whole(200, gzipSync(person), { 'content-type': 'application/json', 'content-encoding': 'gzip' }),
  '/secret/own-coding': () => document(person, { 'content-encoding': 'x-own' }),
  '/secret/thrice': () =>
    whole(200, gzipSync(gzipSync(gzipSync(person))), {
      'content-type': 'application/json',
      'content-encoding': 'gzip, gzip, gzip',
    }),
  '/secret/bomb': () =>
    whole(200, bomb, {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    }),
  '/secret/range': (heard) => ranged(heard),
  '/secret/part': () => whole(206, person.slice(21, 31), { 'content-type': 'text/plain' }),
  '/secret/tagged': (heard) => tagged(heard),
  '/secret/split': () => chunked([...ssn], { 'content-type': 'text/plain' }),
  '/secret/events': () =>
    events([...ssn].map((text) => JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] }))),
  '/secret/finished-events/stop': () => finished('stop'),
  '/secret/finished-events/': () => finished(''),
  '/secret/listed-pieces': () =>
    document(
      JSON.stringify(
        ['536', '-22-8726'].map((text) => ({
          candidates: [{ content: { role: 'model', parts: [{ text }] } }],
        })),
      ),
    ),
  '/secret/lines': () =>
    whole(200, `data: {"a":\ndata: "${ssn}"}\n\n`, { 'content-type': 'text/event-stream' }),
  '/secret/ndjson': () => whole(200, `${person}\n${person}\n`, { 'content-type': 'application/x-ndjson' }),
  '/secret/twice': () => document(`{"ssn":"000","ssn":"${ssn}","ssn":"${ssn}"}`),
  '/secret/deep': () => document(`${'['.repeat(100_000)}"${ssn}"${']'.repeat(100_000)}`),
  '/secret/escaped': () => document(`{"ssn":"${escaped(ssn)}"}`),
  '/secret/nested': () => document(JSON.stringify({ inner: JSON.stringify({ ssn: { of: ssn } }) })),
  '/secret/plain': () => whole(200, person, { 'content-type': 'text/plain' }),
  '/secret/untyped': () => whole(200, person),
  '/secret/utf-16': () =>
    whole(200, Buffer.from(person, 'utf16le'), { 'content-type': 'application/json; charset=utf-16le' }),
  '/secret/utf-7': () =>
    whole(200, person.replaceAll('-', '+AC0-'), { 'content-type': 'text/plain; charset=utf-7' }),
  '/secret/xml': () => whole(200, xml, { 'content-type': 'application/xml' }),
  '/secret/references': () =>
    whole(200, `<p>${ssn.replace('5', '&#53;')}</p>`, { 'content-type': 'application/xml' }),
  '/secret/trailer': () => chunked(['{}'], { 'content-type': 'application/json' }, { 'x-ssn': ssn }),
  '/secret/binary': () => whole(200, person, { 'content-type': 'application/octet-stream' }),
  '/by-path/lie': () => whole(200, '{"born":"1970-01-02"}', { 'content-type': 'text/plain' }),
  '/by-path/broken': () => document('{"born":"1970-01-02"'),
  '/by-path/header': () => document('{}', { 'x-ssn': ssn }),
  '/echo': ({ raw }) => whole(200, raw, { 'content-type': 'text/plain' }),
  '/echo/header': (heard) => json({}, 200, { 'x-debug': valueOf(heard, 'authorization') ?? '' }),
  '/echo/trailer': (heard) =>
    chunked(
      ['{}'],
      { 'content-type': 'application/json' },
      { 'x-debug': valueOf(heard, 'authorization') ?? '' },
    ),
  '/echo/base64': ({ raw }) => whole(200, raw.toString('base64'), { 'content-type': 'text/plain' }),
  '/echo/hex': ({ raw }) => whole(200, raw.toString('hex'), { 'content-type': 'text/plain' }),
  '/echo/gzip': ({ raw }) =>
    whole(200, gzipSync(raw), { 'content-type': 'text/plain', 'content-encoding': 'gzip' }),
  '/echo/packed-transfer': ({ raw }) => [
    head(200, { 'content-type': 'text/plain', 'transfer-encoding': 'gzip, chunked' }),
    chunk(gzipSync(raw)),
    '0\r\n\r\n',
  ],
  '/echo/split': ({ raw }) => chunked([...raw.toString('latin1')], { 'content-type': 'text/plain' }),
  '/moved/metadata': () => whole(302, '', { location: 'http://169.254.169.254/latest/meta-data/' }),
  '/moved/file': () => whole(302, '', { location: 'file:///etc/passwd' }),
  '/moved/slashes': () => whole(302, '', { location: '//169.254.169.254/latest/meta-data/' }),
  '/moved/refresh': () =>
    whole(200, '{}', { 'content-type': 'application/json', refresh: '0; url=http://169.254.169.254/' }),
  '/cookie': () =>
    whole(200, '{}', {
      'content-type': 'application/json',
      'set-cookie': 'sid=1; Domain=gateway.example; Path=/; HttpOnly',
    }),
  '/cookie/quoted': () =>
    whole(200, '{}', { 'content-type': 'application/json', 'set-cookie': 'sid="1; Domain=gateway.example"' }),
  '/splits': () => ['HTTP/1.1 200 OK\r\nX-A: 1\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\n{}'],
  '/two-lengths': () => [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 60\r\n\r\n{}HTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 0\r\n\r\n',
  ],
  '/interim-flood': () => [
    head(103, { link: '<a>' }).repeat(10_000),
    ...(json({ done: true }) as Iterable<string>),
  ],
  '/many-headers': () => [
    `HTTP/1.1 200 OK\r\n${'X-Filler: 1\r\n'.repeat(20_000)}Content-Length: 2\r\n\r\n{}`,
  ],
  '/switches': () => [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\nConnection: upgrade\r\n\r\nraw bytes',
  ],
}

/** Each piece of a model is said to be the last. */
function finished(reason: string): Answer {
  return events(
    [...ssn].map((content) =>
      JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: reason }] }),
    ),
  )
}

function document(text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return whole(200, text, { 'content-type': 'application/json', ...headers })
}

function tagOf(text: string): string {
  return `"${createHash('md5').update(text).digest('hex')}"`
}

function ranged(heard: Heard): Answer {
  const range = ['range', 'x-ms-range', 'request-range'].map((name) => valueOf(heard, name)).find(Boolean)
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? []
  if (from === undefined || to === undefined) return document(person)
  const part = person.slice(Number(from), Number(to) + 1)
  return whole(206, part, {
    'content-type': 'application/json',
    'content-range': `bytes ${from}-${to}/${person.length}`,
  })
}

function tagged(heard: Heard): Answer {
  if (valueOf(heard, 'if-none-match') === tagOf(person)) return whole(304, '', { etag: tagOf(person) })
  const digest = createHash('md5').update(person).digest('base64')
  return document(person, {
    etag: tagOf(person),
    'content-md5': digest,
    digest: `md5=${digest}`,
    'repr-digest': `md5=:${digest}:`,
    'x-amz-checksum-md5': digest,
    'x-goog-hash': `md5=${digest}`,
  })
}

function escaped(text: string): string {
  return [...text].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
}

const xml = `<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "${ssn.slice(0, 6)}">]><p>&a;${ssn.slice(6)}</p>`
