import { STATUS_CODES } from 'node:http'

/** An answer, byte for byte and piece by piece; between two pieces it may wait for whatever it wants. */
export type Answer = AsyncIterable<Piece> | Iterable<Piece>
export type Piece = string | Uint8Array | Ending

export interface Ending {
  readonly ends: 'torn' | 'in order'
}

/** The connection is broken off: nobody can take what came for the whole. */
export const hangUp: Ending = { ends: 'torn' }
/** The connection ends in good order. */
export const close: Ending = { ends: 'in order' }

type Fields = Readonly<Record<string, string | readonly string[]>>

/** The whole answer at once, with its length. */
export function whole(status: number, body: string | Uint8Array = '', headers: Fields = {}): Answer {
  const bytes = Buffer.from(body)
  const length = status === 204 || status === 304 ? {} : { 'content-length': String(bytes.length) }
  return [Buffer.concat([Buffer.from(head(status, { ...headers, ...length })), bytes])]
}

export function json(value: unknown, status = 200, headers: Fields = {}): Answer {
  return whole(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers })
}

/** Each piece as it comes, in a chunk of its own. */
export async function* chunked(
  pieces: AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>,
  headers: Fields = {},
  trailers: Fields = {},
): AsyncGenerator<Piece> {
  yield head(200, { ...headers, 'transfer-encoding': 'chunked' })
  for await (const piece of pieces) yield chunk(piece)
  yield `0\r\n${fields(trailers)}\r\n`
}

/** Server-sent events. */
export function events(data: AsyncIterable<string> | Iterable<string>): Answer {
  return chunked(eachEvent(data), { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
}

async function* eachEvent(data: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  for await (const text of data) yield `data: ${text}\n\n`
}

export function head(status: number, headers: Fields = {}): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${fields(headers)}\r\n`
}

export function chunk(piece: string | Uint8Array): Buffer {
  const bytes = Buffer.from(piece)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

function fields(headers: Fields): string {
  return Object.entries(headers)
    .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`))
    .join('')
}
