import { Pool } from 'undici'
import {
  refusalOf,
  type Address,
  type Credential,
  type Stop,
  type StopReason,
  type Target,
} from '@sluice/core'
import { dialTarget, unreachable, type Dial } from './dial.ts'
import { Flight } from './flight.ts'
import type { Headers, Reply } from './replies.ts'
import type { Authentication, HttpSettings } from './target.ts'

/** A request as it is judged. */
export interface Outgoing {
  readonly method: string
  readonly path: string
  /** Without `?`. */
  readonly query: string
  readonly headers: Headers
  readonly body: Buffer
}

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
  readonly #settings: HttpSettings
  #dial: Dial

  constructor({ address, settings }: Target<HttpSettings>, dial: Dial) {
    const scheme = settings.tls === 'disable' ? 'http' : 'https'
    this.#settings = settings
    this.#dial = dial
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
    const shown = authenticated(request, authentication, credential)
    const { method, path, query, headers, body } = shown
    const flight = new Flight(leave, stop)
    this.#pool.dispatch(
      {
        method,
        path: `${base_path}${path}${query === '' ? '' : `?${query}`}`,
        headers: ['host', this.#host, ...headers.flat()],
        body: body.length === 0 ? null : body,
      },
      flight,
    )
    return flight
  }

  close(): Promise<void> {
    return this.#pool.destroy()
  }
}

/** The request with the gateway's own credential, in place of whatever stood there. */
function authenticated(
  request: Outgoing,
  how: Authentication,
  credential: Credential | null,
): Pick<Outgoing, keyof Outgoing> {
  if (how.kind === 'none' || credential === null) return request
  const { user, password } = credential
  switch (how.kind) {
    case 'bearer':
      return withHeader(request, 'authorization', `Bearer ${password}`)
    case 'basic':
      return withHeader(
        request,
        'authorization',
        `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      )
    case 'header':
      return withHeader(request, how.name, password)
    case 'query': {
      const parameter = `${encodeURIComponent(how.name)}=${encodeURIComponent(password)}`
      return { ...request, query: request.query === '' ? parameter : `${request.query}&${parameter}` }
    }
  }
}

function withHeader(request: Outgoing, name: string, value: string): Outgoing {
  return { ...request, headers: [...request.headers.filter(([known]) => known !== name), [name, value]] }
}

/** The name under which the target is known, never what the caller said. */
function hostOf({ host, port }: Address, { tls }: HttpSettings): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (tls === 'disable' ? 80 : 443) ? name : `${name}:${port}`
}
