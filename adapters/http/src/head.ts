import { isRunId, traceOf, type Run } from '@sluice/core'
import { forwarded, prefersAsync } from './forwarded.ts'
import { hostOf, requireKnownExpectation, requireOneFraming, requireOneHost } from './framing.ts'
import { headerFields } from './header-fields.ts'
import { pairsOf, type Pairs } from './pairs.ts'
import { headerOf, type Headers } from './replies.ts'
import { methodOf, placed, requestTargetOf, type Method } from './request-line.ts'
import { carriedToken } from './token.ts'
import { refuseLoop } from './via.ts'

/** A head as `node:http` gives it. Its parser lets through what this must not: it joins, drops and guesses. */
export interface RawHead {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersion: string
  readonly rawHeaders: readonly string[]
}

/** The one form of a head: what is judged is what is sent. */
export interface CanonicalHead {
  readonly method: Method
  readonly target: string
  /** What stands in front of the path at the gateway; empty where a target has a host name of its own. */
  readonly prefix: string
  /** As `canonicalPath` makes it. */
  readonly path: string
  /** Without `?`, exactly as it came. */
  readonly query: string
  readonly parameters: Pairs
  /** Names in lower case; what goes upstream, without what belongs to the connection, the gateway or other proxies. */
  readonly headers: Headers
  readonly token: string | null
  readonly run: Run
  readonly preferAsync: boolean
  readonly acceptEncoding: string | null
  readonly application: string | null
}

/** What a head is read by, besides its path: the names of targets, and the gateway's own. */
export interface Names {
  /** Targets by the host names that are theirs. */
  readonly hosts: ReadonlyMap<string, string>
  /** Of TLS (RFC 6066 §3), where the client said one. */
  readonly servername?: string | undefined
  /** By which this gateway would find that a request came through it before. */
  readonly pseudonym: string
}

const applicationCharsMax = 256

/**
 * Pure. Throws `Refused` for what different servers would read differently, for what is no HTTP/1.1, and for what is
 * above a limit. What only the target can say of its paths is asked later, when it is known that there is one.
 */
export function canonicalHead(raw: RawHead, { hosts, servername, pseudonym }: Names): CanonicalHead {
  const fields = headerFields(raw.rawHeaders)
  requireOneFraming(fields, raw.httpVersion)
  refuseLoop(fields, pseudonym)
  const method = methodOf(raw.method)
  const { path, query } = requestTargetOf(raw.url)
  const host = hostOf(fields)
  if (servername !== undefined) requireOneHost(host, servername, hosts)
  requireKnownExpectation(fields)
  const { token, rest } = carriedToken(fields, raw.url ?? '')
  return {
    method,
    ...placed(path, host, hosts),
    query,
    parameters: pairsOf(query, 'query'),
    headers: forwarded(rest),
    token,
    run: runOf(fields),
    preferAsync: prefersAsync(fields),
    acceptEncoding: headerOf(fields, 'accept-encoding') ?? null,
    application: headerOf(fields, 'user-agent')?.slice(0, applicationCharsMax) ?? null,
  }
}

export function runOf(fields: Headers): Run {
  const id = headerOf(fields, 'x-sluice-run-id') ?? ''
  const trace = traceOf(headerOf(fields, 'traceparent') ?? '')
  return { ...(trace ?? { trace_id: null }), id: isRunId(id) ? id : null }
}
