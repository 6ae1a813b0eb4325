import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { ProtobufMessage } from './protobuf.ts'

export interface ReceivedSpan {
  readonly name: string
  readonly trace: string
  readonly id: string
  /** Empty for the first of a trace. */
  readonly parent: string
  readonly startNanos: bigint
  readonly endNanos: bigint
  readonly attributes: Readonly<Record<string, string | bigint>>
  /** As OTLP numbers it: 2 is an error. */
  readonly status: bigint
}

/** How it answers: as it should, with a status of its own, or never. */
export type Manner = 'takes' | 'refuses' | 'hangs'

/** A receiver of OTLP/HTTP that takes nothing else: what is not of that protocol is an error of the test. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** Names of the metrics that came. */
  readonly metrics: ReadonlySet<string>
  /** Everything that came, as it came. */
  readonly bytes: Buffer
  readonly headers: readonly IncomingHttpHeaders[]
  /** What was wrong with what came. */
  readonly violations: readonly string[]
  manner: Manner
  /** Resolves once something is so; it is asked whenever something came. */
  until(isSo: () => boolean): Promise<void>
}

/** `port` 0 is any. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const received = new Received()
  const server = createServer((request, response) => void received.take(request, response))
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('it does not listen')
  return Object.assign(received, {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  })
}

class Received {
  readonly spans: ReceivedSpan[] = []
  readonly metrics = new Set<string>()
  readonly headers: IncomingHttpHeaders[] = []
  readonly violations: string[] = []
  manner: Manner = 'takes'
  readonly #came = new EventEmitter()
  readonly #bodies: Buffer[] = []

  get bytes(): Buffer {
    return Buffer.concat(this.#bodies)
  }

  async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    this.headers.push(request.headers)
    this.#bodies.push(body)
    try {
      if (this.manner === 'takes') this.#read(request, body)
    } catch (error) {
      this.violations.push(String(error))
    }
    if (this.manner === 'refuses') response.writeHead(403).end()
    if (this.manner === 'takes') response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    this.#came.emit('came')
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await once(this.#came, 'came', { signal: AbortSignal.timeout(20_000) })
  }

  #read({ method, url, headers }: IncomingMessage, body: Buffer): void {
    if (method !== 'POST') throw new Error(`${method} is not POST`)
    if (headers['content-type'] !== 'application/x-protobuf')
      throw new Error(`${headers['content-type']} is not protobuf`)
    const resources = new ProtobufMessage(body).messages(1)
    const scopes = resources.flatMap((resource) => resource.messages(2))
    if (scopes.length === 0) throw new Error('nothing in it')
    const items = scopes.flatMap((scope) => scope.messages(2))
    if (url === '/v1/traces') this.spans.push(...items.map(spanOf))
    else if (url === '/v1/metrics') for (const item of items) this.metrics.add(item.text(1))
    else throw new Error(`${url} is no path of OTLP`)
  }
}

function spanOf(span: ProtobufMessage): ReceivedSpan {
  const attributes = span.messages(9).map((pair): [string, string | bigint] => {
    const [value] = pair.messages(2)
    return [pair.text(1), value?.number(3) ?? value?.text(1) ?? '']
  })
  return {
    trace: span.hex(1),
    id: span.hex(2),
    parent: span.hex(4),
    name: span.text(5),
    startNanos: span.number(7) ?? 0n,
    endNanos: span.number(8) ?? 0n,
    attributes: Object.fromEntries(attributes),
    status: span.messages(15)[0]?.number(3) ?? 0n,
  }
}
