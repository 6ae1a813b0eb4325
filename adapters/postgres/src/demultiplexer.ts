import { CutReply, replyBytes } from './cut-reply.ts'
import { Flight, type Expected, type Owner } from './flight.ts'
import { back } from './messages.ts'
import { Reply } from './replies.ts'
import { treatmentOf } from './treatments.ts'
import { Cursor, headerBytes, parseError, ProtocolViolation } from './wire.ts'

/** What a connection hears beside the answers to its exchanges. */
export interface ServerEvents extends Owner {
  /** A whole message outside of any answer. */
  aside(message: Buffer): void
  /** NotificationResponse within an answer: what the client may hear of it. */
  notified(message: Buffer): Buffer
  /** ParameterStatus. Throws when the connection may not go on with it. */
  parameter(name: string, value: string): void
  /** ReadyForQuery: `I`, `T` or `E`. */
  /** `alone`: one command was done since the last time, and nothing failed. */
  ready(status: 'I' | 'T' | 'E', alone: boolean): void
}

const none: Uint8Array = new Uint8Array(0)
const transactionStates: ReadonlyMap<number, 'I' | 'T' | 'E'> = new Map([
  [0x49, 'I'],
  [0x54, 'T'],
  [0x45, 'E'],
])

/**
 * Cuts the server's bytes into the answers of the exchanges that are under way, in order, exactly as the server
 * gives them: after an error in the extended protocol everything up to the next Sync is skipped. Rows are not looked
 * into, and only one that a chunk cuts is copied: an answer passes as a run of whole messages where it lies.
 */
export class Demultiplexer {
  readonly #events: ServerEvents
  readonly #cut = new CutReply()
  readonly #flights: Flight[] = []
  #last: Flight | undefined
  /** Commands since the last ReadyForQuery; NaN when one of them failed. */
  #done = 0
  #skipping = false
  #run = 0
  #rows = 0
  #recordFrom = -1
  #recordTo = -1

  constructor(events: ServerEvents) {
    this.#events = events
  }

  get idle(): boolean {
    return this.#flights.length === 0
  }

  /** The server has answered everything, is in no transaction, and waits for a first message. */
  get rests(): boolean {
    const last = this.#last
    const synced =
      last === undefined || (last.ready === 'I' && last.now === undefined && isEnd(last.expected.at(-1)))
    return this.idle && !this.#skipping && this.#cut.empty && synced
  }

  /** The flight's messages were sent, after those of all flights before it. `ahead` leaves before its answer. */
  launch(flight: Flight, ahead: Uint8Array = none): void {
    flight.attach(this.#events)
    if (ahead.length > 0) flight.push(new Reply(ahead))
    this.#flights.push(flight)
    this.#last = flight
    if (this.#flights[0] === flight) this.#settleHead()
  }

  /** Throws `ProtocolViolation` for what no server says. */
  feed(chunk: Buffer): void {
    const from = this.#cut.complete(chunk)
    const whole = this.#cut.take()
    if (whole !== undefined) this.#scan(whole, 0)
    if (from < chunk.length) this.#cut.keep(chunk, this.#scan(chunk, from))
  }

  /** All whole messages; gives where the first one begins that is not. */
  #scan(data: Buffer, from: number): number {
    this.#run = from
    let at = from
    while (data.length - at >= headerBytes) {
      const next = at + replyBytes(data, at)
      if (next > data.length) break
      this.#message(data, at, next)
      at = next
    }
    this.#emit(data, at)
    return at
  }

  /** The server is gone: nobody gets an answer any more. */
  lose(error: unknown): void {
    for (const flight of this.#flights.splice(0)) flight.lose(error)
  }

  #message(data: Buffer, at: number, next: number): void {
    const type = data[at] ?? 0
    const treatment = treatmentOf(type)
    if (treatment === 'refused') throw unexpected(type)
    if (treatment === 'aside') return this.#aside(type, data, at, next)
    const head = this.#flights[0]
    const now = head?.now
    if (head === undefined || now === undefined) return this.#unasked(type, data, at, next)
    if (treatment === 'content' && (now.hidden === undefined || type === back.errorResponse))
      this.#content(at, next)
    this.#answer(type, head, now, data, at, next)
  }

  #answer(type: number, head: Flight, now: Expected, data: Buffer, at: number, next: number): void {
    switch (type) {
      case back.dataRow:
      case back.copyData:
        if (!runs(now)) throw unexpected(type)
        this.#rows++
        return
      case back.errorResponse:
        return this.#error(head, now, data, at, next)
      case back.readyForQuery:
        return this.#ready(head, now, data, at, next)
      case back.parseComplete:
        this.#hide(now, data, at, next)
        return this.#expect(now.kind === 'parse', type, head, data, next)
      case back.bindComplete:
        return this.#expect(now.kind === 'bind', type, head, data, next)
      case back.closeComplete:
        this.#hide(now, data, at, next)
        return this.#expect(now.kind === 'close', type, head, data, next)
      case back.parameterDescription:
        if (now.kind !== 'describe') throw unexpected(type)
        now.parameters?.(data.subarray(at, next))
        this.#hide(now, data, at, next)
        return
      case back.rowDescription:
      case back.noData:
        if (now.kind === 'query' && type === back.rowDescription) return
        this.#hide(now, data, at, next)
        return this.#expect(now.kind === 'describe', type, head, data, next)
      case back.commandComplete:
      case back.emptyQueryResponse:
        this.#done++
        if (now.kind === 'query' && now.instead === undefined) return now.done?.()
        return this.#expect(now.kind === 'execute', type, head, data, next)
      case back.portalSuspended:
        if (now.kind !== 'execute') throw unexpected(type)
        return this.#advance(head, data, next)
      case back.copyInResponse:
        return this.#copyIn(head, now)
      case back.copyOutResponse:
      case back.copyDone:
        if (!runs(now)) throw unexpected(type)
        return
      default:
        throw unexpected(type)
    }
  }

  #expect(fits: boolean, type: number, head: Flight, data: Buffer, next: number): void {
    if (!fits || head.now?.instead !== undefined) throw unexpected(type)
    head.now?.done?.()
    this.#advance(head, data, next)
  }

  #advance(head: Flight, data: Buffer, next: number): void {
    head.position++
    if (head.now === undefined) this.#end(head, data, next)
  }

  #error(head: Flight, now: Expected, data: Buffer, at: number, next: number): void {
    const message = data.subarray(at, next)
    this.#done = NaN
    if (now.instead === undefined) {
      head.failed = true
      head.status = parseError(message).get('C') ?? null
    } else {
      this.#recordFrom = -1
      this.#emit(data, at)
      head.push(new Reply(now.instead))
      this.#run = next
    }
    now.failed?.()
    // An error at Sync is one of the commit: ReadyForQuery follows. One in a Query ends only that Query.
    if (now.kind === 'query' || now.kind === 'sync') return
    this.#skipping = true
    head.position++
    this.#skip(head, data, next)
  }

  #ready(head: Flight, now: Expected, data: Buffer, at: number, next: number): void {
    const status = transactionStates.get(data[at + headerBytes] ?? 0)
    if (next - at !== headerBytes + 1 || status === undefined) throw unexpected(back.readyForQuery)
    if (now.kind !== 'query' && now.kind !== 'sync') throw unexpected(back.readyForQuery)
    // The client sees the one that ends what failed before it.
    if (!this.#skipping || head.skipped) this.#hide(now, data, at, next)
    this.#skipping = false
    head.ready = status
    this.#events.ready(status, this.#done === 1)
    this.#done = 0
    this.#advance(head, data, next)
  }

  /** In COPY mode the server ignores every Sync that it already has: the client sends another one after its data. */
  #copyIn(head: Flight, now: Expected): void {
    if (!runs(now) || now.copyIn === undefined) throw unexpected(back.copyInResponse)
    if (now.kind === 'execute')
      head.expected = head.expected.filter(({ kind }, index) => index <= head.position || kind !== 'sync')
    now.copyIn()
  }

  #hide(now: Expected, data: Buffer, at: number, next: number): void {
    if (now.hidden === undefined) return
    this.#emit(data, at)
    now.hidden(Buffer.from(data.subarray(at, next)))
    this.#run = next
  }

  #aside(type: number, data: Buffer, at: number, next: number): void {
    if (type === back.parameterStatus) {
      const cursor = new Cursor(data, at + headerBytes, next)
      this.#events.parameter(cursor.text(), cursor.text())
    }
    if (this.#flights.length === 0) return this.#pass(data, at, next)
    if (type === back.notificationResponse) this.#notify(data, at, next)
  }

  /** Within an answer it leaves where it stands. */
  #notify(data: Buffer, at: number, next: number): void {
    const message = data.subarray(at, next)
    const shown = this.#events.notified(message)
    if (shown === message) return
    this.#emit(data, at)
    this.#flights[0]?.push(new Reply(shown))
    this.#run = next
  }

  /** An error while nothing runs is the server's farewell; anything else has no place there. */
  #unasked(type: number, data: Buffer, at: number, next: number): void {
    if (type !== back.errorResponse) throw unexpected(type)
    this.#pass(data, at, next)
  }

  #pass(data: Buffer, at: number, next: number): void {
    this.#events.aside(data.subarray(at, next))
    this.#run = next
  }

  #content(at: number, next: number): void {
    if (this.#recordFrom < 0) this.#recordFrom = at
    this.#recordTo = next
  }

  #emit(data: Buffer, to: number): void {
    const head = this.#flights[0]
    if (head === undefined || to === this.#run) return
    head.push(new Reply(data.subarray(this.#run, to), this.#record(data), this.#rows))
    this.#reset(to)
  }

  #end(head: Flight, data: Buffer, to: number): void {
    this.#flights.shift()
    head.finish(data.subarray(this.#run, to), this.#record(data), this.#rows)
    this.#reset(to)
    this.#settleHead()
  }

  #record(data: Buffer): Uint8Array {
    return this.#recordFrom < 0 ? none : data.subarray(this.#recordFrom, this.#recordTo)
  }

  #reset(to: number): void {
    this.#run = to
    this.#rows = 0
    this.#recordFrom = -1
  }

  /** Moves on to the flight's Sync, or ends it: the server answers nothing before that. */
  #skip(head: Flight, data: Buffer, next: number): void {
    const rest = head.expected.findIndex(({ kind }, index) => index >= head.position && kind === 'sync')
    if (rest < 0) return this.#end(head, data, next)
    head.position = rest
  }

  #settleHead(): void {
    for (let head = this.#flights[0]; head !== undefined; head = this.#flights[0]) {
      if (this.#skipping && head.now?.kind !== 'sync') {
        head.skipped = true
        const rest = head.expected.findIndex(({ kind }) => kind === 'sync')
        head.position = rest < 0 ? head.expected.length : rest
      }
      if (head.now !== undefined) return head.lead()
      this.#flights.shift()
      head.finish(none, none, 0)
    }
  }
}

/** Only a Query or an Execute answers with rows or COPY data. */
function runs(now: Expected): boolean {
  return (now.kind === 'query' || now.kind === 'execute') && now.instead === undefined
}

/** ReadyForQuery is the answer to a Query and to a Sync. */
function isEnd(expected: Expected | undefined): boolean {
  return expected?.kind === 'query' || expected?.kind === 'sync'
}

function unexpected(type: number): ProtocolViolation {
  return new ProtocolViolation(`the server sent message type ${type} out of turn`)
}
