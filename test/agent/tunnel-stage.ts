import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AgentAuthority,
  AgentListener,
  AgentState,
  AllowList,
  enrol,
  newSecret,
  runAgent,
  secretFingerprint,
  tokenText,
  Tunnels,
  type Resolve,
} from '@sluice/agent'
import {
  openAgents,
  systemClock,
  systemIds,
  type Address,
  type Agents,
  type Clock,
  type RecordedEvent,
  type Refusal,
} from '@sluice/core'
import { openMemory, type Journal } from '@sluice/journal'

/** A gateway's side of agents, over a log in memory, and agents in this process: no policy, no target, real sockets. */
export interface TunnelStage {
  readonly authority: AgentAuthority
  readonly agents: Agents
  readonly tunnels: Tunnels
  readonly gateway: Address
  readonly log: Journal
  /** Who was not let in. */
  readonly refused: readonly Refusal[]
  /** What the operator of the gateway was told. */
  readonly reports: readonly string[]
  invite(name: string, lifeMs?: number): Promise<string>
  /** Enrols one and starts it; resolves once it is connected. */
  start(name: string, options?: StartOptions): Promise<StartedAgent>
  events(): Promise<readonly RecordedEvent[]>
  close(): Promise<void>
}

export interface StartOptions {
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  /** Where it dials; a name is looked up by `resolve`. */
  readonly at?: Address
  /** Of an agent that enrolled before. */
  readonly state?: AgentState
}

export interface StartedAgent {
  readonly id: string
  readonly state: AgentState
  readonly told: readonly string[]
  /** Rejects as `runAgent` does. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

const ids = systemIds(systemClock)

export async function tunnelStage(change: { readonly clock?: Clock } = {}): Promise<TunnelStage> {
  const { clock = systemClock } = change
  const parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'sluice-agents-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const reports: string[] = []
  const report = (what: string, error: unknown): void => void reports.push(`${what}: ${String(error)}`)
  const log = await openMemory({ clock: systemClock, ids, report })
  parts.defer(() => log.close())
  const { writer, epoch } = log
  const agents = await openAgents({ store: log, writer, epoch, clock, ids, report })
  parts.defer(() => agents.close())
  const authority = new AgentAuthority(createSecretKey(randomBytes(32)))
  const tunnels = new Tunnels(report)
  const refused: Refusal[] = []
  const ports = { gateway: writer, version: '0.0.1', authority, agents, tunnels, clock, report }
  const listener = await AgentListener.open(
    { host: '127.0.0.1', port: 0 },
    { ...ports, refused: (_ip, why) => void refused.push(why) },
  )
  parts.defer(() => listener.close(200))
  const gateway = listener.address

  async function invite(name: string, lifeMs = 60_000): Promise<string> {
    const secret = newSecret()
    const { id } = await agents.invite(name, secretFingerprint(secret), lifeMs, 'test#grace')
    return tokenText({ agent: id, secret, pin: authority.pin })
  }

  async function start(name: string, options: StartOptions = {}): Promise<StartedAgent> {
    const state = options.state ?? (await AgentState.open(join(folder, ids.next('agent'))))
    const at = [options.at ?? gateway] as const
    if (state.certificate === null) await enrol(await invite(name), { gateways: at, state, version: '0.0.1' })
    const leaving = new AbortController()
    const told: string[] = []
    const connected = Promise.withResolvers<string>()
    const ended = runAgent({
      gateways: at,
      state,
      allow: new AllowList(options.allow ?? ['127.0.0.1:*']),
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
      version: '0.0.1',
      clock: systemClock,
      ids,
      tell: (what) => {
        told.push(what)
        const id = /^connected .*(agt_\w+)/.exec(what)?.[1]
        if (id !== undefined) connected.resolve(id)
      },
      signal: leaving.signal,
    })
    ended.catch(() => {})
    const stop = async (): Promise<void> => {
      leaving.abort()
      await ended.catch(() => {})
    }
    parts.defer(stop)
    const id = await Promise.race([connected.promise, ended.then(() => assert.fail('it ended'))])
    return { id, state, told, ended, stop }
  }

  return {
    authority,
    agents,
    tunnels,
    gateway,
    log,
    refused,
    reports,
    invite,
    start,
    async events() {
      const found: RecordedEvent[] = []
      for await (const event of log.read()) found.push(event)
      return found
    },
    close: () => parts.disposeAsync(),
  }
}

/** Until it is so; fails when it does not come to be. */
export async function eventually(so: () => boolean | Promise<boolean>, withinMs = 45_000): Promise<void> {
  const until = performance.now() + withinMs
  while (!(await so())) {
    if (performance.now() > until) assert.fail(`not within ${withinMs} ms: ${String(so)}`)
    await sleep(10)
  }
}
