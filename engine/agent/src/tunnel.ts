import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Address, Clock } from '@sluice/core'
import { Heartbeat } from './heartbeat.ts'
import { limits } from './limits.ts'
import { answerOf, askerSettings, asSocket, connectTo } from './requested.ts'
import { reasonHeader } from './streams.ts'
import { why } from './why.ts'

/** Why there is no stream. `not_allowed`: the agent does not go there; `failed`: it could not; `lost`: it is gone or busy. */
export class DialError extends Error {
  override readonly name = 'DialError'
  readonly kind: 'not_allowed' | 'failed' | 'lost'
  constructor(kind: DialError['kind'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
  }
}

/** The gateway's end of one agent's connection. The gateway asks, the agent never does. */
export class Tunnel {
  readonly agent: string
  /** As the log has it. */
  readonly connection: string
  readonly #session: ClientHttp2Session
  readonly #heartbeat: Heartbeat
  readonly #over = Promise.withResolvers<string>()
  #streams = 0
  /** Since something last went through it. */
  #idleLooks = 0
  #questions = 0
  #reason = 'it closed the connection'
  #ended: string | undefined
  #certificateUntil: number
  #heardMs: number
  readonly #clock: Pick<Clock, 'now' | 'after'>

  /** `socket`: both sides have said their lines. */
  constructor(
    { agent, connection, certificateUntil }: Pick<Tunnel, 'agent' | 'connection' | 'certificateUntil'>,
    socket: TLSSocket,
    clock: Pick<Clock, 'now' | 'after'>,
  ) {
    this.agent = agent
    this.connection = connection
    this.#certificateUntil = certificateUntil
    this.#clock = clock
    this.#heardMs = clock.now()
    this.#session = connect('https://agent', {
      createConnection: () => socket,
      maxSessionMemory: limits.sessionMemoryMib,
      settings: { ...askerSettings, maxHeaderListSize: limits.helloBytesMax },
    })
    // By itself it would be that of one stream.
    this.#session.once('connect', () => this.#session.setLocalWindowSize(limits.connectionWindowBytes))
    this.#session.on(
      'error',
      (error) => (this.#reason = this.#ended ?? `the connection failed (${why(error)})`),
    )
    // Before the session hears of it: clients of HTTP take a reset (ECONNRESET) for the end of an answer.
    socket.prependListener('error', (error) => this.end(`the connection failed (${why(error)})`))
    // Nobody but the gateway opens streams here.
    this.#session.on('stream', (stream: ClientHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))
    this.#session.on('ping', () => this.#asked()).on('remoteSettings', () => this.#asked())
    this.#heartbeat = new Heartbeat(this.#session, () => socket.bytesRead, clock, {
      gone: () => this.end('it did not answer any more'),
      looked: (received) => this.#looked(received),
    })
    this.#session.once('close', () => {
      this.#heartbeat[Symbol.dispose]()
      socket.destroy()
      this.#over.resolve(this.#reason)
    })
  }

  /** Resolves with the reason, once it is over. */
  get over(): Promise<string> {
    return this.#over.promise
  }

  /** When the certificate ends that the agent has now, in milliseconds since 1970. */
  get certificateUntil(): number {
    return this.#certificateUntil
  }

  /** When something came from it last, as far as was looked, in milliseconds since 1970. */
  get heardMs(): number {
    return this.#heardMs
  }

  get streams(): number {
    return this.#streams
  }

  /** New streams may be tried. */
  get open(): boolean {
    return !this.#session.closed && !this.#session.destroyed && this.#streams < limits.streamsMax
  }

  /** It may be gone: others are tried first. */
  get silent(): boolean {
    return this.#heartbeat.silent
  }

  /** Rejects with `DialError`; then no byte was sent to the target. */
  async dial(address: Address): Promise<Duplex> {
    if (!this.open) throw new DialError('lost', 'the agent takes no further stream')
    const stream = this.#request(connectTo(address))
    try {
      const headers = await answerOf(stream, limits.connectMs, unanswered)
      const status = headers[':status']
      if (status === 200) return asSocket(stream)
      const kind = status === 403 ? 'not_allowed' : 'failed'
      throw new DialError(kind, reasonOf(headers[reasonHeader]))
    } catch (error) {
      stream.close(constants.NGHTTP2_CANCEL)
      if (error instanceof DialError) throw error
      throw new DialError('lost', 'the connection to the agent was lost', { cause: error })
    }
  }

  /** Has the agent use another certificate from its next connection on. Rejects when it does not. */
  async renew(certificate: string, until: number): Promise<void> {
    const stream = this.#request({ ':method': 'POST', ':path': '/certificate' })
    stream.end(certificate)
    const headers = await answerOf(stream, limits.connectMs, unanswered)
    stream.close()
    if (headers[':status'] !== 204) throw new Error(reasonOf(headers[reasonHeader]))
    this.#certificateUntil = until
  }

  /** Ends it, with everything that goes through it. */
  end(reason: string): void {
    if (this.#session.destroyed) return
    this.#reason = this.#ended = reason
    // With an error, so that what goes through it fails.
    this.#session.destroy(new Error(reason))
  }

  /** Takes nothing new, and ends when nothing goes through it any more. */
  leave(): void {
    this.#reason = 'the gateway left'
    if (!this.#session.destroyed) this.#session.close()
  }

  /** What costs an answer, and what comes though nothing was asked for, is bounded in each beat. */
  #asked(): void {
    if (++this.#questions > limits.questionsPerBeatMax) this.end('it asks without end')
  }

  #looked(received: number): void {
    this.#questions = 0
    if (received > 0) this.#heardMs = this.#clock.now()
    if (this.#streams === 0) this.#idleLooks++
    // What was asked for between two looks may have come and gone between them, and what was on its way then come after.
    const idle = this.#idleLooks > 2
    if (idle && received > limits.idleBytesPerBeatMax) this.end('it talks though nothing was asked')
  }

  #request(headers: Parameters<ClientHttp2Session['request']>[0]): ClientHttp2Stream {
    this.#streams++
    this.#idleLooks = 0
    try {
      const stream = this.#session.request(headers, { endStream: false })
      stream.on('error', () => {})
      stream.once('close', () => this.#streams--)
      return stream
    } catch (error) {
      this.#streams--
      throw new DialError('lost', 'the connection to the agent was lost', { cause: error })
    }
  }
}

const unanswered = (): DialError => new DialError('failed', 'the agent did not answer')

/** It comes from the agent and is told to people. */
function reasonOf(header: unknown): string {
  if (typeof header !== 'string') return 'the agent said no reason'
  try {
    return decodeURIComponent(header)
      .slice(0, 300)
      .replaceAll(/[^\x20-\x7e]/g, '?')
  } catch {
    return 'the agent said no reason'
  }
}
