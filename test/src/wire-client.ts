import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import * as message from './message.ts'
import { MessageReader, type Message } from './message.ts'
import { ScramClient } from './scram.ts'
import { Transcript } from './transcript.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface Login extends Place {
  readonly user: string
  readonly password: string
  readonly database: string
  /** Further startup parameters. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Version of the protocol that is asked for; 3.0 when it is not given. */
  readonly protocol?: number
}

const patienceMs = 45_000

/** A frontend that says exactly what it is told to say, and keeps every byte that it hears. */
export class WireClient {
  #socket: Socket
  readonly #reader = new MessageReader()
  #messages: Message[] = []
  #bytes: Buffer[] = []
  #closed = false
  #lettersOnly = false
  #changed = Promise.withResolvers<void>()

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#listen(socket)
  }

  static async connect({ host, port }: Place): Promise<WireClient> {
    const socket = connect({ host, port, noDelay: true })
    await once(socket, 'connect')
    return new WireClient(socket)
  }

  /** Connected and ready for the first query. Throws what the server says when it lets nobody in. */
  static async login(login: Login): Promise<WireClient> {
    const client = await WireClient.connect(login)
    const greeting = await client.start(login)
    if (greeting.status !== undefined) return client
    client.destroy()
    const [error] = greeting.errors
    throw new LoginRefused(error?.code ?? 'none', error?.message ?? 'the server hung up')
  }

  /** Startup and authentication; the answer up to ReadyForQuery or the end. */
  async start({ user, password, database, parameters, protocol }: Login): Promise<Transcript> {
    this.send(message.startup({ user, database, ...parameters }, protocol))
    return this.authenticate(password)
  }

  /** Answers what the server asks after a startup packet. */
  async authenticate(secret: string): Promise<Transcript> {
    let scram: ScramClient | undefined
    for (let answered = 0; ;) {
      await this.#until(() => this.#closed || this.#messages.length > answered)
      const next = this.#messages[answered]
      if (next === undefined || next.type === 'Z' || next.type === 'E') break
      answered++
      if (next.type !== 'R') continue
      const method = next.body.readInt32BE(0)
      if (method === 3) this.send(message.password(secret))
      else if (method === 10) {
        scram = new ScramClient(secret)
        this.send(
          message.frame('p', 'SCRAM-SHA-256\0', message.int32(Buffer.byteLength(scram.first)), scram.first),
        )
      } else if (method === 11 && scram !== undefined)
        this.send(message.frame('p', scram.final(next.body.subarray(4).toString())))
    }
    return this.take()
  }

  send(...bytes: readonly Uint8Array[]): void {
    if (!this.#socket.destroyed) this.#socket.write(Buffer.concat(bytes))
  }

  /** The answer to a request for encryption: a single letter, or what else the server makes of it. */
  async letter(...request: readonly Uint8Array[]): Promise<Transcript> {
    this.#lettersOnly = true
    this.send(...request)
    await this.#until(() => this.#closed || this.#bytes.length > 0)
    this.#lettersOnly = false
    return this.take()
  }

  /** Everything up to this many ReadyForQuery, or to the end of the connection. */
  async ready(times = 1): Promise<Transcript> {
    return this.until((messages) => messages.filter(({ type }) => type === 'Z').length >= times)
  }

  /** Everything until this holds of the messages so far, or to the end of the connection. */
  async until(enough: (messages: readonly Message[]) => boolean): Promise<Transcript> {
    await this.#until(() => this.#closed || enough(this.#messages))
    return this.take()
  }

  /** Everything up to the end of the connection, which the server must bring about. */
  async end(): Promise<Transcript> {
    return this.until(() => false)
  }

  /** What was heard when the server has had this long to say it. */
  async after(ms: number): Promise<Transcript> {
    await sleep(ms)
    return this.take()
  }

  /** What came since the last take. */
  take(): Transcript {
    const transcript = new Transcript(this.#messages, Buffer.concat(this.#bytes), this.#closed)
    this.#messages = []
    this.#bytes = []
    return transcript
  }

  /** One answer to these messages, up to one ReadyForQuery. */
  ask(...bytes: readonly Uint8Array[]): Promise<Transcript> {
    this.send(...bytes)
    return this.ready()
  }

  query(sql: string | Uint8Array): Promise<Transcript> {
    return this.ask(message.query(sql))
  }

  /** Goes on in TLS on this connection. */
  async secure(ca: string): Promise<void> {
    const plain = this.#socket
    plain.removeAllListeners('data')
    plain.removeAllListeners('close')
    const secured = connectTls({ socket: plain, ca, servername: 'localhost', ALPNProtocols: ['postgresql'] })
    await once(secured, 'secureConnect')
    this.#socket = secured
    this.#listen(secured)
  }

  /** By which the other side knows it. */
  get localPort(): number {
    return this.#socket.localPort ?? 0
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Leaves as libpq does. */
  close(): void {
    this.send(message.terminate)
    this.#socket.end()
  }

  /** Is gone without a word. */
  destroy(): void {
    this.#socket.destroy()
  }

  #listen(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes.push(chunk)
      if (!this.#lettersOnly) {
        this.#reader.push(chunk)
        this.#messages.push(...this.#reader.all())
      }
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  async #until(holds: () => boolean): Promise<void> {
    const late = AbortSignal.timeout(patienceMs)
    while (!holds()) {
      if (late.aborted) throw new Error(`no answer after ${patienceMs} ms; so far: ${this.take().types}`)
      await Promise.race([this.#changed.promise, sleep(patienceMs / 10, undefined, { ref: false })])
    }
  }
}

/** The server's own words at a login that it refused. */
export class LoginRefused extends Error {
  readonly code: string
  constructor(code: string, text: string) {
    super(`${code}: ${text}`)
    this.name = 'LoginRefused'
    this.code = code
  }
}
