import { parseArgs } from 'node:util'
import type { ExchangeLine, SessionLine } from '@sluice/api'
import { connectApi, type Client } from '../client.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { replayed, speedOf } from './sessions/replay.ts'
import { exchangesText, sessionsText, sessionText } from './sessions/text.ts'

interface Given {
  readonly reason?: string | undefined
  readonly all?: boolean | undefined
  readonly speed?: string | undefined
  readonly follow?: boolean | undefined
  readonly cast?: boolean | undefined
}

interface Done {
  readonly items: readonly object[]
  readonly text: string
}

interface Subcommand {
  readonly hasId: boolean
  readonly options: readonly (keyof Given)[]
  /** `undefined`: it has told everything by itself. */
  readonly run: (id: string, given: Given, client: Client, out: Out) => Promise<Done | undefined>
}

/** Where what is told goes, and in which form. */
interface Out {
  readonly io: Io
  readonly json: boolean
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  ls: { hasId: false, options: ['all'], run: ls },
  show: { hasId: true, options: [], run: show },
  replay: { hasId: true, options: ['speed', 'follow', 'cast'], run: replay },
  kill: { hasId: true, options: ['reason'], run: kill },
}

export const sessions: Command = {
  usage: `sluice sessions ls [--all] [--json]
sluice sessions show <id> [--json]
sluice sessions replay <id> [--speed 1] [-f] [--json | --cast]
sluice sessions kill <id> [--reason <text>] [--json]

  ls      what is open at any gateway: your own, or everybody's for admins and auditors; --all: what is over too
  show    one session, open or over, with its latest exchanges from the log
  replay  what happened in it: who asked what, the verdicts, the votes, and the answers as the client saw them; at once,
          or with --speed 1 as fast as it was, with --speed 10 ten times as fast; -f follows one that is open;
          --cast: only what terminals showed, as asciicast v2 for a player. What a terminal would obey is escaped in all.
          For auditors, and for whose session it is; that it was read is in the log
  kill    ends it at once, with what runs in it: your own, or anybody's for admins

  --as <name>  a subject of the demo`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        all: { type: 'boolean' },
        speed: { type: 'string' },
        follow: { type: 'boolean', short: 'f' },
        cast: { type: 'boolean' },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "sessions ${name}"`)
    for (const option of ['reason', 'all', 'speed', 'follow', 'cast'] as const)
      if (values[option] !== undefined && !known.options.includes(option))
        throw new UsageError(`sessions ${name} has no --${option}`)
    const [id, ...more] = known.hasId ? rest : ['', ...rest]
    if (id === undefined) throw new UsageError(`name the session: sluice sessions ${name} <id>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const { json } = values
    const done = await known.run(id, values, await connectApi(io, values.as), { io, json })
    if (json) for (const item of done?.items ?? []) io.out(`${JSON.stringify(item)}\n`)
    else if (done !== undefined) io.out(done.text)
    return 0
  },
}

async function ls(_none: string, { all }: Given, client: Client): Promise<Done> {
  const items = (await (
    await client.get(`/v1/sessions${all === true ? '?all=true' : ''}`)
  ).json()) as readonly SessionLine[]
  return { items, text: sessionsText(items) }
}

async function show(id: string, _given: Given, client: Client): Promise<Done> {
  const path = `/v1/sessions/${encodeURIComponent(id)}`
  const session = (await (await client.get(path)).json()) as SessionLine
  const exchanges = (await (await client.get(`${path}/exchanges`)).json()) as readonly ExchangeLine[]
  return { items: [{ ...session, exchanges }], text: sessionText(session) + exchangesText(exchanges) }
}

async function replay(
  id: string,
  { speed, follow = false, cast = false }: Given,
  client: Client,
  { io, json }: Out,
) {
  const options = { speed: speed === undefined ? null : speedOf(speed), follow, json, cast }
  await replayed(id, options, client, io)
  return undefined
}

async function kill(id: string, { reason }: Given, client: Client): Promise<Done> {
  const body = reason === undefined ? {} : { reason }
  const answer = await client.post(`/v1/sessions/${encodeURIComponent(id)}/kill`, body)
  return { items: [(await answer.json()) as object], text: `${id} is killed\n` }
}
