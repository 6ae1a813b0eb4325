import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTcp, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

/** Receivers that hold what is sent against the documentation of the real ones. */

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface HttpReceiver extends AsyncDisposable {
  readonly url: URL
  readonly asked: readonly Asked[]
}

/** Answers each POST as it is told. */
export async function httpReceiver(
  answer: (asked: Asked, response: ServerResponse) => void,
): Promise<HttpReceiver> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const one = { path: request.url ?? '', headers: request.headers, body }
        asked.push(one)
        answer(one, response)
      },
      () => response.destroy(),
    )
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: new URL(`http://127.0.0.1:${portOf(server.address())}`),
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export function json(response: ServerResponse, status: number, body: unknown, headers: object = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function portOf(address: string | { readonly port: number } | null): number {
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return address.port
}

export interface SyslogMessage {
  readonly priority: number
  readonly time: string
  readonly host: string
  readonly app: string
  readonly messageId: string
  readonly data: Readonly<Record<string, string>>
  readonly text: string
}

/** Frames of RFC 6587 with octet counting, each one message of RFC 5424; anything else is an error. */
export class SyslogReader {
  readonly messages: SyslogMessage[] = []
  error: Error | undefined
  #rest = Buffer.alloc(0)

  push(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    try {
      for (let frame = this.#frame(); frame !== undefined; frame = this.#frame())
        this.messages.push(messageOf(frame))
    } catch (error) {
      this.error ??= error instanceof Error ? error : new Error(String(error))
    }
  }

  #frame(): Buffer | undefined {
    const space = this.#rest.indexOf(0x20)
    if (space < 0) {
      if (!/^[0-9]*$/.test(this.#rest.toString('latin1'))) throw new Error('a frame begins with its length')
      return undefined
    }
    const length = this.#rest.subarray(0, space).toString('latin1')
    if (!/^[1-9][0-9]*$/.test(length)) throw new Error(`not a length: ${JSON.stringify(length)}`)
    const end = space + 1 + Number(length)
    if (this.#rest.length < end) return undefined
    const frame = this.#rest.subarray(space + 1, end)
    this.#rest = this.#rest.subarray(end)
    return frame
  }
}

const header =
  /^<(?<pri>[0-9]{1,3})>1 (?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z) (?<host>[!-~]{1,255}) (?<app>[!-~]{1,48}) (?<proc>[!-~]{1,128}) (?<id>[!-~]{1,32}) \[(?<name>[!-~]{1,32})(?<params>(?: [!-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\] (?<text>.*)$/s

function messageOf(frame: Buffer): SyslogMessage {
  const read = header.exec(new TextDecoder('utf-8', { fatal: true }).decode(frame))?.groups
  if (read === undefined) throw new Error(`not a message of RFC 5424: ${frame.toString('utf8')}`)
  const { pri, time = '', host = '', app = '', id = '', params = '', text: message = '' } = read
  if (Number(pri) > 191) throw new Error(`not a priority: ${pri}`)
  const pairs = [...params.matchAll(/ ([!-~]+)="((?:[^"\\\]]|\\["\\\]])*)"/g)]
  const data = Object.fromEntries(
    pairs.map(([, name = '', value = '']) => [name, value.replaceAll(/\\(["\\\]])/g, '$1')]),
  )
  return { priority: Number(pri), time, host, app, messageId: id, data, text: message }
}

export interface SyslogReceiver extends AsyncDisposable {
  readonly port: number
  /** Of all connections, each read from its first byte. */
  readonly readers: readonly SyslogReader[]
  readonly sockets: readonly Socket[]
  readonly messages: readonly SyslogMessage[]
}

/** `take`: what becomes of a fresh connection. */
export async function syslogReceiver(
  port: number = 0,
  take: (socket: Socket) => void = () => {},
): Promise<SyslogReceiver> {
  const readers: SyslogReader[] = []
  const sockets: Socket[] = []
  const server = createTcp((socket) => {
    const reader = new SyslogReader()
    readers.push(reader)
    sockets.push(socket)
    socket.on('data', (chunk) => reader.push(chunk)).on('error', () => {})
    take(socket)
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return {
    port: portOf(server.address()),
    readers,
    sockets,
    get messages() {
      return readers.flatMap(({ messages }) => messages)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
