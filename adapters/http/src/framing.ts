import { malformed } from './objection.ts'
import { headerOf, type Headers } from './replies.ts'

/** Where a body ends must not be a matter of opinion (RFC 9112 §6.3): it would be where another request begins. */
export function requireOneFraming(fields: Headers, httpVersion: string): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    throw malformed('version', 'Only HTTP/1.1 is spoken here.', '505')
  const length = headerOf(fields, 'content-length')
  if (length !== undefined && !/^\d{1,15}$/.test(length))
    throw malformed('framing', 'Content-Length must be a number.')
  const coding = headerOf(fields, 'transfer-encoding')
  if (coding === undefined) return
  if (length !== undefined)
    throw malformed('framing', 'Content-Length and Transfer-Encoding must not come together.')
  if (httpVersion === '1.0') throw malformed('framing', 'HTTP/1.0 has no Transfer-Encoding.')
  if (coding.toLowerCase() !== 'chunked')
    throw malformed('framing', 'Transfer-Encoding can only be chunked.', '501')
}

/** Exactly one host name, without its port. */
export function hostOf(fields: Headers): string {
  const host = headerOf(fields, 'host')?.toLowerCase() ?? ''
  const [, name, port = '0'] = authority.exec(host) ?? []
  if (name === undefined || Number(port) > portMax)
    throw malformed('host', 'A request names exactly one host.')
  return name.replace(/\.$/, '')
}

/** A client that was told a certificate's name by TLS must not mean the target of another name (RFC 9110 §7.4). */
export function requireOneHost(host: string, servername: string, hosts: ReadonlyMap<string, string>): void {
  if (hosts.get(host) !== hosts.get(servername.toLowerCase().replace(/\.$/, '')))
    throw malformed('host', 'Host and the name in TLS are of different targets.', '421')
}

const authority = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9_.-]{0,252}[a-z0-9_.])?)(?::(\d{1,5}))?$/
const portMax = 65_535

/** What must be done before anything else, or not at all (RFC 9110 §10.1.1). */
export function requireKnownExpectation(fields: Headers): void {
  const expected = headerOf(fields, 'expect')
  if (expected !== undefined && expected.toLowerCase() !== '100-continue')
    throw malformed('expect', 'Only 100-continue can be expected here.', '417')
}
