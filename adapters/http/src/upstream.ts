import { Pool } from 'undici'
import {
  refusalOf,
  type Address,
  type ConnectionLoad,
  type Credential,
  type Stop,
  type StopReason,
  type Target,
} from '@sluice/core'
import { authenticated } from './authenticate.ts'
import { dialTarget, unreachable, type Dial } from './dial.ts'
import { Flight } from './flight.ts'
import type { Headers, Reply } from './replies.ts'
import type { HttpSettings } from './target.ts'
import { hopOf } from './via.ts'

/** A request as it is judged. */
export interface Outgoing {
  readonly method: string
  readonly path: string
  /** Without `?`. */
  readonly query: string
  readonly headers: Headers
  readonly body: Buffer
}

/** Path and query as they stand in the first line. */
export function addressOf({ path, query }: Pick<Outgoing, 'path' | 'query'>): string {
  return query === '' ? path : `${path}?${query}`
}

/** Methods that have a body by what they mean (RFC 9110 §9.3). */
const expecting: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])
const keepAliveMs = 30_000
const headBytesMax = 65_536

/**
 * Station 6: the connections to one target, which all its callers share. Nothing is sent twice, redirects are handed
 * on and not followed, and the credential is put in last.
 */
export class Upstream {
  /** E.g. `https://api.internal:8443`. */
  readonly origin: string
  readonly #pool: Pool
  readonly #host: string
  readonly #hop: string
  readonly #settings: HttpSettings
  #dial: Dial

  /** `pseudonym`: of the gateway, for targets to see what a request came through. */
  constructor({ address, settings }: Target<HttpSettings>, dial: Dial, pseudonym: string) {
    const scheme = settings.tls === 'disable' ? 'http' : 'https'
    this.#settings = settings
    this.#dial = dial
    this.#hop = hopOf(pseudonym)
    this.#host = hostOf(address, settings)
    this.origin = `${scheme}://${this.#host}`
    this.#pool = new Pool(this.origin, {
      connections: settings.connections_max,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: headBytesMax,
      headersTimeout: settings.answer_timeout_ms,
      bodyTimeout: settings.answer_timeout_ms,
      keepAliveTimeout: keepAliveMs,
      connect: (_options, done) => {
        dialTarget(this.#dial, address, settings).then(
          (socket) => done(null, socket),
          (error: unknown) =>
            done(error instanceof Error ? error : unreachable(refusalOf(error).message), null),
        )
      },
    })
  }

  get load(): ConnectionLoad {
    const { running, free, queued } = this.#pool.stats
    return { busy: running, resting: free, waiting: queued, max: this.#settings.connections_max }
  }

  /** Connections are made through a session that is still open. */
  through(dial: Dial): void {
    this.#dial = dial
  }

  /** `leave` is called in the turn in which the request is written, and throws when it must not be. */
  send(
    request: Outgoing,
    credential: Credential | null,
    leave: () => void,
    stop: Stop<StopReason>,
  ): AsyncIterable<Reply> {
    const { authentication, base_path } = this.#settings
    const placed = { ...request, path: `${base_path}${request.path}` }
    const { method, headers, body, ...to } = authenticated(placed, this.#host, authentication, credential)
    const flight = new Flight(leave, stop)
    this.#pool.dispatch(
      {
        method,
        path: addressOf(to),
        headers: ['host', this.#host, ...headers.flat(), 'via', this.#hop],
        body: body.length === 0 ? null : body,
        // Some servers do not read a body that they do not expect, and would take it for the next request.
        ...(body.length > 0 && !expecting.has(method) ? { reset: true } : {}),
      },
      flight,
    )
    flight.startsWithin(this.#settings.answer_timeout_ms)
    return flight
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

/** The name under which the target is known, never what the caller said. */
function hostOf({ host, port }: Address, { tls }: HttpSettings): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (tls === 'disable' ? 80 : 443) ? name : `${name}:${port}`
}
