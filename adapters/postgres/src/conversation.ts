import {
  limits,
  refusal,
  type Admission,
  type Lane,
  type Refusal,
  type Run,
  type Session,
} from '@sluice/core'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Analyser } from './analyser.ts'
import { runOf, type Claim } from './commenter.ts'
import { flush } from './constants.ts'
import { Copying } from './copying.ts'
import type { Means } from './detect/oblige.ts'
import { Overheard } from './detect/overheard.ts'
import { PostgresExchange, type Line, type Message } from './exchange.ts'
import { Extended } from './extended.ts'
import { Flight } from './flight.ts'
import { takeServed } from './frames.ts'
import { greeting } from './greeting.ts'
import type { LoggedIn } from './login.ts'
import { back, front } from './messages.ts'
import { Mask } from './mask.ts'
import { openPlan } from './obligations.ts'
import { Outbox } from './outbox.ts'
import type { Processes } from './processes.ts'
import { receive, type Receiver } from './receiver.ts'
import { refuse } from './refuse.ts'
import type { Reply } from './replies.ts'
import { handedOver, mapped } from './reply-stream.ts'
import { Reported } from './reported.ts'
import { StatementTimeout } from './statement-timeout.ts'
import { Segment, type Draft } from './segment.ts'
import { Simple } from './simple.ts'
import { SessionContext } from './session-context.ts'
import type { PostgresSettings } from './target.ts'
import { Upstream } from './upstream.ts'
import { Cursor, headerBytes, ProtocolViolation } from './wire.ts'

/** What one client's connection is made of. */
export interface Ends {
  readonly session: Session<PostgresSettings>
  readonly client: Duplex
  readonly receiver: Receiver
  readonly login: LoggedIn
  readonly analyser: Analyser
  /** Of the target. */
  readonly processes: Processes
  /** Of masks. */
  readonly means: Means
  /** The statement_timeout that the client began with. */
  readonly timeout?: string | undefined
  /** What the client has said of its run so far. */
  readonly run: Run
  /** How long the client may take nothing of what is ready for it. */
  readonly stallMs?: number | undefined
}

/**
 * One client's connection after its login, to the end: takes messages, makes exchanges of them, and hands them to
 * the lane in the order in which a server would have worked them off.
 */
export class Conversation {
  readonly #session: Session<PostgresSettings>
  readonly #client: Duplex
  readonly #receiver: Receiver
  readonly #outbox: Outbox
  readonly #upstream: Upstream
  readonly #lane: Lane
  readonly #context: SessionContext
  readonly #segment = new Segment()
  readonly #simple: Simple
  readonly #extended: Extended
  #number = 0
  /** Settles when everything submitted so far has been answered. */
  #answered: Promise<unknown> = Promise.resolve()
  /** The same for what has taken its place upstream. */
  #admitted: Promise<unknown> = Promise.resolve()
  /** An answer to constants, which later exchanges' answers must not overtake. */
  #before: Promise<void> | undefined
  #lastSent: PostgresExchange | undefined
  #inFlightBytes = 0
  readonly #copying = new Copying()
  readonly #means: Means
  readonly #overheard: Overheard
  readonly #processes: Processes
  readonly #given: Disposable | undefined
  readonly #analyser: Analyser
  readonly #reported: Reported
  #run: Run
  #over = false

  constructor({ session, client, receiver, login, analyser, processes, means, timeout, run, stallMs }: Ends) {
    this.#means = means
    this.#overheard = new Overheard(means.pseudonyms)
    this.#processes = processes
    this.#given =
      login.cancelKey === null ? undefined : processes.give(login.cancelKey.processId, session.cancelKey.id)
    this.#run = run
    this.#analyser = analyser
    this.#session = session
    this.#client = client
    this.#receiver = receiver
    this.#outbox = new Outbox(client, stallMs)
    this.#lane = session.lane()
    this.#context = new SessionContext(
      session,
      analyser,
      () => this.#answered,
      () => this.#admitted,
      new StatementTimeout(timeout),
    )
    const claim: Claim = (claims) => this.#claim(claims)
    this.#simple = new Simple(this.#context, this.#segment, claim)
    this.#extended = new Extended(this.#context, this.#segment, claim)
    const reported = (this.#reported = new Reported(login.parameters))
    this.#upstream = new Upstream(session, login, {
      aside: (message) => this.#aside(Buffer.from(this.#heard(message))),
      notified: (message) => this.#heard(message),
      parameter: (name, value) => reported.note(name, value),
      ready: (status, alone) => this.#context.ready(status, this.#lane.pending <= 1, alone),
      lost: (reason) => this.#end(reason),
    })
    session.ending.on((reason) => this.#end(reason))
    for (const message of greeting(login, session.cancelKey)) this.#outbox.push(message)
    this.#outbox.flush()
  }

  /** Resolves when the connection is over and recorded. */
  async run(): Promise<void> {
    let reason = 'the client is gone'
    try {
      while (await this.#step()) continue
      reason = 'the client has ended it'
      // A server that waits for data of COPY heeds no cancel.
      this.#copying.discard()
      this.#lane.leave()
      await this.#answered
    } catch (error) {
      if (error instanceof Gone) reason = error.message
      else reason = await this.#broken(error)
    }
    this.#copying.discard()
    this.#given?.[Symbol.dispose]()
    await this.#upstream.close(!this.#context.lingers)
    this.#outbox.flush()
    this.#client.end()
    await this.#session.close(reason)
    await Promise.race([this.#receiver.gone, sleep(lingerMs, undefined, { ref: false })])
    this.#client.destroy()
  }

  /** One message. False after Terminate. */
  async #step(): Promise<boolean> {
    const message = await receive(this.#receiver, takeServed)
    if (message === undefined) throw new Gone(this.#over ? 'the gateway has ended it' : 'the client is gone')
    const type = message[0] ?? 0
    if (await this.#copying.takes(type, message)) return true
    switch (type) {
      case front.query:
        await this.#alone(() => this.#simple.query(message, this.#number))
        break
      case front.parse:
      case front.bind:
      case front.describe:
      case front.execute:
      case front.close:
        this.#segment.arrived(this.#lane)
        await this.#extended.take(type, message, this.#number)
        if (this.#segment.drafts.length >= limits.unitExchangesMax) await this.#submit(true)
        break
      case front.flush:
        new Cursor(message, headerBytes).finish()
        await this.#submit(true)
        break
      case front.sync:
        new Cursor(message, headerBytes).finish()
        this.#segment.sync()
        await this.#submit(false)
        this.#number++
        break
      case front.functionCall:
        await this.#alone(() => this.#simple.functionCall(message, this.#number))
        break
      case front.terminate:
        return false
      case front.copyData:
      case front.copyDone:
      case front.copyFail:
        // The COPY that they belong to has failed or was refused: a server drops them too.
        break
      default:
        throw new ProtocolViolation(`unexpected message type ${type}`)
    }
    return true
  }

  /** A Query is a segment of its own; what came before it without Sync still comes before it. */
  async #alone(fill: () => Promise<void>): Promise<void> {
    await this.#submit(true)
    this.#number++
    this.#segment.arrived(this.#lane)
    await fill()
    await this.#submit(false)
    this.#number++
  }

  /** Hands the segment so far to the lane; `flushes`: without a Sync behind it. */
  async #submit(flushes: boolean): Promise<void> {
    const { passed } = this.#copying
    if (passed !== undefined) await passed
    const { drafts, lead, arrival, undoes } = this.#segment.take(flushes)
    if (drafts.length === 0) {
      if (lead.length > 0) await this.#constants(lead, flushes)
      return
    }
    if (lead.length > 0) throw new Error('constants outside of an exchange')
    const exchanges = drafts.map((draft, index) =>
      this.#exchange(draft, flushes && index === drafts.length - 1, undoes),
    )
    const admissions = this.#lane.submit(exchanges, true, arrival)
    for (const [index, admission] of admissions.entries()) this.#count(exchanges[index], admission)
    const last = admissions[admissions.length - 1]
    if (last === undefined) return
    this.#answered = last.done
    this.#admitted = last.admitted
    this.#copying.begin(drafts.find(({ copy }) => copy !== undefined)?.copy)
    const full = this.#lane.pending > limits.laneExchangesMax - limits.unitExchangesMax
    if (full || this.#inFlightBytes > limits.laneBytesMax) await this.#answered
  }

  #exchange(draft: Draft, flushes: boolean, undoes: boolean): PostgresExchange {
    const line: Line = {
      upstream: this.#upstream,
      client: this.#outbox,
      means: this.#means,
      overheard: this.#overheard,
      transaction: this.#context.transaction,
      before: this.#before,
      overlapReads: this.#session.target.settings.overlap_reads,
      catalogueNow: () => this.#analyser.source.anew(this.#session),
      heartbeat: () => this.#reported.heartbeat,
      patienceMs: () => this.#context.timeout.ms,
      isLast: (exchange) => this.#lastSent === exchange,
      sent: (exchange) => {
        this.#lastSent = exchange
      },
    }
    return new PostgresExchange(draft.parts(flushes, undoes, this.#context), line)
  }

  #count(exchange: PostgresExchange | undefined, { done }: Admission): void {
    const bytes = exchange?.content.length ?? 0
    this.#inFlightBytes += bytes
    void done.then(() => {
      this.#inFlightBytes -= bytes
    })
  }

  /** Close and Sync alone: nothing to judge, but they keep their place between the exchanges. */
  async #constants(messages: readonly Message[], flushes: boolean): Promise<void> {
    await this.#admitted
    if (this.#lastSent?.limited === true) {
      // A server keeps the end of a COPY to itself otherwise.
      this.#upstream.send(flush)
      await this.#answered
    }
    for (const { bytes } of messages) this.#upstream.send(bytes)
    if (flushes) this.#upstream.send(flush)
    const flight = new Flight(messages.map(({ expected }) => expected))
    this.#lastSent = undefined
    this.#upstream.launch(flight)
    const previous = this.#answered
    const mask = new Mask(openPlan, this.#context.transaction.underMasks)
    const shown = (reply: Reply): Reply => this.#overheard.words(mask.idle ? reply : mask.apply(reply))
    const delivered = handedOver(mapped(flight, shown), previous, this.#outbox)
    this.#answered = delivered
    this.#before = delivered
    void delivered.then(() => {
      if (this.#before === delivered) this.#before = undefined
    })
  }

  #heard(message: Buffer): Buffer {
    this.#processes.rename(message)
    const shown = this.#overheard.shown(message)
    if (shown[0] === back.notificationResponse) this.#upstream.keepWaiting(this.#lane.aside(1, shown))
    return shown
  }

  /** Notices, notifications and the server's farewell keep their place between the answers. */
  #aside(message: Buffer): void {
    if (this.#lane.pending === 0) {
      this.#outbox.push(message)
      return this.#upstream.keepWaiting(this.#outbox.full())
    }
    this.#upstream.goAhead(message)
    void this.#answered.then(() => this.#outbox.push(this.#upstream.aheadOfNothing()))
  }

  #claim(claims: ReadonlyMap<string, string>): void {
    this.#run = runOf(claims, this.#run)
    this.#lane.claim(this.#run)
  }

  /** The connection must end: what still runs is answered first, then the client reads why. */
  #end(reason: Refusal): void {
    if (this.#over) return
    this.#over = true
    const farewell = async (): Promise<void> => {
      // One that does not read now will not have read the rest of its answer by then either.
      const waitMs = this.#outbox.full() === undefined ? limits.cancelWaitMs : lingerMs
      await Promise.race([this.#answered, sleep(waitMs, undefined, { ref: false })])
      this.#farewell(reason)
    }
    void farewell()
  }

  #farewell(reason: Refusal): void {
    this.#outbox.push(refuse(reason, 'FATAL'))
    this.#outbox.flush()
    this.#client.end()
    this.#receiver.stop()
  }

  async #broken(error: unknown): Promise<string> {
    const violation = error instanceof ProtocolViolation
    const why = violation
      ? refusal('malformed', 'adapter/protocol', error.message, '08P01')
      : refusal('internal', 'adapter/internal', 'Sluice could not handle this connection.')
    // What was answered before the violation is still read by the client.
    this.#copying.discard()
    await Promise.race([this.#answered, sleep(limits.cancelWaitMs, undefined, { ref: false })])
    if (!this.#over) this.#outbox.push(refuse(why, 'FATAL'))
    this.#over = true
    return violation
      ? 'the client broke the protocol'
      : `internal: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** How long a client may take to close after it was told that the connection is over. */
const lingerMs = 1_000

class Gone extends Error {}
