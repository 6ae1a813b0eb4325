import {
  createGate,
  limits,
  type Address,
  type ConnectionLoad,
  type Engine,
  type GatePorts,
  type OpenSessions,
  type PoolState,
  type Subject,
  type Target,
} from '@sluice/core'
import type { Config } from './config/config.ts'
import { Listeners, type ListenerPorts } from './listeners.ts'
import { buildRecognisers } from './recognisers.ts'

/** Where callers come in, whether that is this process or several others. */
export interface Front {
  readonly sessions: OpenSessions
  /** Opens the ports. */
  listen(): Promise<void>
  /** Where callers of a protocol connect; `null`: it is not served. */
  address(protocol: string): Address | null
  readonly listening: boolean
  /** Connections to targets that sessions take turns with, over all processes. */
  readonly pools: readonly PoolState[]
  /** Connections to a target that its sessions share; `undefined`: none, or nobody can tell from here. */
  load(target: Pick<Target, 'name' | 'protocol'>): ConnectionLoad | undefined
  /** The API is there: callers who wait for people are told where. */
  apiAt(url: string): void
  /** Other policies are in force. */
  policyChanged(): void
  /** Somebody was seen with other groups than before. */
  seen(seen: Pick<Subject, 'id' | 'groups'>): void
  /** Resolves once all that serve callers go by what was decided before: access, policies, ended sessions. */
  settled(): Promise<void>
  /** Drains for at most `limits.drainMs`. */
  close(): Promise<void>
}

export interface FrontPorts extends Omit<GatePorts, 'approvalLink' | 'patterns' | 'recognisers'> {
  /** Relative paths of the configuration start here. */
  readonly base: string
  readonly host: ListenerPorts['host']
  readonly apiUrl: string | null
}

/** The gate and its adapters, in this process. */
export async function openFront(config: Config, ports: FrontPorts): Promise<LocalFront> {
  const { base, apiUrl, host: _, ...ofGate } = ports
  let url = apiUrl
  const engine = createGate({
    ...ofGate,
    approvalLink: (id) => `${url ?? ''}/v1/approvals/${id}`,
    patterns: config.detectors,
    recognisers: await buildRecognisers(config.recognisers, base),
  })
  return new LocalFront(engine, config, ports, (at) => (url ??= at))
}

export class LocalFront implements Front {
  readonly sessions: Engine
  readonly apiAt: (url: string) => void
  readonly #config: Config
  readonly #ports: ListenerPorts
  readonly #listeners = new Listeners()

  constructor(engine: Engine, config: Config, ports: ListenerPorts, apiAt: (url: string) => void) {
    this.sessions = engine
    this.apiAt = apiAt
    this.#config = config
    this.#ports = ports
  }

  get listening(): boolean {
    return this.#listeners.size > 0
  }

  get pools(): readonly PoolState[] {
    return this.#listeners.pools
  }

  listen(): Promise<void> {
    return this.#listeners.open(this.#config.listen, this.sessions, this.#ports)
  }

  address(protocol: string): Address | null {
    return this.#listeners.get(protocol)?.address ?? null
  }

  load({ name, protocol }: Pick<Target, 'name' | 'protocol'>): ConnectionLoad | undefined {
    return this.#listeners.get(protocol)?.load?.(name)
  }

  /** Here all of it is so at once. */
  policyChanged(): void {}

  seen(): void {}

  async settled(): Promise<void> {}

  async close(): Promise<void> {
    this.#listeners[Symbol.dispose]()
    await Promise.all([this.sessions.drain(limits.drainMs), this.#listeners.close()])
  }
}
