import type { Socket } from 'node:net'
import type { Answer, Ending } from './http-answer.ts'
import { readMessage, type HttpMessage } from './http-message.ts'
import { listen, type Listener } from './listener.ts'

/** A request as it arrived. */
export interface Heard extends HttpMessage {
  readonly method: string
  /** The target as it was written, e.g. `/a?b=c`. */
  readonly address: string
}

/** One connection, from its first byte. */
export interface HeardConnection {
  /** Every byte that came. */
  readonly up: Buffer
  readonly open: boolean
}

/** An HTTP server over plain sockets, which keeps every byte that it hears and answers by a script. */
export interface HttpBackend extends Listener {
  readonly connections: readonly HeardConnection[]
  /** Requests that are whole, in the order in which they came to be. */
  readonly requests: readonly Heard[]
  /** Bytes that came so far, over all connections. */
  bytes(): number
}

/** What is answered; it waits as long as it likes, and ends with the connection. */
export type Script = (heard: Heard) => Answer

export async function startHttpBackend(script: Script): Promise<HttpBackend> {
  const connections: Connection[] = []
  const requests: Heard[] = []
  const listener = await listen((socket) => {
    connections.push(
      new Connection(socket, (heard) => {
        requests.push(heard)
        return script(heard)
      }),
    )
  })
  return {
    ...listener,
    connections,
    requests,
    bytes: () => connections.reduce((sum, { up }) => sum + up.length, 0),
  }
}

class Connection implements HeardConnection {
  readonly #socket: Socket
  readonly #script: Script
  #chunks: Buffer[] = []
  #answered = 0
  #busy = false

  constructor(socket: Socket, script: Script) {
    this.#socket = socket
    this.#script = script
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      this.#chunks.push(bytes)
      void this.#answer()
    })
  }

  get up(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  get open(): boolean {
    return !this.#socket.destroyed
  }

  /** One request after another. */
  async #answer(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#answered += next.raw.length
      const [method = '', address = ''] = next.first.split(' ')
      await this.#play(this.#script({ ...next, method, address }))
    }
    this.#busy = false
  }

  #next(): HttpMessage | undefined {
    return readMessage(this.up.subarray(this.#answered))
  }

  async #play(answer: Answer): Promise<void> {
    for await (const piece of answer) {
      if (this.#socket.destroyed) return
      if (typeof piece === 'object' && 'ends' in piece) return this.#hangUp(piece)
      if (!this.#socket.write(piece)) await this.#room()
    }
  }

  #hangUp({ ends }: Ending): void {
    if (ends === 'torn') this.#socket.resetAndDestroy()
    else this.#socket.end()
  }

  async #room(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#socket.once('drain', resolve).once('close', resolve)
    await promise
    this.#socket.off('drain', resolve).off('close', resolve)
  }
}
