import ssh2, { type Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import { limits, refusal, Refused, type Credential, type Refusal, type Reach } from '@sluice/core'
import { algorithms } from './algorithms.ts'
import { proofOf, type Proof } from './credential.ts'
import { isPlain, objectionTo, offeredTo } from './known-host.ts'
import { expectHostKeys } from './library/host-certificates.ts'
import type { Program } from './normalise.ts'
import type { SshSettings } from './target.ts'

/** The connection of one session to its target; everything that is permitted runs over it, each on its own channel. */
export class Upstream {
  readonly #session: Reach<SshSettings>
  /** In whose name it logs in, for the log of the host. */
  readonly #caller: string
  /** As whom policies were told that it logs in. */
  #login: string | undefined
  /** Until it is lost, or could not be made for a reason that may pass. */
  #connection: Promise<Client> | undefined
  #closed = false

  constructor(session: Reach<SshSettings>, caller: string) {
    this.#session = session
    this.#caller = caller
  }

  /** As whom it will be, at the target: whoever the caller names, if it may, or the credential. Rejects with `Refused`. */
  async logInAs(wanted: string | null): Promise<string> {
    const credential = await this.#session.credential()
    const login = wanted ?? credential.user
    if (!this.#isOpen(login, credential)) throw new Refused(noSuchLogin)
    this.#login = login
    return login
  }

  #isOpen(login: string, { user }: Credential): boolean {
    return login === user || this.#session.target.settings.logins.includes(login)
  }

  /** Connected, once for all that asks until it is lost. Nothing of a request travels with it. Rejects with `Refused`. */
  connect(): Promise<Client> {
    return (this.#connection ??= this.#kept())
  }

  close(): void {
    this.#closed = true
    this.#connection?.then((client) => client.end()).catch(() => {})
  }

  /** A caller's connection outlives the target's: what it asks for next may find another way there. */
  #kept(): Promise<Client> {
    const forget = (): void => {
      if (this.#connection === connection) this.#connection = undefined
    }
    const connection = this.#connected()
    connection.then(
      (client) => client.once('close', forget),
      (error: unknown) => {
        // The same once more would only lock a credential out.
        if (!isLasting(error)) forget()
      },
    )
    return connection
  }

  async #connected(): Promise<Client> {
    const credential = await this.#session.credential()
    try {
      return await this.#attempt(credential)
    } catch (error) {
      if (!(error instanceof Refused) || error.refusal !== rejected) throw error
      const another = await this.#session.credential(credential)
      if (another === credential) throw error
      return this.#attempt(another)
    }
  }

  /** Behind agents a connection may end with one of them, and another one be there: it is made once more. */
  async #attempt(credential: Credential): Promise<Client> {
    try {
      return await this.#logIn(credential)
    } catch (error) {
      const isLost = error instanceof Refused && error.refusal === unreachable
      if (!isLost || this.#closed || this.#session.target.via === undefined) throw error
      return await this.#logIn(credential)
    }
  }

  async #logIn(credential: Credential): Promise<Client> {
    const { settings, address } = this.#session.target
    const username = this.#login ?? credential.user
    // A credential may have another user by now.
    if (!this.#isOpen(username, credential)) throw new Refused(renamed)
    const proof = usable(() => proofOf(credential, username, this.#caller))
    const sock = await this.#session.dial().catch((error: unknown) => {
      throw error instanceof Refused ? error : new Refused(unreachable, { cause: error })
    })
    const client = new ssh2.Client()
    // First of all: its channels close after that, and must not look as if they had been closed by the target.
    client.once('close', () => over.add(client))
    const offered = offeredTo(settings)
    const failed = Promise.withResolvers<never>()
    let objection: Refusal | undefined
    let believed: Buffer | undefined
    let authenticates = false
    client.once('handshake', () => (authenticates = true))
    client.on('error', (error) =>
      failed.reject(objection === undefined ? failure(error, authenticates) : new Refused(objection)),
    )
    client.on('close', () => failed.reject(new Refused(unreachable)))
    failed.promise.catch(() => {})
    const ready = new Promise<Client>((resolve) => client.once('ready', () => resolve(client)))
    const config: ConnectConfig = {
      sock,
      ident: 'Sluice',
      username,
      // What the library knows of them; certificates are offered beside.
      algorithms: { ...algorithms, serverHostKey: offered.filter(isPlain) as never },
      hostVerifier: (key: Buffer) => {
        // With new keys for the same connection comes what was believed at its beginning, which may be over by then.
        if (believed?.equals(key) === true) return true
        objection = objectionTo(key, settings, address.host, this.#session.now())
        if (objection === undefined) believed = Buffer.from(key)
        return objection === undefined
      },
      readyTimeout: settings.connect_timeout_ms,
      keepaliveInterval: limits.keepAliveMs,
      keepaliveCountMax: 3,
      ...proof.config,
    }
    try {
      client.connect(config)
      // Nothing has been sent yet: that waits for the next turn.
      if (settings.host_ca.length > 0) expectHostKeys(client, offered)
      proof.prepare(client)
      const connected = await Promise.race([ready, failed.promise])
      if (this.#closed) throw new Refused(unreachable)
      return connected
    } catch (error) {
      client.destroy()
      throw error
    }
  }
}

const over = new WeakSet<Client>()

/** The connection is lost, and with it whatever ran over it. */
export function isOver(client: Client): boolean {
  return over.has(client)
}

/** Another attempt would be refused for the same reason. */
function isLasting(error: unknown): boolean {
  return error instanceof Refused && error.refusal !== unreachable && error.refusal.rule !== 'sluice/agent'
}

/** Starts a program. One of the two is called, `failed` with `Refused`, in the very turn in which the target answers. */
export function start(
  client: Client,
  { kind, command, env, terminal }: Program,
  started: (channel: ClientChannel) => void,
  failed: (error: Refused) => void,
): void {
  const pty = terminal === null ? false : window(terminal)
  const answered = (error: Error | undefined, channel: ClientChannel): void => {
    if (error === undefined) started(channel)
    else failed(new Refused(notStarted, { cause: error }))
  }
  try {
    if (kind === 'shell') client.shell(pty, { env }, answered)
    else client.exec(command, { env, ...(pty === false ? {} : { pty }) }, answered)
  } catch (error) {
    failed(new Refused(lost, { cause: error }))
  }
}

function window({ term, columns, rows, modes }: NonNullable<Program['terminal']>) {
  return { term, cols: columns, rows, width: 0, height: 0, modes }
}

/** A key or a certificate that cannot be used is for the operator to mend. */
function usable(make: () => Proof): Proof {
  try {
    return make()
  } catch (error) {
    throw new Refused(unusable, { cause: error })
  }
}

function failure(error: Error & { level?: string; code?: unknown }, authenticates: boolean): Refused {
  const isRejected =
    error.level === 'client-authentication' || (authenticates && tooManyFailures.has(error.code))
  return new Refused(isRejected ? rejected : unreachable, { cause: error })
}

/**
 * A host that allows one attempt says no more than that it is over (RFC 4253 §11.1): there are no more methods, or, from
 * OpenSSH, that the protocol was not kept.
 */
const tooManyFailures: ReadonlySet<unknown> = new Set([14, 2])

const noSuchLogin: Refusal = refusal(
  'denied',
  'ssh/login',
  'Nobody may log in there under that name: leave out "<login>+", or ask the operator for it.',
)
const renamed: Refusal = refusal(
  'target_unreachable',
  'ssh/login_changed',
  'The gateway logs in there under another name by now. Nothing was executed: connect again.',
)
const unreachable: Refusal = refusal(
  'target_unreachable',
  'ssh/connect',
  'The target does not answer as an SSH host. Nothing was executed.',
)
const rejected: Refusal = refusal(
  'target_unreachable',
  'ssh/credential',
  'The target does not accept the credential of the gateway. Nothing was executed. Tell its operator.',
)
const unusable: Refusal = refusal(
  'target_unreachable',
  'ssh/credential_unusable',
  'The key or the certificate of the gateway for this target is not usable. Nothing was sent. Tell its operator.',
)
export const notStarted: Refusal = refusal('target_unreachable', 'ssh/start', 'The target did not start it.')
/** What ran there may go on. */
export const lost: Refusal = refusal(
  'target_unreachable',
  'ssh/lost',
  'The connection to the target was lost.',
)
