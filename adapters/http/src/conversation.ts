import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import {
  isLoopback,
  limits,
  refusal,
  Refused,
  refusalOf,
  Stop,
  worded,
  type Credential,
  type Lane,
  type Refusal,
  type Session,
} from '@sluice/core'
import { handOver, HttpExchange } from './exchange.ts'
import { canonicalHead, type CanonicalHead } from './head.ts'
import { Meter } from './llm/meter.ts'
import { normalise } from './normalise.ts'
import type { Means } from './obligations.ts'
import { refuse } from './refuse.ts'
import { receiveBody, requireRoom } from './request-body.ts'
import type { Sessions } from './sessions.ts'
import type { HttpSettings } from './target.ts'
import type { Upstreams } from './upstreams.ts'

export interface ConversationPorts {
  readonly sessions: Sessions
  readonly upstreams: Upstreams
  readonly means: Means
  /** Targets by the host names that are theirs. */
  readonly hosts: ReadonlyMap<string, string>
}

/** What comes over one connection: one request after another, each answered before the next is looked at. */
export class Conversation {
  readonly #ports: ConversationPorts
  readonly #lanes = new Map<Session<HttpSettings>, LaneInUse>()
  /** Requests that are not answered yet. */
  #pending = 0
  #turn: Promise<void> = Promise.resolve()
  #latest: IncomingMessage | undefined
  readonly #unreadable = new Stop<Refusal>()
  #closed = false

  constructor(ports: ConversationPorts) {
    this.#ports = ports
  }

  /** Resolves when all that has come so far is answered. */
  get answered(): Promise<void> {
    return this.#turn
  }

  take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    this.#pending += 1
    this.#latest = request
    // What is sent far ahead of its answers waits at the caller, and not here. At the end of a message its parser reads on.
    if (this.#pending >= limits.httpAheadMax) process.nextTick(() => request.socket.pause())
    this.#turn = this.#turn.then(async () => {
      await this.#serve(request, response, expectsContinue)
      this.#pending -= 1
      if (this.#pending === limits.httpAheadMax - 1) request.socket.resume()
    })
  }

  /**
   * What comes now cannot be read. Within the body of a request that is the answer to it, in its place; `false`:
   * no request is told. Whatever else comes behind it adds nothing.
   */
  breakOff(reason: Refusal): boolean {
    if (this.#unreadable.requested !== undefined) return true
    this.#unreadable.request(reason)
    return this.#latest?.complete === false
  }

  /** The caller is gone: what runs is stopped, and what waits for people is void. */
  close(): void {
    this.#closed = true
    for (const { lane, watch } of this.#lanes.values()) {
      watch[Symbol.dispose]()
      lane.close()
    }
    this.#lanes.clear()
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    if (this.#closed) return
    try {
      const head = canonicalHead(request, this.#ports)
      if (head.token !== null) inClear(request)
      await this.#judged(head, request, response, expectsContinue)
    } catch (error) {
      await answer(response, request, worded(refusalOf(error), null))
    }
  }

  async #judged(
    head: CanonicalHead,
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): Promise<void> {
    using taken = await this.#ports.sessions.take({
      protocol: 'http',
      target: head.target,
      token: head.token ?? '',
      client: { ip: ipOf(request), application: head.application },
      run: head.run,
    })
    const { session } = taken
    const { settings } = session.target
    requireRoom(request, settings.body_bytes_max)
    if (expectsContinue) response.writeContinue()
    const body = await receiveBody(request, settings.body_bytes_max, this.#unreadable)
    const judged = normalise(head, body, settings)
    const upstream = this.#ports.upstreams.of(session)
    const credential = await credentialOf(session)
    if (this.#closed) return
    const lane = this.#laneOf(session)
    lane.claim(head.run)
    const exchange = new HttpExchange(judged, {
      upstream,
      response,
      credential,
      rejected: () => void session.credential('rejected').catch(() => {}),
      sight: { prefix: head.prefix, origin: upstream.origin, base_path: settings.base_path },
      means: this.#ports.means,
      profile: settings.profile,
      meter: judged.llm === null ? undefined : new Meter(judged.llm, settings.prices, body),
      async: head.preferAsync,
    })
    await lane.submit([exchange], false)[0]?.done
    if (!response.writableEnded) response.destroy()
  }

  #laneOf(session: Session<HttpSettings>): Lane {
    const known = this.#lanes.get(session)
    if (known !== undefined) return known.lane
    const lane = session.lane()
    this.#lanes.set(session, { lane, watch: session.ending.on(() => this.#lanes.delete(session)) })
    return lane
  }
}

interface LaneInUse {
  readonly lane: Lane
  /** The session outlives the connection. */
  readonly watch: Disposable
}

/** Read before anything is judged, so that nothing has to be waited for once it may be performed. */
function credentialOf(session: Session<HttpSettings>): Promise<Credential | null> {
  const { authentication } = session.target.settings
  return authentication.kind === 'none' ? Promise.resolve(null) : session.credential('login')
}

function ipOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
}

function inClear(request: IncomingMessage): void {
  if (!(request.socket instanceof TLSSocket) && !isLoopback(ipOf(request))) throw new Refused(clearText)
}

const clearText = refusal(
  'token_refused',
  'adapter/clear_text',
  'A token may only be sent over TLS or from the same machine: use https.',
)

/** A refusal of what never became an exchange. What is left of its body is not read, so the connection ends. */
async function answer(response: ServerResponse, request: IncomingMessage, reason: Refusal): Promise<void> {
  if (response.headersSent || response.destroyed) return void response.destroy()
  if (!request.complete) response.shouldKeepAlive = false
  for (const reply of refuse(reason)) await handOver(reply, response)
}
