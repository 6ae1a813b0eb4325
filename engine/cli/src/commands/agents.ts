import { parseArgs } from 'node:util'
import type { AgentConnectionLine, AgentLine } from '@sluice/api'
import { connectApi, type Client } from '../client.ts'
import { UsageError, type Command } from '../command.ts'
import { durationMs } from '../duration.ts'
import { table } from '../table.ts'

interface Given {
  readonly all?: boolean | undefined
  readonly for?: string | undefined
  readonly reason?: string | undefined
}

interface Done {
  readonly items: readonly object[]
  readonly text: string
}

interface Subcommand {
  /** What it is told behind its name; `null`: nothing. */
  readonly argument: string | null
  readonly options: readonly (keyof Given)[]
  readonly run: (argument: string, given: Given, client: Client) => Promise<Done>
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  ls: { argument: null, options: ['all'], run: ls },
  enrol: { argument: 'name', options: ['for'], run: enrol },
  rm: { argument: 'id', options: ['reason'], run: remove },
}

export const agents: Command = {
  usage: `sluice agents ls [--all] [--json]
sluice agents enrol <name> [--for 1h] [--json]
sluice agents rm <id> [--reason <text>] [--json]

  ls     the agents and their connections, at all gateways of the log; --all: also who was removed or never came
  enrol  prints a token with which one sluice agent enrols under that name, once and within the time. Several agents
         may have the same name: new connections to a target with via: <name> are spread over them
  rm     removes an agent, or an invitation nobody used: its connections end at once. All of a name: rm each

  --as <name>  a subject of the demo

  ls is for admins and auditors, the others are for admins.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        all: { type: 'boolean' },
        for: { type: 'string' },
        reason: { type: 'string' },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "agents ${name}"`)
    for (const option of ['all', 'for', 'reason'] as const)
      if (values[option] !== undefined && !known.options.includes(option))
        throw new UsageError(`agents ${name} has no --${option}`)
    const [argument, ...more] = known.argument === null ? ['', ...rest] : rest
    if (argument === undefined) throw new UsageError(`name it: sluice agents ${name} <${known.argument}>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const { items, text } = await known.run(argument, values, await connectApi(io, values.as))
    if (values.json) for (const item of items) io.out(`${JSON.stringify(item)}\n`)
    else io.out(text)
    return 0
  },
}

async function ls(_none: string, { all }: Given, client: Client): Promise<Done> {
  const found = (await (await client.get('/v1/agents')).json()) as readonly AgentLine[]
  const rows = found
    .filter(({ state }) => all === true || state === 'enrolled' || state === 'invited')
    .flatMap((agent) => rowsOf(agent))
  const heading = ['name', 'id', 'state', 'version', 'since', 'streams', 'certificate until', 'gateway']
  return {
    items: rows,
    text: table(
      heading,
      rows.map((row) => [
        row.name,
        row.id,
        row.state,
        row.version ?? '–',
        row.since ?? '–',
        row.streams === null ? '–' : String(row.streams),
        row.certificate_until ?? '–',
        row.gateway ?? '–',
      ]),
    ),
  }
}

type Nullable<T> = { readonly [Field in keyof T]: T[Field] | null }

/** An agent as often as it is connected, or once where it is not. */
interface Row extends Pick<AgentLine, 'id' | 'name'>, Nullable<Omit<AgentConnectionLine, 'id'>> {
  readonly state: AgentLine['state'] | 'connected'
  readonly connection: string | null
}

function rowsOf({ id, name, state, connections }: AgentLine): readonly Row[] {
  if (connections.length === 0) return [{ id, name, state, ...nowhere }]
  return connections.map(({ id: connection, ...rest }) => ({
    id,
    name,
    state: 'connected',
    connection,
    ...rest,
  }))
}

const nowhere = {
  connection: null,
  gateway: null,
  since: null,
  version: null,
  client_ip: null,
  allows: null,
  streams: null,
  heard_at: null,
  certificate_until: null,
}

async function enrol(name: string, { for: life }: Given, client: Client): Promise<Done> {
  const body = { name, ...(life === undefined ? {} : { life_s: Math.ceil(durationMs(life) / 1_000) }) }
  const invited = (await (await client.post('/v1/agents', body)).json()) as {
    readonly agent: AgentLine
    readonly token: string
  }
  const { agent, token } = invited
  // On a line of its own, for whoever takes it from there.
  return { items: [{ ...agent, token }], text: `${token}\n` }
}

async function remove(id: string, { reason }: Given, client: Client): Promise<Done> {
  const answer = await client.delete(`/v1/agents/${encodeURIComponent(id)}`, { reason: reason ?? '' })
  const agent = (await answer.json()) as AgentLine
  return { items: [agent], text: `${agent.name} (${agent.id}) is removed\n` }
}
