import type { RecordedEvent } from './events.ts'

/** A connection of an agent to a gateway. */
export interface AgentConnection {
  readonly id: string
  /** Where it ends. */
  readonly gateway: string
  readonly epoch: number
  /** Milliseconds since 1970. */
  readonly since: number
  /** The rest is as the agent says. */
  readonly version: string
  readonly clientIp: string
  readonly allows: readonly string[]
}

/** An agent, from its invitation on, as the log says. Times in milliseconds since 1970. */
export interface AgentView {
  readonly id: string
  /** By which targets say `via`. */
  readonly name: string
  readonly state: 'invited' | 'enrolled' | 'removed'
  readonly invitedAt: number
  /** A subject id. */
  readonly invitedBy: string
  /** Nobody may enrol by the invitation from then on. */
  readonly expiresAt: number
  /** SHA-256 of the invitation's secret, hexadecimal. */
  readonly secret: string
  readonly enrolledAt: number | null
  /** SHA-256 of its key, hexadecimal. */
  readonly publicKey: string | null
  readonly connections: readonly AgentConnection[]
}

/** Those that were removed or never enrolled are remembered up to this many, agents included. */
const keptMax = 10_000

/** Agents as the control stream tells of them. No effects; it never asks for the time by itself. */
export class AgentFold {
  /** In the order of their invitations. */
  readonly #views = new Map<string, AgentView>()
  /** The newest epoch in which each gateway wrote. */
  readonly #epochs = new Map<string, number>()

  /** The agent that the event changed. */
  apply(event: RecordedEvent): AgentView | undefined {
    this.#follow(event)
    switch (event.type) {
      case 'AgentInvited': {
        const { agent: id, name, secret, expires_ms: expiresAt, by: invitedBy } = event.data
        if (this.#views.has(id)) return undefined
        this.#makeRoom(event.time)
        const invitation = { id, name, secret, expiresAt, invitedBy, invitedAt: event.time }
        return this.#set({
          ...invitation,
          state: 'invited',
          enrolledAt: null,
          publicKey: null,
          connections: [],
        })
      }
      case 'AgentEnrolled': {
        const view = this.#views.get(event.data.agent)
        if (view?.state !== 'invited' || event.time >= view.expiresAt) return undefined
        const { public_key: publicKey } = event.data
        return this.#set({ ...view, state: 'enrolled', enrolledAt: event.time, publicKey })
      }
      case 'AgentJoined':
        return this.#joined(event)
      case 'AgentLeft': {
        const view = this.#views.get(event.data.agent)
        if (view === undefined) return undefined
        return this.#without(view, ({ id }) => id === event.data.connection)
      }
      case 'AgentRemoved': {
        const view = this.#views.get(event.data.agent)
        if (view === undefined || view.state === 'removed') return undefined
        return this.#set({ ...view, state: 'removed', connections: [] })
      }
      default:
        return undefined
    }
  }

  get(id: string): AgentView | undefined {
    return this.#views.get(id)
  }

  /** In the order of their invitations. */
  all(): readonly AgentView[] {
    return [...this.#views.values()]
  }

  /** What an earlier life of a gateway left open is over. */
  began(writer: string, epoch: number): void {
    if (epoch > (this.#epochs.get(writer) ?? -1)) this.#epochs.set(writer, epoch)
    this.#drop((connection) => connection.gateway === writer && connection.epoch < epoch)
  }

  #joined(event: RecordedEvent & { readonly type: 'AgentJoined' }): AgentView | undefined {
    const { agent, connection: id, version, client_ip: clientIp, allows } = event.data
    const view = this.#views.get(agent)
    if (view?.state !== 'enrolled') return undefined
    const { writer: gateway, epoch, time: since } = event
    const connection = { id, gateway, epoch, since, version, clientIp, allows }
    return this.#set({ ...view, connections: [...view.connections, connection] })
  }

  #follow(event: RecordedEvent): void {
    if (event.epoch > (this.#epochs.get(event.writer) ?? -1)) this.began(event.writer, event.epoch)
    if (event.type !== 'GatewayLost' && event.type !== 'GatewayLeft') return
    const { writer, epoch } = event.data
    this.#drop((connection) => connection.gateway === writer && connection.epoch <= epoch)
  }

  #drop(over: (connection: AgentConnection) => boolean): void {
    for (const view of this.#views.values()) this.#without(view, over)
  }

  #without(view: AgentView, over: (connection: AgentConnection) => boolean): AgentView | undefined {
    if (!view.connections.some(over)) return undefined
    return this.#set({ ...view, connections: view.connections.filter((connection) => !over(connection)) })
  }

  #set(view: AgentView): AgentView {
    this.#views.set(view.id, view)
    return view
  }

  /** Forgets the oldest that can do nothing. */
  #makeRoom(now: number): void {
    if (this.#views.size < keptMax) return
    for (const { id, state, expiresAt } of this.#views.values()) {
      if (state === 'enrolled' || (state === 'invited' && expiresAt > now)) continue
      this.#views.delete(id)
      return
    }
  }
}
