import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** An HTTP API on loopback that asks for a key: what stands behind the gateway in the demo. */
export interface KeyedApi {
  readonly host: string
  readonly port: number
  /** Idempotent. */
  close(): Promise<void>
}

export interface KeyedApiOptions {
  /** 0 takes a free one. */
  readonly port: number
  /** Whoever shows it as a bearer token may do everything. */
  readonly key: string
  /** What it throws is answered with 500, or ends the connection once the answer has begun. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** The body of an error. */
  readonly error: (message: string) => unknown
}

const host = '127.0.0.1'

export async function startKeyedApi({ port, key, answer, error }: KeyedApiOptions): Promise<KeyedApi> {
  const server = createServer((request, response) => {
    if (!isAdmitted(request, key)) return say(response, 401, error('a key is needed'))
    answer(request, response).catch((thrown: unknown) => {
      if (response.headersSent) return void response.destroy()
      say(response, 500, error(thrown instanceof Error ? thrown.message : 'failed'))
    })
  })
  server.listen({ host, port })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return { host, port: address.port, close: () => (closing ??= close()) }
}

function isAdmitted({ headers }: IncomingMessage, key: string): boolean {
  const given = Buffer.from(headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${key}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Throws when it is longer than `bytesMax`. */
export async function bodyOf(request: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new Error('the body is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function say(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
