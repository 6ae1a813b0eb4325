import { setTimeout as sleep } from 'node:timers/promises'
import { limits, refusalOf, type Refusal, type Session } from '@sluice/core'
import { cancelRequest } from './constants.ts'
import { Demultiplexer, type ServerEvents } from './demultiplexer.ts'
import { dialTarget, unreachable } from './dial.ts'
import type { Flight } from './flight.ts'
import { leave } from './leave.ts'
import type { LoggedIn } from './login.ts'
import { Outbox } from './outbox.ts'
import type { PostgresSettings } from './target.ts'
import { ProtocolViolation } from './wire.ts'

/** How long a CancelRequest's connection may stay open: the server closes it when the signal is sent. */
const cancelConnectionMs = 2_000

/** What a connection tells its conversation. */
export interface UpstreamEvents extends Pick<ServerEvents, 'aside' | 'notified' | 'parameter' | 'ready'> {
  /** The connection is over, or must be. Called once. */
  lost(reason: Refusal): void
}

/** The one connection to the target that a client's connection has. */
export class Upstream {
  readonly #session: Session<PostgresSettings>
  readonly #login: LoggedIn
  readonly #outbox: Outbox
  readonly #answers: Demultiplexer
  readonly #events: UpstreamEvents
  readonly #ahead: Buffer[] = []
  #aheadBytes = 0
  #queuedBytes = 0
  /** Who cannot take what the server says by itself. */
  #waits = 0
  #closed = false
  /** The server has its key, and may act on it at any time after. */
  #cancelled = false

  constructor(session: Session<PostgresSettings>, login: LoggedIn, events: UpstreamEvents) {
    this.#session = session
    this.#login = login
    this.#events = events
    this.#outbox = new Outbox(login.socket)
    this.#answers = new Demultiplexer({
      aside: (message) => events.aside(message),
      notified: (message) => events.notified(message),
      parameter: (name, value) => events.parameter(name, value),
      ready: (status, alone) => events.ready(status, alone),
      queued: (bytes) => this.#queued(bytes),
      taken: (bytes) => this.#taken(bytes),
      cancel: () => this.#cancel(),
    })
    login.socket.on('data', this.#onData)
    login.socket.on('close', this.#onClose)
    login.socket.resume()
  }

  /** Bytes leave in the order of the calls, together with everything else of this tick. */
  send(bytes: Uint8Array): void {
    this.#outbox.push(bytes)
  }

  /** The messages that `flight` expects answers to have been given to `send`. */
  launch(flight: Flight): void {
    if (this.#closed) flight.lose(unreachable('it closed the connection.'))
    else this.#answers.launch(flight, this.aheadOfNothing())
  }

  /** What the server said by itself must reach the client before the answer to whatever is sent next. */
  goAhead(message: Buffer): void {
    this.#ahead.push(message)
    this.#aheadBytes += message.length
    this.#flow()
  }

  /** The same when nothing was sent any more. */
  aheadOfNothing(): Buffer {
    const ahead = Buffer.concat(this.#ahead.splice(0))
    this.#aheadBytes = 0
    this.#flow()
    return ahead
  }

  /** The server is not read further before that, though it is asked for nothing. */
  keepWaiting(until: Promise<void> | undefined): void {
    if (until === undefined) return
    this.#waits++
    this.#flow()
    void until.then(() => {
      this.#waits--
      this.#flow()
    })
  }

  get idle(): boolean {
    return this.#answers.idle
  }

  full(): Promise<void> | undefined {
    return this.#outbox.full()
  }

  /**
   * Leaves politely when nothing runs; otherwise what runs is cancelled first. `clean`: a reset takes away whatever the
   * session left. Only then, and at rest, a pool gets it back; a cancel on its way would hit the next one's statement.
   */
  async close(clean: boolean): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { socket, giveBack } = this.#login
    if (this.#answers.idle) {
      socket.off('data', this.#onData)
      socket.off('close', this.#onClose)
      this.#outbox.detach()
      if (giveBack !== undefined && clean && this.#answers.rests && !this.#cancelled) giveBack()
      else leave(socket)
    } else {
      await this.#cancel()
      socket.destroy()
    }
    this.#answers.lose(unreachable('the connection was closed.'))
  }

  readonly #onData = (chunk: Buffer): void => this.#feed(chunk)
  readonly #onClose = (): void => this.#lose(unreachable('it closed the connection.'))

  #feed(chunk: Buffer): void {
    try {
      this.#answers.feed(chunk)
    } catch (error) {
      const violation = error instanceof ProtocolViolation
      this.#lose(violation ? unreachable(`${error.message}.`, { cause: error }) : error)
    }
  }

  /** Only whole messages that wait count: a large one must be able to arrive. */
  #queued(bytes: number): void {
    this.#queuedBytes += bytes
    this.#flow()
  }

  #taken(bytes: number): void {
    this.#queuedBytes -= bytes
    this.#flow()
  }

  #flow(): void {
    // It may be somebody else's by now.
    if (this.#closed) return
    const { socket } = this.#login
    const waits = this.#queuedBytes + this.#aheadBytes > limits.replyQueueBytesMax || this.#waits > 0
    if (waits) socket.pause()
    else if (socket.isPaused()) socket.resume()
  }

  #lose(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#login.socket.destroy()
    this.#answers.lose(error)
    this.#events.lost(refusalOf(error))
  }

  /** Never rejects: a cancel that cannot be delivered leaves the statement to end by itself. */
  async #cancel(): Promise<void> {
    const key = this.#login.cancelKey
    if (key === null) return
    this.#cancelled = true
    try {
      const socket = await dialTarget(this.#session)
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
      socket.resume()
      socket.end(cancelRequest(key.processId, key.secret))
      await Promise.race([closed, sleep(cancelConnectionMs, undefined, { ref: false })])
      socket.destroy()
    } catch {
      return
    }
  }
}
