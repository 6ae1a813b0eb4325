import { isGatewayCookie } from '@sluice/core'
import type { Coding } from '@sluice/masking'
import { accepts } from './accept-encoding.ts'
import { listed } from './header-fields.ts'
import { headerOf, without, type Headers, type Reply } from './replies.ts'

type Head = Reply & { readonly kind: 'head' }

/** How the caller sees the target. */
export interface Sight {
  /** In front of each path at the gateway, e.g. `/shop-api`; empty where the target has a host name of its own. */
  readonly prefix: string
  /** The target's own, e.g. `https://api.internal:8443`. */
  readonly origin: string
  readonly base_path: string
  /** The body is not the target's any more. */
  readonly rewritten: boolean
}

/** Between two neighbours (RFC 9110 §7.6.1), or what would lead the caller around the gateway. */
const neighbours: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'alt-svc',
  'refresh',
])
/** True only of the bytes that the target sent: of others they would be wrong, or tell what was hidden. */
const ofTheBytes: ReadonlySet<string> = new Set([
  'content-length',
  'content-encoding',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
  'etag',
  'last-modified',
  'accept-ranges',
  'delta-base',
  'im',
])
/** The same in the words of stores of objects and of packages: sums of the bytes, and how many they are. */
const ofStoredBytes =
  /^x-(?:amz-checksum-.*|goog-hash|goog-stored-content-length|ms-(?:blob-content-(?:md5|length)|content-crc64)|checksum(?:-.*)?|content-(?:length|md5|sha\d+))$/

function isOfTheBytes(name: string): boolean {
  return ofTheBytes.has(name) || (name.startsWith('x-') && ofStoredBytes.test(name))
}

/** The head of an answer as the caller gets it. */
export function shownHead(head: Head, sight: Sight): Head {
  const named = listed(head.headers, 'connection')
  const hidden = named.length === 0 ? neighbours : new Set([...neighbours, ...named])
  const headers: Headers[number][] = []
  for (const header of head.headers) {
    const [name] = header
    if (hidden.has(name) || (sight.rewritten && isOfTheBytes(name))) continue
    const own = ownHeader(header, sight)
    if (own !== null) headers.push(own)
  }
  return { ...head, headers }
}

/** Of content that came in a coding: it leaves in the same one, where the caller takes that. */
export function codedHead(head: Head, coding: Coding, acceptEncoding: string | null): Head {
  const varies = varying.test(headerOf(head.headers, 'vary') ?? '')
  const headers: Headers = varies ? head.headers : [...head.headers, ['vary', 'accept-encoding']]
  if (!accepts(acceptEncoding, coding)) return { ...head, headers }
  return { ...head, coding, headers: [...headers, ['content-encoding', coding]] }
}

const varying = /(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i

/** What may stand behind a body: nothing that would change how it, or its head, is read. */
export function shownTrailers(trailers: Headers, sight: Sight): Headers {
  if (trailers.length === 0) return trailers
  return without(trailers, notBehind).flatMap((header) => {
    if (sight.rewritten && isOfTheBytes(header[0])) return []
    const own = ownHeader(header, sight)
    return own === null ? [] : [own]
  })
}

const ofTheHead: readonly string[] = ['set-cookie', 'location', 'content-location', 'content-type', 'host']
const notBehind: ReadonlySet<string> = new Set([...neighbours, ...ofTheBytes, ...ofTheHead])

/** `null`: it is not for the caller. */
function ownHeader(header: Headers[number], sight: Sight): Headers[number] | null {
  const [name, value] = header
  if (name.startsWith('x-sluice-')) return null
  // Who is signed in at the gateway is not for a target to say.
  if (name === 'set-cookie') return isGatewayCookie(value) ? null : [name, ownCookie(value, sight)]
  if (name === 'location' || name === 'content-location') return ownLocation(name, value, sight)
  return header
}

/** A cookie stays with its target: it is not for the gateway's other targets, nor for other hosts. */
function ownCookie(cookie: string, { prefix }: Sight): string {
  const [pair = '', ...attributes] = cookie.split(';')
  const kept = attributes.filter((attribute) => !/^\s*(?:domain|path)\s*(?:=|$)/i.test(attribute))
  const path = attributes.map((attribute) => /^\s*path\s*=\s*(\/[^;]*)$/i.exec(attribute)?.[1]).find(Boolean)
  return [pair, ...kept, ` Path=${prefix}${path ?? '/'}`].join(';')
}

/** A caller who follows must come here again: what leads elsewhere is left out. */
function ownLocation(
  name: string,
  raw: string,
  { prefix, origin, base_path }: Sight,
): Headers[number] | null {
  // Readers of URLs pass over tabs, wherever they are.
  const value = raw.replaceAll('\t', '')
  const url = URL.canParse(value, `${origin}/`) ? new URL(value, `${origin}/`) : null
  if (url === null || url.origin !== new URL(origin).origin) return null
  // Whoever is here by another scheme than the target would read `http:x` as another host.
  if (!/^(?:[a-z][a-z\d+.-]*:|[\\/])/i.test(value)) return [name, value]
  const path = url.pathname
  const inside = path === base_path || path.startsWith(`${base_path}/`)
  return inside ? [name, `${prefix}${path.slice(base_path.length)}${url.search}${url.hash}`] : null
}
