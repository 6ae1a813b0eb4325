import { once } from 'node:events'
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { SecureContextOptions, TlsOptions } from 'node:tls'
import {
  limits,
  refusal,
  type Address,
  type Certificate,
  type Endpoint,
  type Gate,
  type Listener,
  type Recogniser,
  type Refusal,
} from '@sluice/core'
import { knownDetectors } from '@sluice/masking'
import { Conversation, type ConversationPorts } from './conversation.ts'
import { farewell, onceAnswered, partBehind } from './parting.ts'
import { Reception } from './reception.ts'
import { Sessions } from './sessions.ts'
import type { HttpSettings } from './target.ts'
import { Upstreams } from './upstreams.ts'
import { newPseudonym } from './via.ts'

/** Of the head of a request. */
const headBytesMax = 32_768
const headersMax = 200
const keepAliveMs = 65_000
/** From the first byte of a request to its last. */
const requestMs = 300_000

const options = {
  keepAlive: true,
  keepAliveInitialDelay: limits.keepAliveMs,
  noDelay: true,
  insecureHTTPParser: false,
  requireHostHeader: false,
  joinDuplicateHeaders: false,
  maxHeaderSize: headBytesMax,
  headersTimeout: limits.helloWaitMs,
  requestTimeout: requestMs,
  keepAliveTimeout: keepAliveMs,
} as const

/** Station 1: accepts connections and lets each talk. Resolves when the port is open. */
export async function listen(endpoint: Endpoint, gate: Gate<HttpSettings>): Promise<Listener> {
  const { stallMs = limits.callerStallMs } = endpoint
  const sessions = new Sessions(gate)
  const pseudonym = newPseudonym()
  const upstreams = new Upstreams(pseudonym)
  const reception = new Reception(sessions, gate)
  const ports: ConversationPorts = {
    reception,
    upstreams,
    means: {
      detectors: knownDetectors(gate.patterns),
      recognisers: recognisersOf(gate.recognisers),
      pseudonyms: gate.pseudonyms,
    },
    hosts: hostsOf(gate),
    pseudonym,
    stallMs,
  }
  const conversations = new Map<Duplex, Conversation>()

  function conversationOf(socket: Duplex): Conversation {
    const known = conversations.get(socket)
    if (known !== undefined) return known
    const conversation = new Conversation(ports)
    conversations.set(socket, conversation)
    socket.once('close', () => {
      conversations.delete(socket)
      conversation.close()
    })
    return conversation
  }

  const secure =
    endpoint.tls === undefined ? undefined : createSecure({ ...options, ...encryption(endpoint.tls) })
  const server = secure ?? createPlain(options)
  server.maxHeadersCount = headersMax
  server.maxConnections = limits.sessionsMax
  const serve =
    (expectsContinue: boolean) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      response.on('error', () => {})
      conversationOf(request.socket).take(request, response, expectsContinue)
    }
  server.on('request', serve(false))
  server.on('checkContinue', serve(true))
  // Nothing else can be expected: that is refused when its head is read.
  server.on('checkExpectation', serve(false))
  const part = (reason: Refusal) => (request: IncomingMessage) =>
    partBehind(request, conversationOf(request.socket), reason, stallMs)
  server.on('connect', part(tunnel))
  server.on('upgrade', part(upgrade))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const conversation = conversationOf(socket)
    const reason = mistakeOf(error)
    if (!conversation.breakOff(reason)) return
    onceAnswered(socket, conversation, () =>
      farewell(socket, reception.turnAway(socket, reason).refusal, stallMs),
    )
  })
  const address = await bound(server, endpoint.address)
  return {
    address,
    load: (target) => upstreams.load(target),
    renew: (certificate) => secure?.setSecureContext(encryption(certificate)),
    async close() {
      const closed = once(server, 'close')
      server.close()
      // What runs may finish: the gate drains, and ends the sessions.
      for (const [socket, { answered }] of conversations) void answered.then(() => socket.end())
      const late = setTimeout(() => {
        server.closeAllConnections()
        // Of those on which nobody reads on the server knows no more.
        for (const socket of conversations.keys()) socket.destroy()
      }, limits.drainMs)
      await closed
      clearTimeout(late)
      await Promise.all([sessions.close(), upstreams.close()])
    },
  }
}

function encryption({ cert, key }: Certificate): SecureContextOptions & Pick<TlsOptions, 'ALPNProtocols'> {
  return { cert, key, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }
}

function recognisersOf(recognisers: readonly Recogniser[]): ReadonlyMap<string, Recogniser> {
  return new Map(recognisers.flatMap((each) => each.detectors.map((name) => [name, each] as const)))
}

async function bound(server: Server, { host, port }: Address): Promise<Address> {
  server.listen({ host, port })
  await once(server, 'listening')
  const found = server.address()
  return { host, port: typeof found === 'object' && found !== null ? found.port : port }
}

function hostsOf(gate: Gate<HttpSettings>): ReadonlyMap<string, string> {
  return new Map(
    gate.targets('http').flatMap(({ name, settings }) => settings.hosts.map((host) => [host, name] as const)),
  )
}

function mistakeOf({ code }: { readonly code?: string }): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return tooManyHeaders
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return tooSlow
  return mistaken
}

const mistaken = refusal(
  'malformed',
  'http/syntax',
  'This is no HTTP/1.1 request that can be read in one way only.',
)
const tooManyHeaders = refusal('too_large', 'http/head', 'The head of the request is too large.', '431')
const tooSlow = refusal('malformed', 'http/slow', 'The request did not arrive in time.', '408')
const upgrade = refusal(
  'denied',
  'http/upgrade',
  'WebSocket and other protocols are not possible here: use HTTP/1.1.',
  '501',
)
const tunnel = refusal(
  'denied',
  'http/connect',
  'This is no forward proxy: use the address of a target, http://<gateway>/<target>/…, as base URL.',
  '405',
)
