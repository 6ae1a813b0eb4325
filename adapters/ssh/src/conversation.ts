import { isIP } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, ServerChannel, Session as ChannelRequests } from 'ssh2'
import { refusal, type Refusal, type Session } from '@sluice/core'
import { ClosedWay } from './closed-way.ts'
import { ForwardExchange, type Destination } from './forward.ts'
import { wayAction } from './normalise.ts'
import type { Means } from './obligations.ts'
import { SessionChannel } from './session-channel.ts'
import type { SshSettings } from './target.ts'
import { Upstream } from './upstream.ts'

/** Open channels of one connection, and such as it may open and ask for in all. */
const channelsMax = 32
const asksMax = 100_000
/** What is refused at once may be asked for so often, on the connection and on all its channels. */
const closedWaysMax = 200
/** How long who is told why it ends may take to hear it. */
const farewellMs = 2_000
/** How long a client may then take to hang up: one that was told something, on a machine or over a way that is slow; another one. */
const toldPartingMs = 4_000
const partingMs = 500

/** What the library holds of a channel before it opens no further window, what it then still lets come, and a packet. */
const windowBytesMax = 2 * 2_097_152 + 65_536

/** A channel of the caller's. */
interface Way {
  /** Resolves when nothing of it is under way. */
  readonly done: Promise<unknown>
  /** Bytes that came on it and that nobody has taken. */
  readonly waitingBytes: number
  close(): void
}

export interface ConversationPorts {
  readonly connection: Connection
  readonly session: Session<SshSettings>
  /** As whom the caller wants to be there; `null`: as whom the credential says. */
  readonly login: string | null
  readonly means: Means
  readonly cut: () => void
  readonly stallMs: number
}

/** One connection of a caller who was let in: channels, and what is asked of the connection itself. */
export class Conversation {
  readonly #ports: ConversationPorts
  readonly #upstream: Upstream
  readonly #channels = new Set<Way>()
  #login = ''
  #asks = 0
  #closedWays = 0
  #over = false

  constructor(ports: ConversationPorts) {
    this.#ports = ports
    const { id, subject } = ports.session
    // First what nobody else can have chosen: a subject may be called like the rest of a line.
    this.#upstream = new Upstream(ports.session, `${id} ${subject.id}`)
  }

  /** Rejects with `Refused` when nobody can say as whom to log in. Once it resolves, channels are taken. */
  async begin(): Promise<void> {
    const { connection, session, login } = this.#ports
    this.#login = await this.#upstream.logInAs(login)
    connection.on('session', (accept, reject) => {
      if (this.#isTooMuch()) return reject()
      this.#open(accept())
    })
    connection.on('tcpip', (accept, reject, { destIP, destPort }) =>
      this.#forward({ host: destIP, port: destPort }, accept, reject),
    )
    connection.on('openssh.streamlocal', (_accept, reject, { socketPath }) =>
      this.#refuse('streamlocal', { socket: socketPath }, reject),
    )
    connection.on('request', (_accept, reject, name: string, info) => {
      const at = { host: info.bindAddr, port: info.bindPort }
      if (name === 'tcpip-forward') this.#refuse('forwarded_tcpip', at, reject)
      else if (name === 'streamlocal-forward@openssh.com') this.#refuse('streamlocal', {}, reject)
      else reject?.()
    })
    session.ending.on(() => void this.#end())
    // Whoever asks first finds it under way; why it failed is told to each who asks.
    this.#upstream.connect().catch(() => {})
  }

  #open(requests: ChannelRequests): void {
    const { session, cut, stallMs } = this.#ports
    const ports = {
      session,
      upstream: this.#upstream,
      login: this.#login,
      means: this.#ports.means,
      mayBeRefused: () => this.#mayBeRefused(),
      cut,
      stallMs,
    }
    const channel = new SessionChannel(ports, requests)
    this.#channels.add(channel)
    requests.on('close', () => this.#channels.delete(channel))
  }

  #forward(to: Destination, accept: () => ServerChannel | undefined, reject: () => void): void {
    if (this.#isTooMuch() || !isPlausible(to)) return reject()
    const { session, means, cut, stallMs } = this.#ports
    if (session.confined?.permits?.includes('permit-port-forwarding') === false)
      return this.#refuse('direct_tcpip', to, reject)
    const lane = session.lane()
    const exchange = new ForwardExchange(to, {
      login: this.#login,
      means,
      recordBytesMax: session.target.settings.stdin_record_bytes_max,
      upstream: () => this.#upstream.connect(),
      // A caller that is gone by then has no channel any more.
      accept: () => (this.#over ? undefined : accept()),
      reject,
      cut,
      stallMs,
    })
    const [admission] = lane.submit([exchange], false)
    const way: Way = {
      done: admission?.done ?? Promise.resolve(),
      get waitingBytes() {
        return exchange.waitingBytes
      },
      close: () => lane.close(),
    }
    this.#channels.add(way)
    void way.done.then(() => {
      this.#channels.delete(way)
      lane.close()
    })
  }

  /**
   * Once those whose programs were stopped have been told why. A client drops what it has not shown yet when it is
   * disconnected, and hangs up by itself when nothing is open any more: so it goes first.
   */
  async #end(): Promise<void> {
    const { connection } = this.#ports
    const gone = new Promise<void>((resolve) => void connection.once('close', () => resolve()))
    const whom = Array.from(this.#channels, ({ done }) => done)
    await Promise.race([Promise.all(whom), sleep(farewellMs, undefined, { ref: false })])
    const withinMs = whom.length > 0 ? toldPartingMs : partingMs
    await Promise.race([gone, sleep(withinMs, undefined, { ref: false })])
    connection.end()
  }

  /** A caller that sends more than it was told there is room for is no client: the library takes it all the same. */
  checkWindows(): void {
    for (const { waitingBytes } of this.#channels) if (waitingBytes > windowBytesMax) return this.#ports.cut()
  }

  async close(): Promise<void> {
    this.#over = true
    for (const channel of this.#channels) channel.close()
    this.#upstream.close()
    await this.#ports.session.close('client gone')
  }

  #isTooMuch(): boolean {
    this.#asks += 1
    return this.#asks > asksMax || this.#channels.size >= channelsMax
  }

  #mayBeRefused(): boolean {
    this.#closedWays += 1
    return this.#closedWays <= closedWaysMax
  }

  #refuse(
    name: 'direct_tcpip' | 'forwarded_tcpip' | 'streamlocal',
    at: { readonly host?: string; readonly port?: number; readonly socket?: string },
    reject: (() => void) | undefined,
  ): void {
    if (!this.#mayBeRefused()) return reject?.()
    const lane = this.#ports.session.lane()
    const [admission] = lane.submit(
      [new ClosedWay(wayAction(name, this.#login, at), closed, () => reject?.())],
      false,
    )
    void admission?.done.then(() => lane.close())
  }
}

/**
 * What an address or a name of a host looks like. `2130706433`, `127.1` and `::ffff:7f00:1` are 127.0.0.1 to a host, and
 * nothing of the kind to a policy: an address has one form.
 */
function isPlausible({ host, port }: Destination): boolean {
  if (!/^[\w.:-]{1,253}$/.test(host) || port < 1 || port > 65_535) return false
  const family = isIP(host)
  if (family === 6) return !host.startsWith('::ffff:') && new URL(`http://[${host}]`).hostname === `[${host}]`
  return family === 4 || !/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(host)
}

const closed: Refusal = refusal(
  'denied',
  'ssh/forwarding',
  'This way past commands is closed in this gateway.',
)
