import { join } from 'node:path'
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
import { limits, openAgents, type Address, type ControlPorts, type Engine } from '@sluice/core'
import { agentsKey, type SecretSource } from '@sluice/identity'
import type { Log } from '@sluice/journal'
import type { Config } from './config/config.ts'
import { version } from './version.ts'

export interface AgentSidePorts extends ControlPorts {
  /** Folder of the gateway; generated keys are in it. */
  readonly data: string
  readonly secrets: SecretSource
  readonly log: Pick<Log, 'writer' | 'epoch'>
}

/** What a gateway has to do with agents. */
export interface AgentSide {
  readonly tunnels: Tunnels
  /** What the API asks and commands. */
  readonly control: AgentControl
  /** Lets agents in from now on, where an address is configured. */
  listen(engine: Pick<Engine, 'refused'>): Promise<void>
  /** Where they connect. */
  readonly address: Address | null
  close(): Promise<void>
}

export async function openAgentSide(
  config: Pick<Config, 'agents' | 'agentsKey'>,
  { data, secrets, log, ...ports }: AgentSidePorts,
): Promise<AgentSide> {
  const { clock, report } = ports
  const { writer, epoch } = log
  const authority = new AgentAuthority(await agentsKey(config.agentsKey, join(data, 'keys'), secrets))
  const agents = await openAgents({ ...ports, writer, epoch })
  const tunnels = new Tunnels(report)
  let listener: AgentListener | undefined
  return {
    tunnels,
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
    async listen(engine) {
      if (config.agents === null) return
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
    },
    get address() {
      return listener?.address ?? null
    },
    async close() {
      await listener?.close(limits.drainMs)
      await agents.close()
    },
  }
}
