import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import {
  callerAddress,
  isInClear,
  limits,
  refusal,
  refusalOf,
  type Gate,
  type Refusal,
  type Run,
  type Session,
} from '@sluice/core'
import { takeStartup } from './frames.ts'
import { opening, type Minor, type Startup } from './hello.ts'
import type { LoggedIn, LogIn } from './login.ts'
import { back } from './messages.ts'
import { askedFor, TurnedAway } from './proof.ts'
import { receive, Receiver } from './receiver.ts'
import { refuse } from './refuse.ts'
import { statementTimeout } from './statement-timeout.ts'
import type { PostgresSettings } from './target.ts'
import { cstring, frame, int32, ProtocolViolation } from './wire.ts'

/** A client that may talk now. */
export interface Admitted {
  readonly session: Session<PostgresSettings>
  readonly client: Duplex
  readonly receiver: Receiver
  readonly login: LoggedIn
  /** The statement_timeout that the client asked for. */
  readonly timeout: string | undefined
  /** What the client said of its run when it came. */
  readonly run: Run
}

const protocol = 'postgres'
const yes = Buffer.from('S')
const no = Buffer.from('N')
const tlsHandshake = 0x16
/** Of the version whose minor one is 0. */
const protocol3 = 196_608
/** By the minor version. */
const cancelSecretBytes = { 0: 4, 2: 32 } as const

/** What happens between accept and the first query. Nothing is dialled before the caller is authenticated. */
export class Reception {
  readonly #secured: SecureContext | undefined
  readonly #gate: Gate<PostgresSettings>
  readonly #login: LogIn

  /** `secured`: what is shown to who asks for TLS; `undefined`: it is not offered. */
  constructor(secured: SecureContext | undefined, gate: Gate<PostgresSettings>, login: LogIn) {
    this.#secured = secured
    this.#gate = gate
    this.#login = login
  }

  /** `undefined`: the connection is over, and the client knows why. */
  async admit(socket: Socket): Promise<Admitted | undefined> {
    socket.on('error', () => {})
    const timer = setTimeout(() => socket.destroy(), limits.helloWaitMs)
    let client: Duplex = socket
    let target = ''
    try {
      const hello = await this.#greeted(socket, (secured) => (client = secured))
      if (hello === undefined) return undefined
      target = hello.startup.target
      return await this.#opened(hello.startup, hello.receiver, client, socket)
    } catch (error) {
      const known = error instanceof ProtocolViolation ? violation(error) : error
      if (known instanceof TurnedAway && !client.destroyed)
        this.#gate.refused(
          { protocol, target, client: { ip: callerAddress(socket), application: null } },
          known.refusal,
        )
      farewell(client, atTheDoor(refusalOf(known)))
      return undefined
    } finally {
      clearTimeout(timer)
    }
  }

  /** Encryption requests, then the startup packet. */
  async #greeted(
    socket: Socket,
    secured: (client: Duplex) => void,
  ): Promise<{ readonly startup: Startup; readonly receiver: Receiver } | undefined> {
    let receiver = new Receiver(socket)
    let client: Duplex = socket
    const asked = new Set<string>()
    for (;;) {
      if (await directTls(receiver, client)) {
        client = await this.#encrypt(socket, receiver)
        secured(client)
        receiver = new Receiver(client)
        continue
      }
      const packet = await receive(receiver, takeStartup)
      if (packet === undefined) {
        client.destroy()
        return undefined
      }
      const open = opening(packet)
      switch (open.kind) {
        case 'ssl':
        case 'gss': {
          if (asked.has(open.kind) || client instanceof TLSSocket)
            throw new ProtocolViolation('encryption was already negotiated')
          asked.add(open.kind)
          // Bytes behind the request were sent in clear, maybe by somebody in between (CVE-2021-23214).
          if (receiver.buffer.length > 0)
            throw new ProtocolViolation('received unencrypted data after SSL request')
          if (open.kind === 'gss' || this.#secured === undefined) {
            client.write(no)
            break
          }
          client.write(yes)
          client = await this.#encrypt(socket, receiver)
          secured(client)
          receiver = new Receiver(client)
          break
        }
        case 'cancel':
          this.#gate.cancel({ id: open.id, secret: open.secret })
          client.end()
          return undefined
        case 'refused':
          throw new TurnedAway(open.refusal)
        case 'startup':
          if (open.startup.unspoken !== null)
            client.write(negotiated(open.startup.minor, open.startup.unspoken))
          return { startup: open.startup, receiver }
      }
    }
  }

  async #opened(
    { user, target, application, run, wanted, minor }: Startup,
    receiver: Receiver,
    client: Duplex,
    socket: Socket,
  ): Promise<Admitted | undefined> {
    const ip = callerAddress(socket)
    if (isInClear(client, ip)) throw new TurnedAway(clearText)
    const shown = await askedFor(user, receiver, client, this.#gate)
    if (shown === undefined) {
      client.destroy()
      return undefined
    }
    const session = await this.#gate.open({
      protocol,
      target,
      proof: shown.proof,
      client: { ip, application },
      run,
      cancelSecretBytes: cancelSecretBytes[minor],
    })
    try {
      if (shown.answer !== null) client.write(shown.answer)
      const timeout = wanted.get(statementTimeout)
      const login = await this.#login(session, wanted, receiver.gone)
      return { session, client, receiver, login, timeout, run }
    } catch (error) {
      const { code } = refusalOf(error)
      await session.close(
        code === 'target_unreachable' ? 'the target could not be reached' : `no connection: ${code}`,
      )
      throw error
    }
  }

  #encrypt(socket: Socket, receiver: Receiver): Promise<TLSSocket> {
    if (this.#secured === undefined) throw new ProtocolViolation('this server does not offer TLS')
    receiver.detach()
    const { buffer } = receiver
    if (buffer.length > 0) socket.unshift(buffer.data.subarray(buffer.at, buffer.end))
    const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
    const secured = new TLSSocket(socket, {
      isServer: true,
      secureContext: this.#secured,
      ALPNProtocols: ['postgresql'],
    })
    const left = (): void => void secured.destroy()
    secured.once('end', left)
    secured.once('secure', () => {
      secured.off('end', left)
      resolve(secured)
    })
    secured.on('error', (error) => {
      socket.destroy()
      reject(error)
    })
    secured.once('close', () => reject(new ProtocolViolation('the TLS handshake was not completed')))
    return promise
  }
}

/** PostgreSQL 17 clients may begin with the TLS handshake itself. */
async function directTls(receiver: Receiver, client: Duplex): Promise<boolean> {
  if (client instanceof TLSSocket) return false
  if (receiver.buffer.length === 0 && !(await receiver.more())) return false
  return receiver.buffer.data[receiver.buffer.at] === tlsHandshake
}

function violation({ message }: ProtocolViolation): TurnedAway {
  return new TurnedAway(refusal('malformed', 'adapter/protocol', message, '08P01'))
}

const clearText = refusal(
  'token_refused',
  'adapter/clear_text',
  'A token may only be sent over TLS or from the same machine: connect with sslmode=verify-full.',
)

/** NegotiateProtocolVersion: what is spoken, and the options that are not known here. */
function negotiated(minor: Minor, options: readonly string[]): Buffer {
  return frame(
    back.negotiateProtocolVersion,
    int32(protocol3 + minor),
    int32(options.length),
    ...options.map(cstring),
  )
}

/** Of a gateway that stops a client that is let in hears another state (57P01) than one that may try elsewhere. */
function atTheDoor(reason: Refusal): Refusal {
  return reason.code === 'draining' ? { ...reason, native: '57P03' } : reason
}

function farewell(client: Duplex, reason: Refusal): void {
  if (client.destroyed) return
  client.end(refuse(reason, 'FATAL'))
  const timer = setTimeout(() => client.destroy(), 1_000)
  client.once('close', () => clearTimeout(timer))
  client.resume()
}
