import { AllowList } from '@sluice/agent'
import type { AgentLine } from '@sluice/api'
import { addressText, type Address, type Target } from '@sluice/core'
import { connectApi } from '../../client.ts'
import type { Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import type { Check } from './check.ts'

/** The agents as the gateway tells of them, or why it does not. */
export async function agentsOf(io: Io): Promise<readonly AgentLine[] | string> {
  try {
    const client = await connectApi(io)
    return (await (await client.get('/v1/agents')).json()) as readonly AgentLine[]
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Whether an agent is connected that lets the gateway through to the target. Nothing is dialled. */
export function throughAgent(
  { name, address }: Pick<Target, 'name' | 'address'>,
  via: string,
  agents: readonly AgentLine[] | string,
): Check {
  const check = (ok: boolean, detail: string): Check => ({
    name: `target ${name}`,
    ok,
    detail: printable(detail),
  })
  const to = addressText(address)
  // Not everybody may see them, which is nothing wrong.
  if (typeof agents === 'string')
    return check(true, `${to} is reached by the agent ${via}, of which the gateway does not tell: ${agents}`)
  const ofName = agents.filter((agent) => agent.name === via && agent.state === 'enrolled')
  if (ofName.length === 0)
    return check(
      false,
      `no agent named ${via} has enrolled: sluice agents enrol ${via}, then sluice agent on a machine there`,
    )
  const connections = ofName.flatMap((agent) => agent.connections)
  if (connections.length === 0)
    return check(
      false,
      `no agent named ${via} is connected: is sluice agent running there, and does it reach listen.agents?`,
    )
  // Only a gateway itself knows how many streams go through its connections.
  const here = connections.filter(({ streams }) => streams !== null)
  if (here.length === 0)
    return check(
      false,
      `no agent named ${via} is connected to this gateway, but to ${gatewaysOf(connections)}: start it with --gateway for each gateway`,
    )
  const letting = here.filter(({ allows }) => letsThrough(allows, address))
  if (letting.length === 0)
    return check(
      false,
      `the agent ${via} does not let the gateway through to ${to}: start it with --allow ${to}`,
    )
  const other = here.length - letting.length
  const some = other === 0 ? '' : `, and not by ${other} of its connections, which do not allow it`
  return check(other === 0, `${to} is reached by the agent ${via} (${letting.length} connected)${some}`)
}

function gatewaysOf(connections: readonly { readonly gateway: string }[]): string {
  return [...new Set(connections.map(({ gateway }) => gateway))].toSorted().join(', ')
}

/** By what the agent says that its list is. A newer one may have entries that mean nothing here. */
function letsThrough(allows: readonly string[], address: Address): boolean {
  return allows.some((text) => {
    try {
      return new AllowList([text]).admits(address)
    } catch {
      return false
    }
  })
}
