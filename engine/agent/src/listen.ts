import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import {
  Budgets,
  callerAddress,
  Refused,
  type Address,
  type Agents,
  type AgentView,
  type Clock,
  type Refusal,
} from '@sluice/core'
import type { AgentAuthority } from './authority.ts'
import { tokenFrom, secretFingerprint } from './enrolment-token.ts'
import { keyFingerprint } from './fingerprint.ts'
import { chosenProtocol, helloFrom, protocols, type AgentRefusalCode, type Hello } from './hello.ts'
import { limits } from './limits.ts'
import { readLine, writeLine } from './line.ts'
import { Renewal } from './renewal.ts'
import { Tunnel } from './tunnel.ts'
import type { Tunnels } from './tunnels.ts'

export interface AgentListenerPorts {
  /** This gateway's name in the log. */
  readonly gateway: string
  /** Of this software. */
  readonly version: string
  readonly authority: AgentAuthority
  readonly agents: Agents
  readonly tunnels: Tunnels
  readonly clock: Clock
  /** An agent, or somebody else, was not let in. Counted and bounded by whoever records it. */
  readonly refused: (clientIp: string, refusal: Refusal) => void
  readonly report: (what: string, error: unknown) => void
}

/** Thrown to be answered. */
class Unwelcome extends Error {
  readonly code: AgentRefusalCode
  constructor(code: AgentRefusalCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Where agents connect. There is no way in without TLS: both sides show certificates of the authority. */
export class AgentListener {
  readonly #ports: AgentListenerPorts
  readonly #server: Server
  readonly #joins: Budgets
  readonly #changes: Disposable
  #renewing: Disposable | undefined
  /** Those that have said nothing yet, and those that are served. */
  readonly #sockets = new Set<TLSSocket>()
  readonly #leaving = new Set<Promise<void>>()
  #closing = false

  private constructor(ports: AgentListenerPorts) {
    this.#ports = ports
    const { burst, perSecond } = { burst: limits.joinsBurst, perSecond: limits.joinsPerSecond }
    this.#joins = new Budgets({ burst, perSecond, knownMax: limits.connectionsMax }, ports.clock)
    this.#server = createServer({
      ...ports.authority.forGateway(ports.clock.now()),
      ca: ports.authority.certificate,
      requestCert: true,
      // Who enrols has none yet; what is shown is looked at below.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      handshakeTimeout: limits.handshakeMs,
    })
    this.#server.maxConnections = limits.connectionsMax
    this.#server.on('secureConnection', (socket) => void this.#serve(socket))
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
    this.#changes = ports.agents.onChange((agent) => this.#endRemoved(agent))
    this.#renewLater()
  }

  static async open({ host, port }: Address, ports: AgentListenerPorts): Promise<AgentListener> {
    const listener = new AgentListener(ports)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    listener.#server.once('error', reject)
    listener.#server.listen({ host, port }, resolve)
    await promise
    return listener
  }

  get address(): Address {
    const { address: host, port } = this.#server.address() as AddressInfo
    return { host, port }
  }

  /** Agents find another gateway; what goes through them may end first, within the time. */
  async close(withinMs: number): Promise<void> {
    this.#closing = true
    this.#changes[Symbol.dispose]()
    this.#renewing?.[Symbol.dispose]()
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const tunnel of this.#ports.tunnels.all()) tunnel.leave()
    using _late = this.#ports.clock.after(withinMs, () => this.#endAll())
    if (this.#ports.tunnels.all().length === 0) this.#endAll()
    await closed
    await Promise.all(this.#leaving)
  }

  #endAll(): void {
    for (const tunnel of this.#ports.tunnels.all()) tunnel.end('the gateway left')
    for (const socket of this.#sockets) socket.destroy()
  }

  #endRemoved({ id, state }: AgentView): void {
    if (state !== 'removed') return
    for (const tunnel of this.#ports.tunnels.all()) if (tunnel.agent === id) tunnel.end('it was removed')
  }

  async #serve(socket: TLSSocket): Promise<void> {
    socket.on('error', () => {})
    socket.setNoDelay(true)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const clientIp = callerAddress(socket)
    try {
      const hello = this.#understood(await readLine(socket))
      if (hello.purpose === 'enrol') await this.#enrol(socket, hello, clientIp)
      else await this.#join(socket, hello, clientIp)
    } catch (error) {
      const { code, message } = this.#unwelcome(error, clientIp)
      if (!socket.writable) return void socket.destroy()
      await writeLine(socket, { ok: false, code, message }).catch(() => {})
      socket.destroySoon()
    }
  }

  #understood(line: string): Hello {
    let hello: Hello
    try {
      hello = helloFrom(line)
    } catch {
      throw new Unwelcome('malformed', 'This is no agent that can be understood here.')
    }
    if (chosenProtocol(hello.protocols) !== undefined) return hello
    const [ours, theirs] = [protocols.join(', '), hello.protocols.join(', ')]
    throw new Unwelcome(
      'incompatible',
      `This gateway (version ${this.#ports.version}) speaks protocol ${ours}, the agent (version ${hello.version}) ${theirs}: use the same version for both.`,
    )
  }

  async #enrol(
    socket: TLSSocket,
    hello: Hello & { readonly purpose: 'enrol' },
    clientIp: string,
  ): Promise<void> {
    const { agents, authority, clock } = this.#ports
    const token = tokenFrom(hello.token)
    const key = publicKeyFrom(hello.key)
    if (token === null || key === null)
      throw new Unwelcome('token_refused', 'This is no token with which an agent can enrol.')
    const agent = await agents.enrol({
      agent: token.agent,
      secret: secretFingerprint(token.secret),
      publicKey: keyFingerprint(key),
      clientIp,
    })
    const certificate = authority.forAgent(agent.id, key, clock.now())
    await writeLine(socket, { ...this.#welcome(agent), certificate })
    socket.destroySoon()
  }

  async #join(
    socket: TLSSocket,
    hello: Hello & { readonly purpose: 'tunnel' },
    clientIp: string,
  ): Promise<void> {
    const { agents, tunnels, clock, report } = this.#ports
    const shown = this.#shownBy(socket)
    const agent = agents.find(shown.id)
    // Another gateway may have enrolled it a moment ago: it will come again.
    if (agent === undefined)
      throw new Unwelcome('unavailable', 'This gateway does not know this agent (yet).')
    if (agent.state === 'removed')
      throw new Unwelcome(
        'removed',
        `This agent was removed: to have it back, enrol it anew as ${agent.name}.`,
      )
    if (agent.publicKey !== keyFingerprint(shown.key))
      throw new Unwelcome(
        'certificate_refused',
        'This certificate is not of the key with which the agent enrolled.',
      )
    if (!this.#joins.affords(agent.id))
      throw new Unwelcome('busy', 'This agent connects too often: does it run twice with the same state?')
    this.#joins.spend(agent.id, 1)
    const { version, allows } = hello
    const connection = await agents.join(agent.id, { version, clientIp, allows })
    const leave = (reason: string): Promise<void> =>
      agents
        .leave(agent.id, connection, reason)
        .catch((error: unknown) => report(`it was not recorded that the agent ${agent.name} left`, error))
    try {
      await writeLine(socket, this.#welcome(agent))
    } catch {
      return leave('it closed the connection')
    }
    if (this.#closing || socket.destroyed) return leave('it closed the connection')
    const tunnel = new Tunnel({ agent: agent.id, connection, certificateUntil: shown.until }, socket, clock)
    tunnels.add(agent.name, tunnel)
    const renewal = new Renewal(tunnel, shown, { ...this.#ports, name: agent.name })
    const left = tunnel.over.then((reason) => {
      renewal[Symbol.dispose]()
      return leave(reason)
    })
    this.#leaving.add(left)
    void left.then(() => this.#leaving.delete(left))
    // It may have been removed while it joined.
    const current = agents.find(agent.id)
    if (current !== undefined) this.#endRemoved(current)
  }

  #welcome({ id, name }: AgentView): object {
    const { gateway, version } = this.#ports
    return { ok: true, protocol: protocols[0], gateway, version, id, name }
  }

  #shownBy(socket: TLSSocket): { readonly id: string; readonly key: KeyObject; readonly until: number } {
    const peer = socket.getPeerX509Certificate()
    if (peer === undefined)
      throw new Unwelcome('certificate_refused', 'An agent shows a certificate: enrol it first.')
    const until = Date.parse(peer.validTo)
    const authority = new X509Certificate(this.#ports.authority.certificate)
    if (!peer.checkIssued(authority) || !peer.verify(authority.publicKey) || peer.ca)
      throw new Unwelcome(
        'certificate_refused',
        'This certificate is of another authority: is this the gateway where the agent enrolled, with the same keys.agents?',
      )
    // Also of a connection that goes on with what an earlier one agreed.
    if (until <= this.#ports.clock.now())
      throw new Unwelcome(
        'certificate_expired',
        'The certificate of this agent has expired: enrol it anew (sluice agents enrol <name>).',
      )
    const id = /^CN=(agt_[0-9A-Z]{26})$/.exec(peer.subject)?.[1]
    if (!socket.authorized || id === undefined)
      throw new Unwelcome('certificate_refused', 'This certificate is not one of an agent.')
    return { id, key: peer.publicKey, until }
  }

  #unwelcome(error: unknown, clientIp: string): Pick<Unwelcome, 'code' | 'message'> {
    if (error instanceof Unwelcome) {
      const code = error.code === 'certificate_expired' ? 'token_expired' : 'token_refused'
      if (isAboutWho(error.code))
        this.#ports.refused(clientIp, { ...blank, code, rule: `agent/${error.code}` })
      return error
    }
    if (!(error instanceof Refused))
      return { code: 'unavailable', message: 'The connection did not come about.' }
    const { refusal } = error
    if (refusal.code === 'log_unavailable')
      return { code: 'unavailable', message: 'The log of this gateway takes nothing at the moment.' }
    this.#ports.refused(clientIp, refusal)
    return { code: refusal.rule === 'agent/removed' ? 'removed' : 'token_refused', message: refusal.message }
  }

  /** Long before the one that is shown ends. */
  #renewLater(): void {
    const { clock, authority } = this.#ports
    this.#renewing = clock.after(limits.gatewayCertificateRenewMs, () => {
      this.#server.setSecureContext({
        ...authority.forGateway(clock.now()),
        ca: authority.certificate,
        minVersion: 'TLSv1.3',
      })
      this.#renewLater()
    })
  }
}

const blank = { message: '', reference: null } as const

function isAboutWho(code: AgentRefusalCode): boolean {
  return (
    code === 'certificate_refused' ||
    code === 'certificate_expired' ||
    code === 'token_refused' ||
    code === 'removed'
  )
}

/** Of Ed25519; `null` for anything else. */
function publicKeyFrom(text: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(text, 'base64'), format: 'der', type: 'spki' })
    return key.asymmetricKeyType === 'ed25519' ? key : null
  } catch {
    return null
  }
}
