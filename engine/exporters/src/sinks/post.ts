import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { limits, type Clock } from '@sluice/core'
import { failed, type Failed } from '../sink.ts'

export interface Receiver {
  readonly url: URL
  /** PEM of the authorities that sign its certificate, where they are not those of the machine. */
  readonly authority?: string | undefined
}

export interface Letter {
  /** After that of the receiver's URL. */
  readonly path: string
  /** In the place of that of the receiver's URL. */
  readonly search?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly retryAfterMs: number
  readonly body: string
}

/** There was no answer. The message names no address. */
export class PostError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PostError'
  }
}

/** POSTs to one receiver over one kept connection. Certificates are verified; nothing is followed. */
export class Poster {
  readonly #url: URL
  readonly #agent: PlainAgent
  readonly #request: typeof plainRequest
  readonly #clock: Pick<Clock, 'now' | 'after'>

  constructor({ url, authority }: Receiver, clock: Pick<Clock, 'now' | 'after'>) {
    const isTls = url.protocol === 'https:'
    const kept = { keepAlive: true, maxSockets: 1 }
    this.#url = url
    this.#clock = clock
    this.#request = isTls ? tlsRequest : plainRequest
    this.#agent = isTls
      ? new TlsAgent({
          ...kept,
          minVersion: 'TLSv1.2',
          ...(authority === undefined ? {} : { ca: authority }),
        })
      : new PlainAgent(kept)
  }

  /** @throws PostError when there is no answer within `limits.exportAttemptMs` */
  async post(letter: Letter, signal: AbortSignal): Promise<Answer> {
    const late = new AbortController()
    using _deadline = this.#clock.after(limits.exportAttemptMs, () => late.abort())
    const stop = AbortSignal.any([signal, late.signal])
    try {
      const response = await this.#sent(letter, stop)
      const body = await bodyOf(response)
      const retryAfterMs = retryAfterOf(response.headers['retry-after'], this.#clock.now())
      return { status: response.statusCode ?? 0, retryAfterMs, body }
    } catch (error) {
      if (error instanceof PostError) throw error
      if (late.signal.aborted) throw new PostError(`no answer within ${limits.exportAttemptMs} ms`)
      throw new PostError(`no answer: ${codeOf(error)}`, { cause: error })
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  /** A connection that the receiver closed while nothing was under way is no failure: a fresh one is. */
  #sent(letter: Letter, signal: AbortSignal, isSecond = false): Promise<IncomingMessage> {
    const { path, search, body } = letter
    const headers = {
      'user-agent': 'sluice',
      ...letter.headers,
      'content-length': String(Buffer.byteLength(body)),
    }
    const target = new URL(this.#url)
    target.pathname = `${target.pathname.replace(/\/$/, '')}${path}`
    if (search !== undefined) target.search = search
    return new Promise((resolve, reject) => {
      const request = this.#request(target, { method: 'POST', headers, agent: this.#agent, signal }, resolve)
      request.once('error', (error) => {
        const isStale = request.reusedSocket && codeOf(error) === 'ECONNRESET' && !signal.aborted
        if (isStale && !isSecond) resolve(this.#sent(letter, signal, true))
        else reject(error)
      })
      request.end(body)
    })
  }
}

/** What an HTTP status says where the receiver has no words of its own: who is refused may be let in later. */
export function failedBy({ status, retryAfterMs }: Pick<Answer, 'status' | 'retryAfterMs'>): Failed {
  return failed(`it answered ${status}`, retryAfterMs)
}

/** Statuses that blame what was sent. Everything else is about the receiver, or about who is allowed. */
export const refusing: ReadonlySet<number> = new Set([400, 413, 422])

/** `Retry-After` of RFC 9110, in seconds or as a date, within what is heeded. */
export function retryAfterOf(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), limits.exportRetryAfterMsMax)
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > limits.exportAnswerBytesMax) throw new PostError('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : 'the connection failed'
}
