import type { Socket } from 'node:net'
import { limits } from '@sluice/core'
import { Unreachable } from '../command.ts'
import { dial, secured, type Door } from './gateway-socket.ts'
import {
  fatal,
  opening,
  passwordMessage,
  Pieces,
  sslRequest,
  startupFor,
  UnreadablePacket,
} from './postgres-packets.ts'
import { relay } from './relay.ts'
import type { TokenKeeper } from './token-keeper.ts'

export interface PostgresPorts {
  readonly target: string
  readonly door: Door
  readonly tokens: Pick<TokenKeeper, 'current' | 'begun'>
}

const type = { authentication: 0x52, error: 0x45 } as const
const method = { ok: 0, cleartextPassword: 3 } as const
const yes = 0x53
/** The gateway logs in at the target meanwhile, twice at worst. */
const loginMs = 60_000

/**
 * One connection of an application, which shows no password and needs none: logged in at the gateway with the token of
 * now, then relayed byte for byte as fast as either side takes it.
 */
export async function servePostgres(client: Socket, ports: PostgresPorts): Promise<void> {
  client.on('error', () => {})
  const door = new Login(client, ports)
  try {
    const upstream = await door.run()
    if (upstream !== undefined) await relay(client, upstream)
  } catch (error) {
    door.abandon()
    farewell(client, error)
  }
}

/** From accept to AuthenticationOk. */
class Login {
  readonly #client: Socket
  readonly #ports: PostgresPorts
  #upstream: Socket | undefined

  constructor(client: Socket, ports: PostgresPorts) {
    this.#client = client
    this.#ports = ports
  }

  /** The gateway's side, ready to be relayed; `undefined`: it is over, and the client knows why. */
  async run(): Promise<Socket | undefined> {
    const first = await this.#first()
    if (first === undefined) return this.#end()
    const opened = opening(first)
    if (opened.kind !== 'startup') return this.#forward(first)
    const token = await this.#ports.tokens.current()
    const upstream = await this.#connect()
    upstream.write(startupFor(this.#ports.target, first, opened))
    return this.#authenticated(upstream, token)
  }

  abandon(): void {
    this.#upstream?.destroy()
  }

  /** The first packet that is no request for encryption. */
  async #first(): Promise<Buffer | undefined> {
    const signal = AbortSignal.timeout(limits.helloWaitMs)
    const pieces = new Pieces(this.#client)
    for (;;) {
      const packet = await pieces.packet(signal)
      if (packet === undefined || opening(packet).kind !== 'encryption') return packet
      this.#client.write('N')
    }
  }

  async #connect(): Promise<Socket> {
    const { door } = this.#ports
    const socket = await dial(door)
    socket.on('error', () => {})
    this.#upstream = socket
    if (!door.secured) return socket
    socket.write(sslRequest)
    const answer = await new Pieces(socket).take(1, AbortSignal.timeout(loginMs))
    if (answer?.[0] !== yes)
      throw new Unreachable('the gateway offers no TLS, and a token is not sent in clear: ask its operator')
    // What stands behind the answer was sent in clear, maybe by somebody in between (CVE-2021-23222).
    if (socket.readableLength > 0) throw new Unreachable('the gateway answers in clear where TLS must begin')
    this.#upstream = await secured(socket, door, ['postgresql'])
    this.#upstream.on('error', () => {})
    return this.#upstream
  }

  /** Answers for the client when the gateway asks for its password; the client hears the rest. */
  async #authenticated(upstream: Socket, token: string): Promise<Socket | undefined> {
    const signal = AbortSignal.timeout(loginMs)
    const pieces = new Pieces(upstream)
    let asked = false
    for (;;) {
      const message = await pieces.message(signal)
      if (message === undefined) throw new Unreachable('the gateway closed the connection during the login')
      if (message[0] !== type.authentication) {
        this.#client.write(message)
        if (message[0] === type.error) return this.#end()
        continue
      }
      const wanted = message.length < 9 ? -1 : message.readInt32BE(5)
      if (wanted === method.ok && asked) {
        this.#ports.tokens.begun(token)
        this.#client.write(message)
        return upstream
      }
      if (wanted !== method.cleartextPassword || asked)
        throw new Unreachable('what answers is no Sluice gateway: it asks for another login')
      asked = true
      upstream.write(passwordMessage(token))
    }
  }

  /** A CancelRequest: its key is the gateway's, and nothing answers it. */
  async #forward(packet: Buffer): Promise<undefined> {
    const upstream = await this.#connect()
    upstream.end(packet)
    upstream.resume()
    return this.#end()
  }

  #end(): undefined {
    this.#client.end()
    this.#client.resume()
    return undefined
  }
}

function farewell(client: Socket, error: unknown): void {
  if (client.destroyed) return
  const { state, text } = told(error)
  client.end(fatal(state, text))
  client.resume()
}

function told(error: unknown): { readonly state: string; readonly text: string } {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof UnreadablePacket) return { state: '08P01', text }
  if (error instanceof Unreachable) return { state: '08006', text: `sluice connect: ${text}` }
  if (error instanceof Error && error.name === 'TimeoutError')
    return { state: '08006', text: 'sluice connect: the gateway did not answer in time' }
  return { state: '28000', text: `sluice connect: ${text}` }
}
