import {
  AgentAuthority,
  agentLimits,
  AgentListener,
  newSecret,
  secretFingerprint,
  tokenText,
  Tunnels,
} from '@sluice/agent'
import type { AgentControl } from '@sluice/api'
import { limits, openAgents, type Address, type AgentPorts, type Engine } from '@sluice/core'
import { agentsKey, type SecretSource } from '@sluice/identity'
import type { Config } from './config/config.ts'
import { version } from './version.ts'

export interface AgentSidePorts extends AgentPorts {
  /** Folder of generated keys. */
  readonly keys: string
  readonly secrets: SecretSource
}

/** What a gateway has to do with agents. */
export interface AgentSide {
  readonly tunnels: Tunnels
  /** What the API asks and commands. */
  readonly control: AgentControl
  /** Lets agents in from now on; `null` when no address is configured. */
  listen(engine: Pick<Engine, 'refused'>): Promise<Address | null>
  close(): Promise<void>
}

export async function openAgentSide(
  config: Pick<Config, 'agents' | 'agentsKey'>,
  { keys, secrets, ...ports }: AgentSidePorts,
): Promise<AgentSide> {
  const { clock, report, writer } = ports
  const authority = new AgentAuthority(await agentsKey(config.agentsKey, keys, secrets))
  const agents = await openAgents(ports)
  const tunnels = new Tunnels(report)
  let listener: AgentListener | undefined
  return {
    tunnels,
    control: {
      lifeMs: { usual: agentLimits.invitationLifeMs, max: agentLimits.invitationLifeMsMax },
      gateway: writer,
      list: () => agents.list(),
      find: (id) => agents.find(id),
      streamsOf: (connection) => tunnels.streamsOf(connection),
      async invite(name, lifeMs, by) {
        const secret = newSecret()
        const agent = await agents.invite(name, secretFingerprint(secret), lifeMs, by)
        return { agent, token: tokenText({ agent: agent.id, secret, pin: authority.pin }) }
      },
      remove: (id, because) => agents.remove(id, because),
    },
    async listen(engine) {
      if (config.agents === null) return null
      listener = await AgentListener.open(config.agents, {
        gateway: writer,
        version,
        authority,
        agents,
        tunnels,
        clock,
        report,
        refused: (ip, why) =>
          engine.refused({ protocol: 'agent', target: '', client: { ip, application: null } }, why),
      })
      return listener.address
    },
    async close() {
      await listener?.close(limits.drainMs)
      await agents.close()
    },
  }
}
