import type { Dispatcher } from 'undici'
import { refusal, Refused, type Stop, type StopReason } from '@sluice/core'
import { unreachable } from './dial.ts'
import { headerOf, type Headers, type Reply } from './replies.ts'

type Next = IteratorResult<Reply, undefined>

/** Bytes of an answer that wait for the caller before the target is made to wait. */
const waitingBytesMax = 262_144
/** What a piece costs while it waits, however little is in it. */
const pieceBytesMin = 256
/** Interim answers (103 and the like) before the final one. */
const interimMax = 16

/**
 * One request under way, and its answer as it comes. The client library calls `onRequestStart` in the turn in which
 * the request is written: that is where `leave` may still refuse.
 */
export class Flight implements Dispatcher.DispatchHandler, AsyncIterable<Reply> {
  readonly #leave: () => void
  readonly #waiting: Reply[] = []
  #bytes = 0
  #interim = 0
  #controller: Dispatcher.DispatchController | undefined
  #failure: unknown
  #over = false
  #started = false
  #late: NodeJS.Timeout | undefined
  /** Waits for what comes next. */
  #asked: PromiseWithResolvers<Next> | undefined

  /** `leave` throws when the request must not be written any more. */
  constructor(leave: () => void, stop: Stop<StopReason>) {
    this.#leave = leave
    stop.on((reason) => this.#abort(stopped[reason]))
  }

  /** Others may have all connections for as long as they like: whoever waits for one does not. */
  startsWithin(waitMs: number): void {
    if (this.#started || this.#failure !== undefined) return
    this.#late = setTimeout(() => this.#abort(unreachable('all of its connections are in use.')), waitMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#started = true
    clearTimeout(this.#late)
    if (this.#failure !== undefined) return controller.abort(errorOf(this.#failure))
    try {
      this.#leave()
    } catch (error) {
      this.#abort(error)
    }
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) {
      this.#interim += 1
      if (this.#interim > interimMax || status === 101)
        this.#abort(unreachable('its answer is not understood.'))
      return
    }
    const headers = headersOf(controller.rawHeaders)
    if (isCoded(headers))
      return this.#abort(unreachable('its answer is in a transfer coding that nobody asked for.'))
    this.#push({ kind: 'head', status, headers })
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#bytes += costOf(bytes)
    this.#push({ kind: 'data', bytes })
    if (this.#bytes > waitingBytesMax) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#over = true
    this.#push({ kind: 'end', trailers: headersOf(controller.rawTrailers) })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error instanceof Refused ? error : failed(error))
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(unreachable('it changed the protocol, which nobody asked for.'))
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply, undefined> {
    return {
      next: () => this.#next(),
      return: () => {
        if (!this.#over) this.#abort(stopped.cancelled)
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }

  #next(): Promise<Next> {
    const asked = Promise.withResolvers<Next>()
    this.#asked = asked
    this.#hand()
    return asked.promise
  }

  /** Gives whoever waits what there is. */
  #hand(): void {
    const asked = this.#asked
    if (asked === undefined) return
    const reply = this.#waiting.shift()
    if (reply === undefined && this.#failure === undefined && !this.#over) return
    this.#asked = undefined
    if (reply !== undefined) asked.resolve({ done: false, value: this.#taken(reply) })
    else if (this.#failure === undefined) asked.resolve({ done: true, value: undefined })
    else asked.reject(this.#failure)
  }

  #taken(reply: Reply): Reply {
    if (reply.kind !== 'data') return reply
    this.#bytes -= costOf(reply.bytes)
    if (this.#controller?.paused === true && this.#bytes <= waitingBytesMax / 2) this.#controller.resume()
    return reply
  }

  #push(reply: Reply): void {
    this.#waiting.push(reply)
    this.#hand()
  }

  #abort(error: unknown): void {
    this.#fail(error)
    if (!this.#over) this.#controller?.abort(errorOf(error))
  }

  /** The first reason is the one that counts; what came before it is still handed out. */
  #fail(error: unknown): void {
    clearTimeout(this.#late)
    this.#failure ??= error
    this.#hand()
  }
}

/** Stopped from this side. */
export const stopped: { readonly [Reason in StopReason]: Refused } = {
  cancelled: new Refused(refusal('cancelled', 'http/stopped', 'The request was cancelled.')),
  ending: new Refused(refusal('cancelled', 'http/stopped', 'The session or the connection ended.')),
  limit: new Refused(refusal('cancelled', 'policy/limit', 'A limit of the policy was reached.')),
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}

function failed(error: Error & { code?: string }): Refused {
  switch (error.code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return unreachable('it does not answer in time.', { cause: error })
    case 'UND_ERR_HEADERS_OVERFLOW':
      return unreachable('the head of its answer is too large.', { cause: error })
    default:
      return unreachable('the connection was lost, or its answer is not understood.', { cause: error })
  }
}

function costOf({ length }: Buffer): number {
  return Math.max(length, pieceBytesMin)
}

/** Its chunks are gone; what else was done to it would stay, unseen by whoever looks into it. */
function isCoded(headers: Headers): boolean {
  const coding = headerOf(headers, 'transfer-encoding')
  return coding !== undefined && coding.toLowerCase() !== 'chunked'
}

function headersOf(raw: Dispatcher.DispatchController['rawHeaders']): Headers {
  if (!Array.isArray(raw)) return []
  const headers: (readonly [string, string])[] = []
  for (let at = 0; at + 1 < raw.length; at += 2)
    headers.push([latin1(raw[at]).toLowerCase(), latin1(raw[at + 1])])
  return headers
}

function latin1(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value?.toString('latin1') ?? '')
}
