import { createHash, randomBytes } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { limits, Refused, type Credential, type Reach, type Session } from '@sluice/core'
import { ConnectionLost, dialTarget, unreachable } from './dial.ts'
import { takeReply } from './frames.ts'
import { back, front } from './messages.ts'
import { receive, Receiver } from './receiver.ts'
import { clientFinal, clientFirst, verifyServerFinal, type ScramProof } from './scram.ts'
import type { PostgresSettings } from './target.ts'
import { cstring, Cursor, frame, headerBytes, int32, parseError } from './wire.ts'

/** A connection to the target that has just become ready for its first query. */
export interface LoggedIn {
  readonly socket: Duplex
  /** What the server reported of itself, e.g. `server_version`. */
  readonly parameters: ReadonlyMap<string, string>
  readonly cancelKey: { readonly processId: number; readonly secret: number } | null
  /** Tells by whose credential it is, without telling the credential. */
  readonly identity: string
  /** A pool lent it: takes it back. It must be at rest; one that is not is closed instead. */
  readonly giveBack?: () => void
}

/**
 * How a session gets its connection; `wanted` are the caller's admitted startup parameters, `gone` settles when nobody waits
 * for it any more. Throws `Refused`.
 */
export type LogIn = (
  session: Session<PostgresSettings>,
  wanted: ReadonlyMap<string, string>,
  gone: Promise<void>,
) => Promise<LoggedIn>

const protocol3 = 196_608
/** What texts mean depends on these: a server that does not report them so reads another language. */
const pinned: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
])

/**
 * Connects with the credential that the caller never sees; once more with a fresh one when it was rejected.
 * `wanted`: the caller's admitted startup parameters. Throws `Refused`.
 */
export async function login(
  session: Reach<PostgresSettings>,
  wanted: ReadonlyMap<string, string>,
): Promise<LoggedIn> {
  const known = await session.credential()
  try {
    return await attempt(session, wanted, known)
  } catch (error) {
    if (!(error instanceof CredentialRejected)) throw error
    return again(session, wanted, known, error)
  }
}

/** Nothing of the caller's has been sent yet, so nothing can happen twice. The same once more would only lock it out. */
async function again(
  session: Reach<PostgresSettings>,
  wanted: ReadonlyMap<string, string>,
  refused: Credential,
  why: CredentialRejected,
): Promise<LoggedIn> {
  const credential = await session.credential(refused)
  if (credential === refused) throw notAccepted(why)
  try {
    return await attempt(session, wanted, credential)
  } catch (error) {
    throw error instanceof CredentialRejected ? notAccepted(error) : error
  }
}

function notAccepted(cause: CredentialRejected): Refused {
  return unreachable("it does not accept this gateway's credential.", { cause })
}

class CredentialRejected extends Error {}

/** Behind agents a connection may end with one of them, and another one be there: it is made once more. */
async function attempt(
  session: Reach<PostgresSettings>,
  wanted: ReadonlyMap<string, string>,
  credential: Credential,
): Promise<LoggedIn> {
  try {
    return await attemptOnce(session, wanted, credential)
  } catch (error) {
    if (!(error instanceof ConnectionLost) || session.target.via === undefined) throw error
    return await attemptOnce(session, wanted, credential)
  }
}

async function attemptOnce(
  session: Reach<PostgresSettings>,
  wanted: ReadonlyMap<string, string>,
  credential: Credential,
): Promise<LoggedIn> {
  const { settings } = session.target
  const socket = await dialTarget(session)
  const timer = setTimeout(() => socket.destroy(), settings.connect_timeout_ms)
  try {
    return await new Handshake(socket, settings, credential).run(wanted)
  } catch (error) {
    socket.destroy()
    if (error instanceof Refused || error instanceof CredentialRejected) throw error
    throw unreachable('its answer to the login was not understood.', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}

/** One login, message by message (PostgreSQL 15 §55.2.1). */
class Handshake {
  readonly #socket: Duplex
  readonly #settings: PostgresSettings
  readonly #credential: Credential
  readonly #nonce = randomBytes(18).toString('base64')
  readonly #parameters = new Map<string, string>()
  #scram: ScramProof | undefined
  #proven = true
  #authenticated = false
  #cancelKey: LoggedIn['cancelKey'] = null

  constructor(socket: Duplex, settings: PostgresSettings, credential: Credential) {
    this.#socket = socket
    this.#settings = settings
    this.#credential = credential
  }

  async run(wanted: ReadonlyMap<string, string>): Promise<LoggedIn> {
    const receiver = new Receiver(this.#socket)
    this.#socket.write(this.#startup(wanted))
    for (;;) {
      const message = await receive(receiver, (buffer) => takeReply(buffer, limits.requestBytesMax))
      if (message === undefined) throw new ConnectionLost('login')
      if (message[0] === back.readyForQuery) break
      await this.#answer(message)
    }
    if (!this.#authenticated || receiver.buffer.length > 0) throw new Error('ready before the login was over')
    for (const [name, value] of pinned)
      if (this.#parameters.get(name) !== value) throw unreachable(`it does not keep ${name} at ${value}.`)
    receiver.detach()
    this.#socket.on('error', () => {})
    return {
      socket: this.#socket,
      parameters: this.#parameters,
      cancelKey: this.#cancelKey,
      identity: identityOf(this.#credential),
    }
  }

  #startup(wanted: ReadonlyMap<string, string>): Buffer {
    const { database, schemas } = this.#settings
    const parameters = new Map([
      ['user', this.#credential.user],
      ['database', database],
      ...wanted,
      ['search_path', schemas.map((name) => `"${name}"`).join(', ')],
      ...pinned,
    ])
    const pairs = [...parameters].map(([name, value]) => cstring(`${name}\0${value}`))
    const body = Buffer.concat([int32(protocol3), ...pairs, Buffer.from([0])])
    return Buffer.concat([int32(4 + body.length), body])
  }

  async #answer(message: Buffer): Promise<void> {
    const cursor = new Cursor(message, headerBytes)
    switch (message[0]) {
      case back.authentication:
        return this.#authenticate(cursor.int32(), cursor.bytes(cursor.left))
      case back.parameterStatus:
        this.#parameters.set(cursor.text(), cursor.text())
        return
      case back.backendKeyData:
        this.#cancelKey = { processId: cursor.int32(), secret: cursor.int32() }
        return
      case back.noticeResponse:
        return
      case back.errorResponse:
        throw rejected(message)
      default:
        throw new Error(`unexpected message type ${message[0]} during the login`)
    }
  }

  async #authenticate(method: number, data: Buffer): Promise<void> {
    switch (method) {
      case 0:
        if (!this.#proven) throw new Error('the server skipped the proof that it knows the password')
        this.#authenticated = true
        return
      case 3:
        if (this.#settings.tls !== 'verify-full')
          throw unreachable('it asks for the password in clear text without TLS.')
        return this.#password(cstring(this.#credential.password))
      case 5:
        return this.#password(cstring(md5(this.#credential, data)))
      case 10:
        return this.#sasl(data)
      case 11:
        return this.#continue(data.toString())
      case 12:
        if (this.#scram === undefined) throw new Error('a final message before a challenge')
        verifyServerFinal(data.toString(), this.#scram.serverSignature)
        this.#proven = true
        return
      default:
        throw unreachable('it asks for an authentication method that is not supported.')
    }
  }

  #password(...parts: readonly Uint8Array[]): void {
    this.#socket.write(frame(front.password, ...parts))
  }

  #sasl(mechanisms: Buffer): void {
    if (!mechanisms.toString('latin1').split('\0').includes('SCRAM-SHA-256'))
      throw unreachable('it asks for an authentication method that is not supported.')
    this.#proven = false
    // The server takes the user from the startup message; RFC 5802 wants a name here, libpq sends an empty one.
    const first = Buffer.from(clientFirst('', this.#nonce))
    this.#password(cstring('SCRAM-SHA-256'), int32(first.length), first)
  }

  async #continue(challenge: string): Promise<void> {
    if (this.#proven || this.#scram !== undefined) throw new Error('a challenge that was not asked for')
    this.#scram = await clientFinal('', this.#credential.password, this.#nonce, challenge)
    this.#password(Buffer.from(this.#scram.clientFinal))
  }
}

export function identityOf({ user, password }: Credential): string {
  return createHash('sha256')
    .update(JSON.stringify([user, password]))
    .digest('hex')
}

/** `md5` + md5(md5(password + user) + salt), PostgreSQL 15 §55.2.1. */
function md5(credential: Credential, salt: Buffer): string {
  const inner = createHash('md5')
    .update(credential.password + credential.user)
    .digest('hex')
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`
}

/** Class 28 is about the credential; of anything else the caller learns only the status. */
function rejected(message: Buffer): Error {
  const state = parseError(message).get('C') ?? ''
  if (state.startsWith('28')) return new CredentialRejected(`the server rejected the login (${state})`)
  return unreachable(`it refused the login (SQLSTATE ${/^[0-9A-Z]{5}$/.test(state) ? state : 'unknown'}).`)
}
