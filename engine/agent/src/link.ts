import { performServerHandshake, type ServerHttp2Session } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import { addressText, type Address, type Clock, type Ids } from '@sluice/core'
import type { AllowList, Resolve } from './allow-list.ts'
import { Backoff } from './backoff.ts'
import { connectTo, greeted, NotWelcome } from './gateway-connection.ts'
import { Heartbeat } from './heartbeat.ts'
import { protocols } from './hello.ts'
import { limits } from './limits.ts'
import type { AgentState } from './state.ts'
import { serveStreams } from './streams.ts'
import { why } from './why.ts'

export interface LinkPorts {
  /** Of this software. */
  readonly version: string
  readonly state: AgentState
  readonly allow: AllowList
  readonly resolve: Resolve
  readonly clock: Clock
  readonly ids: Pick<Ids, 'random32'>
  /** What the operator should know: connected, lost, refused. */
  readonly tell: (what: string) => void
}

/** One agent's connection to one gateway, made again whenever it is lost. */
export class Link {
  readonly #gateway: Address
  readonly #ports: LinkPorts
  readonly #signal: AbortSignal
  readonly #backoff: Backoff
  #told: string | undefined
  #retired = false

  constructor(gateway: Address, signal: AbortSignal, ports: LinkPorts) {
    this.#gateway = gateway
    this.#ports = ports
    this.#signal = signal
    this.#backoff = new Backoff(ports)
  }

  /** Until it is told to stop, or until the gateway says what will not change. Resolves with that, if so. */
  async run(): Promise<NotWelcome | undefined> {
    while (!this.#signal.aborted && !this.#retired) {
      let refused = false
      try {
        await this.#connection()
      } catch (error) {
        if (error instanceof NotWelcome && isFinal(error)) return error
        refused = error instanceof NotWelcome && error.code !== 'unavailable'
        this.#tell(error instanceof NotWelcome ? error.message : why(error))
      }
      await this.#backoff.pause(this.#signal, refused ? limits.refusedRetryMs : undefined)
    }
    return undefined
  }

  /** What there is may go on; it is not made again. */
  retire(): void {
    this.#retired = true
  }

  async #connection(): Promise<void> {
    const { state, version, allow, clock } = this.#ports
    if (state.authority === null) throw new Error('it has not enrolled')
    const socket = await connectTo(this.#gateway, state.authority, state)
    try {
      const allows = allow.texts
      const welcome = await greeted(socket, { version, protocols, purpose: 'tunnel', allows })
      const session = performServerHandshake(socket, {
        maxSessionMemory: limits.sessionMemoryMib,
        streamResetBurst: limits.resetsBurst,
        streamResetRate: limits.resetsPerSecond,
        settings: {
          maxConcurrentStreams: limits.streamsMax,
          initialWindowSize: limits.uploadWindowBytes,
          maxFrameSize: limits.frameBytes,
          maxHeaderListSize: limits.helloBytesMax,
        },
      })
      // The gateway has taken it up.
      session.once('remoteSettings', () => {
        this.#told = undefined
        this.#ports.tell(
          `connected to ${addressText(this.#gateway)} (${welcome.gateway}) as ${welcome.name}, ${welcome.id}`,
        )
      })
      const lost = await this.#served(session, socket, clock)
      if (!this.#signal.aborted) this.#tell(lost)
    } finally {
      socket.destroy()
    }
  }

  /** Resolves with the reason, once the connection is over. */
  #served(session: ServerHttp2Session, socket: TLSSocket, clock: Clock): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { allow, resolve: lookUp, state, tell } = this.#ports
    let reason = 'the gateway closed the connection'
    const beats = new Heartbeat(session, () => socket.bytesRead, clock, {
      gone: () => {
        reason = 'the gateway did not answer any more'
        session.destroy()
      },
    })
    serveStreams(session, {
      allow,
      resolve: lookUp,
      renew: (certificate) => state.renewed(certificate),
      report: tell,
    })
    session.setLocalWindowSize(limits.uploadConnectionWindowBytes)
    session.on('error', (error) => (reason = `the connection failed (${why(error)})`))
    // What is under way may end.
    const leave = (): void => {
      session.close()
      clock.after(limits.leaveMs, () => session.destroy())
    }
    if (this.#signal.aborted) leave()
    else this.#signal.addEventListener('abort', leave, { once: true })
    const steady = clock.after(limits.retryMsMax, () => this.#backoff.reset())
    session.once('close', () => {
      this.#signal.removeEventListener('abort', leave)
      beats[Symbol.dispose]()
      steady[Symbol.dispose]()
      resolve(reason)
    })
    return promise
  }

  /** The same thing once, not at each attempt. */
  #tell(what: string): void {
    if (what === this.#told) return
    this.#told = what
    this.#ports.tell(`no connection to ${addressText(this.#gateway)}: ${what}; trying again`)
  }
}

/** Nothing but an operator changes it. */
function isFinal({ code }: NotWelcome): boolean {
  return code === 'removed' || code === 'certificate_expired' || code === 'certificate_refused'
}
