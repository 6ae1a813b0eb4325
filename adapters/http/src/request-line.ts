import { refusal, Refused } from '@sluice/core'
import { excessive, malformed } from './objection.ts'
import { canonicalPath } from './path.ts'
import { httpLimits } from './limits.ts'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof methods)[number]

export function methodOf(raw: string | undefined): Method {
  const method = methods.find((each) => each === raw)
  if (method === undefined) throw malformed('method', `Methods here are ${methods.join(', ')}.`, '405')
  return method
}

export interface RequestTarget {
  readonly path: string
  /** Without `?`, and exactly as it came. */
  readonly query: string
}

/** What may stand in a query as it is: RFC 3986 §3.4, and brackets and the like, which clients do not always escape. */
const queryChars = /^[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]{}|^]*$/

/** The origin form, and no other: a target is chosen by configuration, never by an address that a caller writes. */
export function requestTargetOf(url: string | undefined): RequestTarget {
  if (url === undefined || !url.startsWith('/'))
    throw malformed('request_target', 'A request names a path of its target, and no other address.')
  if (url.length > httpLimits.targetBytesMax)
    throw excessive('request_target', 'Path and query are too long.', '414')
  const mark = url.indexOf('?')
  const path = canonicalPath(mark < 0 ? url : url.slice(0, mark))
  const query = mark < 0 ? '' : url.slice(mark + 1)
  if (!queryChars.test(query)) throw malformed('query', 'The query has a character that must be escaped.')
  return { path, query }
}

/** Where a request goes, what is in front of its path there, and the rest of the path. */
export interface Placed {
  readonly target: string
  readonly prefix: string
  readonly path: string
}

/** By its host, where that is a target's own; else by the first segment of the path. */
export function placed(path: string, host: string, hosts: ReadonlyMap<string, string>): Placed {
  const own = hosts.get(host)
  if (own !== undefined) return { target: own, prefix: '', path }
  const target = targetNamed(path)
  if (target === undefined) throw new Refused(noTarget)
  const prefix = `/${target}`
  return { target, prefix, path: path.slice(prefix.length) || '/' }
}

/** The target that the first segment of an address names, if it does. */
export function targetNamed(url: string): string | undefined {
  return /^\/([a-z0-9][a-z0-9_-]{0,62})(?:[/?]|$)/.exec(url)?.[1]
}

const noTarget = refusal(
  'target_unknown',
  'http/target',
  'The path begins with the name of a target: /<target>/…',
)
