import type { AuthContext, Connection, KeyboardAuthContext, PublicKeyAuthContext } from 'ssh2'
import {
  byToken,
  refusal,
  refusalOf,
  type Client,
  type Gate,
  type Proof,
  type Refusal,
  type Session,
} from '@sluice/core'
import { loginNameOf } from './login-name.ts'
import { isOfUse, isProven } from './presented-key.ts'
import type { SshSettings } from './target.ts'

/** Tokens that one connection may show, and keys: a client tries all that its agent has. */
const attemptsMax = 6
const keysMax = 20
const methods: ('publickey' | 'password' | 'keyboard-interactive')[] = [
  'publickey',
  'password',
  'keyboard-interactive',
]

/** What is done with who was let in, before they are told so. */
export interface Welcome {
  /** Rejects with `Refused` when nothing can be done for them. The session is then closed. */
  admit(session: Session<SshSettings>, login: string | null): Promise<void>
  /** Somebody whose proof is good and for whom nothing can be done: each of their channels is told why. */
  turnAway(reason: Refusal): void
}

/** One connection of which nobody knows yet whose it is. */
export class Reception {
  readonly #gate: Pick<Gate<SshSettings>, 'open' | 'refused'>
  readonly #client: Client
  readonly #connection: Connection
  readonly #welcome: Welcome
  #attempts = 0
  #keys = 0
  #latest: Refusal | undefined
  #gone = false
  #looking = false

  constructor(
    gate: Pick<Gate<SshSettings>, 'open' | 'refused'>,
    client: Client,
    connection: Connection,
    welcome: Welcome,
  ) {
    this.#gate = gate
    this.#client = client
    this.#connection = connection
    this.#welcome = welcome
  }

  begin(): void {
    const connection = this.#connection
    connection.on('authentication', (context) => void this.#authenticate(context))
    connection.once('close', () => (this.#gone = true))
  }

  /** One proof after the other: a connection that is let in twice would be that of two sessions. */
  async #authenticate(context: AuthContext): Promise<void> {
    if (this.#looking) return this.#tooMany()
    if (context.method === 'publickey') await this.#byKey(context)
    else if (context.method === 'password') await this.#byToken(context, context.password)
    else if (context.method === 'keyboard-interactive') await this.#asked(context)
    else context.reject(methods)
  }

  /** A client that asks its user says what is wrong; one that only sends a password cannot be told. */
  async #asked(context: KeyboardAuthContext): Promise<void> {
    const told = this.#latest === undefined ? howTo : `${this.#latest.message}\n${howTo}`
    const answers = await new Promise<unknown>((resolve) => {
      context.prompt([{ prompt: 'Token: ', echo: false }], 'Sluice', told, resolve)
    })
    if (Array.isArray(answers)) await this.#byToken(context, String(answers[0] ?? ''))
  }

  async #byToken(context: AuthContext, token: string): Promise<void> {
    this.#attempts += 1
    await this.#show(context, byToken(token))
  }

  /** Without a signature a client only asks whether to make one. */
  async #byKey(context: PublicKeyAuthContext): Promise<void> {
    this.#keys += 1
    if (this.#keys > 2 * keysMax) return void this.#connection.end()
    if (!isOfUse(context)) return context.reject(methods)
    if (context.signature === undefined) return context.accept()
    if (!isProven(context)) return this.#refuse(context, unproven)
    await this.#show(context, { kind: 'public_key', blob: context.key.data, ip: this.#client.ip })
  }

  /** Who this is, in the log before anything is done for them. */
  async #show(context: AuthContext, proof: Proof): Promise<void> {
    if (this.#looking) return this.#tooMany()
    this.#looking = true
    const name = loginNameOf(context.username)
    if (name === null) {
      this.#gate.refused({ protocol: 'ssh', target: '', client: this.#client }, misnamed)
      return this.#refuse(context, misnamed)
    }
    const hello = { protocol: 'ssh', target: name.target, proof, client: this.#client, run: noRun }
    let session: Session<SshSettings>
    try {
      session = await this.#gate.open(hello)
    } catch (error) {
      const reason = refusalOf(error)
      if (!isOfTheKnown(reason)) return this.#refuse(context, reason)
      return this.#turnAway(context, reason)
    }
    if (this.#gone) return session.close('client gone')
    try {
      await this.#welcome.admit(session, name.login)
      context.accept()
    } catch (error) {
      await session.close(`no connection: ${refusalOf(error).code}`)
      this.#turnAway(context, refusalOf(error))
    }
  }

  #tooMany(): void {
    this.#gone = true
    this.#connection.end()
  }

  #turnAway(context: AuthContext, reason: Refusal): void {
    this.#welcome.turnAway(reason)
    context.accept()
  }

  #refuse(context: AuthContext, reason: Refusal): void {
    this.#latest = reason
    this.#looking = false
    if (this.#attempts >= attemptsMax) this.#connection.end()
    else context.reject(methods)
  }
}

/** These come up only once the proof was found good. */
function isOfTheKnown({ code }: Refusal): boolean {
  return code === 'target_unknown' || code === 'log_unavailable'
}

const unproven = refusal('token_refused', 'ssh/signature', 'The signature of the key is not valid.')
const noRun = { id: null, trace_id: null } as const
const howTo = 'Show a token, e.g. of `sluice token`.'
const misnamed = refusal('malformed', 'ssh/user', 'The user name must be <target> or <login>+<target>.')
