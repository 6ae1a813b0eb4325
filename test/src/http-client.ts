import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { readMessage, type HttpMessage } from './http-message.ts'
import type { Place } from './wire-client.ts'

/** An answer, with the interim ones before it. */
export interface HttpAnswer extends HttpMessage {
  readonly status: number
  readonly interim: readonly HttpMessage[]
}

/** The server closed the connection before what was awaited. */
export class HungUp extends Error {}

const patienceMs = 45_000

/** A client over a plain socket that sends exactly what it is told to send, and keeps every byte that it hears. */
export class HttpClient {
  readonly #socket: Socket
  readonly #patienceMs: number
  #chunks: Buffer[] = []
  #read = 0
  #closed = false
  #changed = Promise.withResolvers<void>()

  private constructor(socket: Socket, patienceMs: number) {
    this.#socket = socket
    this.#patienceMs = patienceMs
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes)
      this.#change()
    })
    socket.on('close', () => {
      this.#closed = true
      this.#change()
    })
  }

  static async connect({ host, port }: Place, waitMs: number = patienceMs): Promise<HttpClient> {
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    return new HttpClient(socket, waitMs)
  }

  /** Every byte so far. */
  get bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  get closed(): boolean {
    return this.#closed
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(bytes)
  }

  /** It says no more, and listens. */
  finish(): void {
    this.#socket.end()
  }

  /** The next answer, whole. `bodiless`: to HEAD. Rejects with `HungUp` when the server closes before its end. */
  async answer(bodiless = false): Promise<HttpAnswer> {
    const interim: HttpMessage[] = []
    for (;;) {
      const message = await this.#message(bodiless)
      const status = Number(message.first.split(' ')[1])
      if (status >= 200 || status === 101) return { ...message, status, interim }
      interim.push(message)
    }
  }

  /** As soon as what it heard is like that. */
  async until(enough: (bytes: Buffer) => boolean): Promise<void> {
    await this.#when(() => enough(this.bytes), 'what is awaited')
  }

  /** The server hangs up. */
  async end(): Promise<Buffer> {
    await this.#when(() => this.#closed, 'the end')
    return this.bytes
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #message(bodiless: boolean): Promise<HttpMessage> {
    let found: HttpMessage | undefined
    await this.#when(() => {
      found = this.#next(bodiless)
      return found !== undefined
    }, 'an answer')
    if (found === undefined) throw new Error('there is no answer')
    this.#read += found.raw.length
    return found
  }

  #next(bodiless: boolean): HttpMessage | undefined {
    const rest = this.bytes.subarray(this.#read)
    const status = rest.toString('latin1', 9, 12)
    const none = bodiless || /^(?:1\d\d|204|304)$/.test(status)
    return readMessage(rest, { answer: true, bodiless: none, ended: this.#closed })
  }

  async #when(ready: () => boolean, what: string): Promise<void> {
    const late = performance.now() + this.#patienceMs
    while (!ready()) {
      const heard = `heard ${JSON.stringify(this.bytes.toString('latin1', this.#read).slice(0, 500))}`
      if (this.#closed) throw new HungUp(`the server hung up before ${what}: ${heard}`)
      if (performance.now() > late) throw new Error(`${what} does not come: ${heard}`)
      const timer = setTimeout(() => this.#change(), this.#patienceMs)
      await this.#changed.promise
      clearTimeout(timer)
    }
  }

  #change(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** A request as it stands on the wire, with a length where it has a body. */
export function request(
  method: string,
  address: string,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Buffer {
  const bytes = Buffer.from(body)
  const length = bytes.length === 0 ? {} : { 'content-length': String(bytes.length) }
  const lines = Object.entries({ host: 'gateway.example', ...headers, ...length })
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`${method} ${address} HTTP/1.1\r\n${text}\r\n`, 'latin1'), bytes])
}
