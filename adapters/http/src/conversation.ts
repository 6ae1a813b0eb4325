import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { refusalOf, Stop, worded, type Credential, type Lane, type Refusal, type Session } from '@sluice/core'
import { HttpExchange, type Judged, type Line } from './exchange.ts'
import { handOver, taken, type Caller } from './hand-over.ts'
import { canonicalHead, type CanonicalHead } from './head.ts'
import { Meter } from './llm/meter.ts'
import { normalise } from './normalise.ts'
import type { Means } from './obligations.ts'
import { partAfter, type Asked } from './parting.ts'
import type { Reception } from './reception.ts'
import { refuse } from './refuse.ts'
import { receiveBody, requireRoom } from './request-body.ts'
import type { HttpSettings } from './target.ts'
import { unpacked } from './unpacked.ts'
import { claimOf, unread, type Claim } from './unread.ts'
import type { Upstreams } from './upstreams.ts'
import { httpLimits } from './limits.ts'

export interface ConversationPorts {
  readonly reception: Reception
  readonly upstreams: Upstreams
  readonly means: Means
  /** Targets by the host names that are theirs. */
  readonly hosts: ReadonlyMap<string, string>
  /** Of this gateway, in `Via`. */
  readonly pseudonym: string
  /** How long a caller may take nothing of what is ready for it. */
  readonly stallMs: number
}

/** What comes over one connection: one request after another, each answered before the next is looked at. */
export class Conversation {
  readonly #ports: ConversationPorts
  readonly #lanes = new Map<Session<HttpSettings>, LaneInUse>()
  /** Requests that are not answered yet. */
  #pending = 0
  #turn: Promise<void> = Promise.resolve()
  /** As long as more of it may come: its head holds the caller's token. */
  #latest: IncomingMessage | undefined
  readonly #unreadable = new Stop<Refusal>()
  #closed = false
  /** Its last answer is told: what comes behind the body of that request is nobody's. */
  #parted = false

  constructor(ports: ConversationPorts) {
    this.#ports = ports
  }

  /** Resolves when all that has come so far is answered, and the connection has all of these answers. */
  get answered(): Promise<void> {
    return this.#turn
  }

  take(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    if (this.#parted) return void request.resume()
    const asked = this.#asked(request, response)
    this.#inTurn(asked, () => this.#serve(asked, expectsContinue))
  }

  /** The same for one that is refused, whatever else it says. */
  refuse(request: IncomingMessage, response: ServerResponse, reason: Refusal): void {
    const asked = this.#asked(request, response)
    this.#inTurn(asked, () => this.#refuse(asked, reason))
  }

  /**
   * What comes now cannot be read. Within the body of a request that is the answer to it, in its place, and what comes
   * after that is not looked at; else `true`: no request is told yet.
   */
  breakOff(reason: Refusal): boolean {
    const isFirst = this.#unreadable.requested === undefined
    this.#unreadable.request(reason)
    return isFirst && this.#latest?.complete !== false
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

  #asked(request: IncomingMessage, response: ServerResponse): Asked {
    return { request, response, socket: request.socket, stallMs: this.#ports.stallMs }
  }

  #inTurn(asked: Asked, serve: () => Promise<void>): void {
    const { request, socket } = asked
    this.#pending += 1
    this.#latest = request
    // What is sent far ahead of its answers waits at the caller, and not here. At the end of a message its parser reads on.
    if (this.#pending >= httpLimits.aheadMax) process.nextTick(() => socket.pause())
    this.#turn = this.#turn.then(async () => {
      if (!this.#closed) await serve()
      await taken(asked)
      this.#pending -= 1
      if (this.#latest === request && request.complete) this.#latest = undefined
      if (this.#pending === httpLimits.aheadMax - 1) socket.resume()
    })
  }

  async #serve(asked: Asked, expectsContinue: boolean): Promise<void> {
    let head: CanonicalHead
    try {
      head = canonicalHead(asked.request, { ...this.#ports, servername: servernameOf(asked) })
    } catch (error) {
      return this.#refuse(asked, refusalOf(error))
    }
    await this.#answer(head, asked, (session) => this.#received(head, asked, session, expectsContinue))
  }

  async #refuse(asked: Asked, reason: Refusal): Promise<void> {
    const claim = claimOf(asked.request, this.#ports)
    await this.#answer(claim, asked, () => ({ judged: unread(asked.request, claim, reason) }), reason)
  }

  /** `unreadable`: it is refused for that, whoever sent it. */
  async #answer(
    claim: Claim,
    asked: Asked,
    read: (session: Session<HttpSettings>) => Read | Promise<Read>,
    unreadable?: Refusal,
  ): Promise<void> {
    const { request, response, socket } = asked
    try {
      using lease = await this.#ports.reception.admit(claim, socket, unreadable)
      const { session } = lease
      const { judged, ...line } = await read(session)
      if (this.#closed) return
      if (!request.complete) this.#partAfter(asked)
      const exchange = new HttpExchange(judged, this.#lineOf(claim, asked, session, line))
      const lane = this.#laneOf(session)
      lane.claim(claim.run)
      await lane.submit([exchange], false)[0]?.done
      if (!response.writableEnded) response.destroy()
    } catch (error) {
      await this.#turnedAway(asked, worded(refusalOf(error), null))
    }
  }

  /** A refusal of somebody whom nobody knows. */
  async #turnedAway(asked: Asked, reason: Refusal): Promise<void> {
    const { request, response } = asked
    if (response.headersSent || response.destroyed) return void response.destroy()
    if (!request.complete) this.#partAfter(asked)
    for (const reply of refuse(reason)) await handOver(reply, asked)
  }

  #partAfter(asked: Asked): void {
    this.#parted = true
    partAfter(asked)
  }

  /** The whole of a request, or what there is of one that is refused. */
  async #received(
    head: CanonicalHead,
    { request, response }: Asked,
    session: Session<HttpSettings>,
    expectsContinue: boolean,
  ): Promise<Read> {
    const { settings } = session.target
    try {
      requireRoom(request, settings.body_bytes_max)
      if (expectsContinue) response.writeContinue()
      const received = await receiveBody(request, settings.body_bytes_max, this.#unreadable)
      const { headers, body } = await unpacked(head.headers, received, settings.body_bytes_max)
      const judged = normalise({ ...head, headers }, body, settings)
      const { llm } = judged
      return {
        judged,
        credential: await credentialOf(session),
        meter: llm === null ? undefined : new Meter(llm, settings.prices, body),
      }
    } catch (error) {
      return { judged: { ...normalise(head, nothing, settings), llm: null, objection: refusalOf(error) } }
    }
  }

  #lineOf(
    { prefix, preferAsync, acceptEncoding }: Claim,
    { response, socket, stallMs }: Caller,
    session: Session<HttpSettings>,
    { credential = null, meter }: Omit<Read, 'judged'>,
  ): Line {
    const { settings } = session.target
    const upstream = this.#ports.upstreams.of(session)
    return {
      upstream,
      response,
      socket,
      stallMs,
      credential,
      another: (refused) => session.credential(refused),
      sight: { prefix, origin: upstream.origin, base_path: settings.base_path },
      means: this.#ports.means,
      profile: settings.profile,
      meter,
      async: preferAsync,
      acceptEncoding,
    }
  }

  #laneOf(session: Session<HttpSettings>): Lane {
    const known = this.#lanes.get(session)
    if (known !== undefined) return known.lane
    const lane = session.lane()
    this.#lanes.set(session, { lane, watch: session.ending.on(() => this.#lanes.delete(session)) })
    return lane
  }
}

/** What there is of a request; the rest is only of one that may be performed. */
interface Read {
  readonly judged: Judged
  readonly credential?: Credential | null
  readonly meter?: Meter | undefined
}

function servernameOf({ socket }: Asked): string | undefined {
  return socket instanceof TLSSocket ? socket.servername || undefined : undefined
}

const nothing = Buffer.alloc(0)

interface LaneInUse {
  readonly lane: Lane
  /** The session outlives the connection. */
  readonly watch: Disposable
}

/** Read before anything is judged, so that nothing has to be waited for once it may be performed. */
function credentialOf(session: Session<HttpSettings>): Promise<Credential | null> {
  const { authentication } = session.target.settings
  return authentication.kind === 'none' ? Promise.resolve(null) : session.credential()
}
