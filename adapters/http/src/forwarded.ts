import { isGatewayCookie, refusal, Refused } from '@sluice/core'
import { listed } from './header-fields.ts'
import { refuseOverride } from './method-override.ts'
import { malformed } from './objection.ts'
import { headerOf, type Headers } from './replies.ts'
import { hopsIn } from './via.ts'

/**
 * What of a head goes upstream: what is meant for the target. The gateway frames anew, names the host and shows a
 * credential by itself, and nobody but it may say who a request is from or where it was going before.
 */
export function forwarded(fields: Headers): Headers {
  refuseOverride(
    fields.map(([name]) => name),
    'head',
  )
  refuseUpgrade(fields)
  refuseOfConnection(fields)
  const hop = namedByConnection(fields)
  return fields.flatMap(([name, value]): Headers => {
    if (name === 'prefer') return preferences(value)
    if (name === 'via') return hopsIn(value)
    if (name === 'cookie') return othersCookies(value)
    return hop.has(name) || ownOf.test(name) ? [] : [[name, value]]
  })
}

const ownOf = new RegExp(
  `^(?:${[
    // Of this connection (RFC 9110 §7.6), and framing.
    'connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade|http2-settings|content-length|host|expect',
    // The coding of the answer is the gateway's to choose.
    'accept-encoding',
    // For the gateway itself.
    'x-sluice-.*',
    // Where it came from and where it was going, which only proxies say.
    'forwarded|x-forwarded(?:-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|x-remote-(?:ip|addr)|true-client-ip|cf-.*',
    'fastly-client-ip|x-azure-(?:clientip|socketip)|x-appengine-.*|x-envoy-.*|x-original-.*|x-rewrite-.*|x-host|x-http-host-override',
    'x-accel-.*|x-sendfile-.*|x-proxyuser-ip|x-custom-ip-authorization|proxy',
    // Who it is from, as proxies that authenticate say it.
    'x-user|x-user-(?:id|name|email|groups|roles)|x-username|x-email|x-groups|x-roles|remote-user|x-remote-.*|x-auth-request-.*|x-auth-user.*|x-authenticated-.*',
    'x-webauth-.*|x-goog-authenticated-.*|x-goog-iap-.*|x-amzn-oidc-.*|x-ms-client-principal.*|x-ssl-.*|ssl-.*|x-client-cert.*|x-tls-.*',
  ].join('|')})$`,
)

/** They are what the target needs to read the request as it was judged, or what the gateway puts in. */
const lasting =
  /^(?:host|authorization|cookie|prefer|range|if-.*|accept(?:-.*)?|content-.*|x-api-key|api-key|x-goog-api-key|x-sluice-.*)$/

/** A client may name headers that are only for the next hop, but none that others rely on (RFC 9110 §7.6.1). */
function namedByConnection(fields: Headers): ReadonlySet<string> {
  const named = new Set(listed(fields, 'connection'))
  for (const name of named)
    if (lasting.test(name)) throw malformed('connection', `"Connection" must not name the header "${name}".`)
  return named
}

/** A server may stay with HTTP/1.1 when it is offered HTTP/2 (RFC 9110 §7.8); what else would follow is not HTTP. */
function refuseUpgrade(fields: Headers): void {
  const upgrade = headerOf(fields, 'upgrade')
  if (upgrade !== undefined && upgrade.toLowerCase() !== 'h2c') throw new Refused(noUpgrade)
}

const noUpgrade = refusal(
  'denied',
  'http/upgrade',
  'WebSocket and other protocols are not possible here: use HTTP/1.1.',
  '501',
)

/** Such a login is that of the connection (RFC 4559 §6), and connections to a target carry the requests of all callers. */
function refuseOfConnection(fields: Headers): void {
  if (/^(?:ntlm|negotiate)\b/i.test(headerOf(fields, 'authorization') ?? ''))
    throw malformed(
      'authorization',
      'NTLM and Negotiate log in a whole connection, which is shared here: use another way to log in at the target.',
    )
}

/** Who is signed in at the console of this gateway comes along with any request to its host. */
function othersCookies(value: string): Headers {
  const rest = value.split(';').filter((pair) => !isGatewayCookie(pair))
  return rest.every((pair) => pair.trim() === '') ? [] : [['cookie', rest.join(';').trimStart()]]
}

/** To be told at once is asked of the gateway (RFC 7240); what else is preferred, of the target. */
function preferences(value: string): Headers {
  const rest = value.split(',').filter((each) => !asynchronous.test(each))
  return rest.length === 0 ? [] : [['prefer', rest.join(',').trim()]]
}

const asynchronous = /^\s*respond-async\s*$/i

export function prefersAsync(fields: Headers): boolean {
  return listed(fields, 'prefer').includes('respond-async')
}
