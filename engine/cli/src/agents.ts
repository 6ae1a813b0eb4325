import { join } from 'node:path'
import {
  AgentAuthority,
  agentLimits,
  AgentListener,
  newSecret,
  secretFingerprint,
  tokenText,
  Tunnels,
  type ServedTunnels,
} from '@sluice/agent'
import type { AgentControl } from '@sluice/api'
import {
  appendOwn,
  limits,
  LoginRefusals,
  openAgents,
  type Address,
  type ControlPorts,
  type Dialer,
} from '@sluice/core'
import { agentsKey, type SecretSource } from '@sluice/identity'
import type { Log } from '@sluice/journal'
import type { Config } from './config/config.ts'
import { dialerOf, directDialer } from './dial.ts'
import type { TargetRegistry } from './target-registry.ts'
import { version } from './version.ts'

export interface AgentSidePorts extends ControlPorts {
  /** Folder of the gateway; generated keys are in it. */
  readonly data: string
  readonly secrets: SecretSource
  readonly log: Pick<Log, 'writer' | 'epoch'>
  readonly targets: Pick<TargetRegistry, 'isBehind'>
}

/** What a gateway has to do with agents. */
export interface AgentSide {
  /** To all targets: to those with `via` by an agent. */
  readonly dialer: Dialer
  /** What workers get of the tunnels. */
  readonly served: ServedTunnels
  /** What the API asks and commands. */
  readonly control: AgentControl
  /** Lets agents in from now on, where an address is configured. */
  listen(): Promise<void>
  /** Where they connect. */
  readonly address: Address | null
  close(): Promise<void>
}

export async function openAgentSide(
  config: Pick<Config, 'agents' | 'agentsKey'>,
  { data, secrets, log, targets, ...ports }: AgentSidePorts,
): Promise<AgentSide> {
  const { clock, report } = ports
  const { writer, epoch } = log
  const authority = new AgentAuthority(await agentsKey(config.agentsKey, join(data, 'keys'), secrets))
  const agents = await openAgents({ ...ports, writer, epoch })
  const tunnels = new Tunnels(report)
  // Strangers who knock here leave room for the record of those who knock where callers come in.
  const strangers = new LoginRefusals({
    gateway: writer,
    clock,
    report,
    append: (bodies) => appendOwn({ ...ports, gateway: writer }, bodies),
  })
  let listener: AgentListener | undefined
  return {
    dialer: dialerOf(directDialer(), tunnels),
    served: { tunnels, isTarget: (name, address) => targets.isBehind(name, address) },
    control: {
      lifeMs: { usual: agentLimits.invitationLifeMs, max: agentLimits.invitationLifeMsMax },
      gateway: writer,
      list: () => agents.list(),
      liveOf: (connection) => tunnels.ofConnection(connection),
      async invite(name, lifeMs, by) {
        const secret = newSecret()
        const agent = await agents.invite(name, secretFingerprint(secret), lifeMs, by)
        return { agent, token: tokenText({ agent: agent.id, secret, pin: authority.pin }) }
      },
      remove: (id, because) => agents.remove(id, because),
    },
    async listen() {
      if (config.agents === null) return
      listener = await AgentListener.open(config.agents, {
        gateway: writer,
        version,
        authority,
        agents,
        tunnels,
        clock,
        report,
        refused: (client_ip, { code, rule }) =>
          strangers.note({ protocol: 'agent', target: '', client_ip, code, reason: rule }),
      })
    },
    get address() {
      return listener?.address ?? null
    },
    async close() {
      await listener?.close(limits.drainMs)
      await strangers.finish()
      await agents.close()
    },
  }
}
