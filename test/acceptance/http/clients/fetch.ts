import { createHash, randomUUID } from 'node:crypto'
import type { Json } from '@sluice/core'
import type { HttpDoor } from '../../../src/index.ts'
import type { Case } from '../../transcript.ts'

/** Node's own `fetch`. */
export const fetchCases: Readonly<Record<string, Case<HttpDoor>>> = {
  'a document': (door) => told(door, '/json?q=1&q=2&r=%20a%2Bb'),
  bytes: (door) => told(door, '/bytes'),
  'a compressed document': (door) => told(door, '/gzip'),
  'other methods and their bodies': async (door) => [
    await told(door, '/echo', { method: 'POST', body: JSON.stringify({ a: ['ä', 1e21] }) }),
    await told(door, '/echo', { method: 'PUT', body: Uint8Array.from({ length: 256 }, (_, at) => at) }),
    await told(door, '/echo', { method: 'PATCH', body: new URLSearchParams({ a: '1', b: 'ü &' }) }),
    await told(door, '/echo/7', { method: 'DELETE' }),
    await told(door, '/echo', { method: 'OPTIONS' }),
  ],
  'a body of unknown length': (door) =>
    told(door, '/echo', {
      method: 'POST',
      headers: { ...door.headers, 'content-type': 'application/x-ndjson' },
      body: ReadableStream.from(['{"a":1}\n', '{"a":2}\n'].map((line) => Buffer.from(line))),
      duplex: 'half',
    }),
  'a large body': (door) => told(door, '/echo', { method: 'POST', body: 'x'.repeat(900_000) }),
  'only the head': async (door) => {
    const { status, headers, body } = await ask(door, '/head', { method: 'HEAD' })
    return [status, headers.get('content-length'), headers.get('content-type'), body === null]
  },
  'no content, nothing new, failures': async (door) => [
    await told(door, '/empty'),
    await told(door, '/unchanged'),
    await told(door, '/status/404'),
    await told(door, '/status/500'),
    await told(door, '/status/429'),
  ],
  'a redirect is followed to the same place': (door) => told(door, '/redirect'),
  'until the connection ends': (door) => told(door, '/until-closed'),
  'after an interim answer': (door) => told(door, '/early'),
  'names with escapes': (door) => told(door, '/echo/a%20b%C3%BC?x=%2F&y=%C3%BC'),
  'cookies are given': async (door) => {
    const { headers } = await ask(door, '/cookie')
    return headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
  },
  'a torn answer is no answer': (door) =>
    told(door, '/torn').then(
      () => 'taken for whole',
      () => 'failed',
    ),
  'twenty million bytes': async (door) => {
    const response = await ask(door, '/large')
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of response.body ?? []) {
      bytes += piece.length
      hash.update(piece)
    }
    return { bytes, sha256: hash.digest('hex') }
  },
  'each event arrives before the next is sent': async (door) => {
    const name = randomUUID()
    const response = await ask(door, `/ticks/${name}`)
    const heard: string[] = []
    for await (const piece of response.body ?? []) {
      heard.push(Buffer.from(piece).toString())
      await told(door, `/ticks/${name}`, { method: 'POST' })
    }
    return heard
  },
  'fifty at once': (door) =>
    Promise.all(
      Array.from({ length: 50 }, (_, at) => told(door, `/echo/${at}`, { method: 'POST', body: `${at}` })),
    ),
}

function ask(door: HttpDoor, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${door.url}${path}`, { headers: door.headers, ...init })
}

/** Status, type and every byte of the body. */
async function told(door: HttpDoor, path: string, init: RequestInit = {}): Promise<Json> {
  const response = await ask(door, path, init)
  const body = Buffer.from(await response.arrayBuffer())
  const text = body.length > 4096 ? createHash('sha256').update(body).digest('hex') : body.toString('latin1')
  return [response.status, response.headers.get('content-type'), body.length, text]
}
