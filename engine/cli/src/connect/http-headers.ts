/** Names and values in turn, as Node gives and takes them: nothing is joined, reordered or put in lower case. */
export type RawHeaders = readonly string[]

/** Of one connection, not of the request (RFC 9110 §7.6.1). Transfer-Encoding is kept: it says that there is a body. */
const hop = /^(?:connection|keep-alive|proxy-connection|te|trailer|upgrade|expect)$/i
/** Where a token of the gateway may stand: this sidecar's is the only one. */
const ours = /^(?:x-sluice-authorization|proxy-authorization|host)$/i

/** `Authorization` stays as it is: it is for the target, unless the gateway shows it a credential of its own. */
export function requestHeaders(raw: RawHeaders, host: string, token: string): string[] {
  const kept = pairsOf(raw).filter(([name]) => !hop.test(name) && !ours.test(name))
  return [['Host', host], ...kept, ['X-Sluice-Authorization', `Bearer ${token}`]].flat()
}

/** Paths of the answer lead to the target's root here, not below its name as at the gateway. */
export function answerHeaders(raw: RawHeaders, target: string): string[] {
  const prefix = `/${encodeURIComponent(target)}`
  return pairsOf(raw)
    .filter(([name]) => !hop.test(name))
    .flatMap(([name, value]) => [name, shortened(name.toLowerCase(), value, prefix)])
}

function shortened(name: string, value: string, prefix: string): string {
  if (name === 'location' || name === 'content-location') return withoutPrefix(value, prefix)
  if (name !== 'set-cookie') return value
  return value.replace(
    /(;\s*path=)([^;]*)/i,
    (_, key: string, path: string) => key + withoutPrefix(path, prefix),
  )
}

function withoutPrefix(path: string, prefix: string): string {
  if (path === prefix) return '/'
  return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path
}

function pairsOf(raw: RawHeaders): readonly (readonly [string, string])[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []))
}
