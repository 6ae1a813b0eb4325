import { lookup, type LookupAddress } from 'node:dns'
import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { isIP } from 'node:net'
import { isLoopback, isReachable, limits, type Clock } from '@sluice/core'
import { retryAfterOf } from './delivery.ts'

export interface Letter {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** PEM of the authorities that sign the other side's certificate, where they are not those of the machine. */
  readonly authority?: string | undefined
}

export interface Answer {
  readonly status: number
  readonly retryAfterMs: number
  /** Up to `limits.noticeAnswerBytesMax` of it. */
  readonly body: string
}

/** The message names no address: the URL may itself be a secret. */
export class PostError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PostError'
  }
}

/**
 * One POST within `limits.noticeAttemptMs`. The host is looked up once and the connection goes to exactly the address
 * that was checked; certificates are verified; nothing is followed. `turn` picks one of several addresses.
 *
 * @throws PostError when there is no answer
 */
export async function post(
  letter: Letter,
  turn: number,
  clock: Pick<Clock, 'now' | 'after'>,
  signal: AbortSignal,
): Promise<Answer> {
  const late = new AbortController()
  using _deadline = clock.after(limits.noticeAttemptMs, () => late.abort())
  const stop = AbortSignal.any([signal, late.signal])
  try {
    const url = urlOf(letter.url)
    const address = await addressOf(url, turn, stop)
    const response = await sent(letter, url, address, stop)
    return {
      status: response.statusCode ?? 0,
      retryAfterMs: retryAfterOf(response.headers['retry-after'], clock.now()),
      body: await bodyOf(response),
    }
  } catch (error) {
    if (error instanceof PostError) throw error
    if (late.signal.aborted) throw new PostError(`no answer within ${limits.noticeAttemptMs} ms`)
    throw new PostError(`no answer: ${codeOf(error)}`, { cause: error })
  }
}

function urlOf(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new PostError('its URL is not one of HTTP')
  return url
}

async function addressOf(
  { protocol, hostname }: URL,
  turn: number,
  stop: AbortSignal,
): Promise<LookupAddress> {
  const host = hostname.replace(/^\[|\]$/g, '')
  const addresses = await resolved(host, stop)
  const address = addresses[turn % addresses.length]
  if (address === undefined) throw new PostError('its host has no address')
  if (!isReachable(address.address)) throw new PostError('its host has an address that is no other machine’s')
  if (protocol === 'http:' && !isLoopback(address.address))
    throw new PostError('its URL must begin with https: away from this machine')
  return address
}

/** A look-up cannot be stopped, but it need not be waited for. */
function resolved(host: string, stop: AbortSignal): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    stop.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
    lookup(host, { all: true }, (error, addresses) => (error === null ? resolve(addresses) : reject(error)))
  })
}

function sent(
  { headers, body, authority }: Letter,
  url: URL,
  { address, family }: LookupAddress,
  stop: AbortSignal,
): Promise<IncomingMessage> {
  const isTls = url.protocol === 'https:'
  const name = url.hostname.replace(/^\[|\]$/g, '')
  const options = {
    method: 'POST',
    host: address,
    family,
    port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, 'content-length': String(Buffer.byteLength(body)) },
    // A connection of its own: a kept one would lead to the address of then.
    agent: false,
    signal: stop,
    ...(isTls ? { servername: isIP(name) === 0 ? name : '', minVersion: 'TLSv1.2' as const } : {}),
    ...(isTls && authority !== undefined ? { ca: authority } : {}),
  }
  return new Promise((resolve, reject) => {
    const request = (isTls ? tlsRequest : plainRequest)(options, resolve)
    request.once('error', reject)
    request.end(body)
  })
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= limits.noticeAnswerBytesMax) break
  }
  return Buffer.concat(chunks).toString('utf8', 0, Math.min(length, limits.noticeAnswerBytesMax))
}

function codeOf(error: unknown): string {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : 'the connection failed'
}
