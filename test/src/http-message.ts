/** One HTTP/1.1 message, as far as it takes to tell where it ends. It forgives everything: strictness is what is tested. */
export interface HttpMessage {
  /** The first line, e.g. `GET / HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly first: string
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  readonly trailers: readonly (readonly [name: string, value: string])[]
  /** Every byte of it. */
  readonly raw: Buffer
}

export interface Framing {
  /** It has no body, whatever its head says. */
  readonly bodiless?: boolean
  /** Nothing more will come: where no length is given, the end of the connection is the end of the body. */
  readonly ended?: boolean
  /** An answer without a length goes on until the connection ends; a request without one has no body. */
  readonly answer?: boolean
}

/** The message that the bytes begin with; `undefined`: it is not whole yet. */
export function readMessage(bytes: Buffer, framing: Framing = {}): HttpMessage | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = lines.map(fieldOf)
  const read = bodyAt(bytes, end + 4, headerOf(headers), framing)
  return read === undefined
    ? undefined
    : {
        first,
        headers,
        body: read.body,
        trailers: read.trailers,
        raw: bytes.subarray(0, read.end),
      }
}

export function valueOf({ headers }: Pick<HttpMessage, 'headers'>, name: string): string | undefined {
  return headerOf(headers)(name)
}

interface Read {
  readonly body: Buffer
  readonly trailers: HttpMessage['trailers']
  readonly end: number
}

type HeaderOf = (name: string) => string | undefined

function headerOf(headers: HttpMessage['headers']): HeaderOf {
  return (name) => headers.find(([known]) => known === name)?.[1]
}

function bodyAt(bytes: Buffer, start: number, header: HeaderOf, framing: Framing): Read | undefined {
  const { bodiless = false, ended = false, answer = false } = framing
  if (bodiless) return { body: nothing, trailers: [], end: start }
  if (/chunked/i.test(header('transfer-encoding') ?? '')) return chunksAt(bytes, start)
  const length = header('content-length')
  if (length === undefined && answer)
    return ended ? { body: bytes.subarray(start), trailers: [], end: bytes.length } : undefined
  const end = start + Number.parseInt(length ?? '0', 10)
  return bytes.length < end ? undefined : { body: bytes.subarray(start, end), trailers: [], end }
}

const nothing = Buffer.alloc(0)

function chunksAt(bytes: Buffer, start: number): Read | undefined {
  const chunks: Buffer[] = []
  let at = start
  for (;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (!(size > 0)) return trailersAt(bytes, line + 2, Buffer.concat(chunks))
    if (bytes.length < line + 2 + size + 2) return undefined
    chunks.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

function trailersAt(bytes: Buffer, start: number, body: Buffer): Read | undefined {
  if (bytes.toString('latin1', start, start + 2) === '\r\n') return { body, trailers: [], end: start + 2 }
  const end = bytes.indexOf('\r\n\r\n', start)
  if (end < 0) return undefined
  return { body, trailers: bytes.toString('latin1', start, end).split('\r\n').map(fieldOf), end: end + 4 }
}

function fieldOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
}
