import { parseArgs } from 'node:util'
import type { ExchangeLine, SessionLine } from '@sluice/api'
import { connectApi, type Client } from '../client.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { durationMs } from '../duration.ts'
import { wholeSessionId } from './sessions/named.ts'
import { replayed, speedOf } from './sessions/replay.ts'
import { exchangesText, sessionsText, sessionText } from './sessions/text.ts'

interface Given {
  readonly reason?: string | undefined
  readonly all?: boolean | undefined
  readonly speed?: string | undefined
  readonly 'max-idle'?: string | undefined
  readonly from?: string | undefined
  readonly follow?: boolean | undefined
  readonly text?: boolean | undefined
  readonly asciicast?: string | undefined
  readonly exchange?: string | undefined
}

const optional = [
  'reason',
  'all',
  'speed',
  'max-idle',
  'from',
  'follow',
  'text',
  'asciicast',
  'exchange',
] as const

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
  replay: {
    hasId: true,
    options: ['speed', 'max-idle', 'from', 'follow', 'text', 'asciicast', 'exchange'],
    run: replay,
  },
  watch: { hasId: true, options: ['text'], run: watch },
  kill: { hasId: true, options: ['reason'], run: kill },
}

export const sessions: Command = {
  usage: `sluice sessions ls [--all] [--json]
sluice sessions show <id> [--json]
sluice sessions replay <id> [--speed 1] [--max-idle 2s] [--from 10m] [-f] [--text | --json]
sluice sessions replay <id> --asciicast <file> [--exchange <id>]
sluice sessions watch <id> [--text | --json]
sluice sessions kill <id> [--reason <text>] [--json]

  ls      what is open at any gateway: your own, or everybody's for admins and auditors; --all: what is over too
  show    one session, open or over, with its latest exchanges from the log
  replay  what happened in it: who asked what, the verdicts, the votes, and the answers as the client saw them. At once, but
          in a terminal what terminals showed is played as fast as it was; --text tells that as well.
            --speed 10     ten times as fast, whatever it is      --max-idle 2s  waits no longer than that
            --from 10m     from ten minutes after its beginning   -f             goes on with one that is open
            --asciicast f  what a terminal showed, for a player such as asciinema; - is the output. Of several terminals
                           --exchange names one. A player obeys what a host printed: that is between it and you
          Whatever is shown here was drawn or escaped here: no terminal obeys a recording
  watch   the same of one that is open: what there is at once, then as it happens, until it is over
  kill    ends it at once, with what runs in it: your own, or anybody's for admins

  <id> may be the beginning or the end of one, as long as only one is meant. Recordings are for auditors, and for whose
  session it is; that one was read is in the log
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
        'max-idle': { type: 'string' },
        from: { type: 'string' },
        text: { type: 'boolean' },
        asciicast: { type: 'string' },
        exchange: { type: 'string' },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "sessions ${name}"`)
    for (const option of optional)
      if (values[option] !== undefined && !known.options.includes(option))
        throw new UsageError(`sessions ${name} has no --${option}`)
    const [id, ...more] = known.hasId ? rest : ['', ...rest]
    if (id === undefined) throw new UsageError(`name the session: sluice sessions ${name} <id>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const { json } = values
    mustFit(values, json)
    const client = await connectApi(io, values.as)
    const whole = known.hasId ? await wholeSessionId(id, client) : id
    const done = await known.run(whole, values, client, { io, json })
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

/** Before anything is asked, since a reading is recorded. */
function mustFit(given: Given, json: boolean): void {
  const { speed, from, text = false, asciicast, exchange } = given
  if (speed !== undefined) speedOf(speed)
  if (from !== undefined) durationMs(from)
  if (given['max-idle'] !== undefined) durationMs(given['max-idle'])
  if (text && json) throw new UsageError('--text or --json, not both')
  if (exchange !== undefined && asciicast === undefined)
    throw new UsageError('--exchange says which terminal --asciicast writes')
  const pacing = [speed, from, given['max-idle'], given.follow].some((option) => option !== undefined)
  if (asciicast !== undefined && (pacing || text || json))
    throw new UsageError('--asciicast writes what there is, as it was: only --exchange goes with it')
}

async function replay(id: string, given: Given, client: Client, { io, json }: Out): Promise<undefined> {
  const { speed, from, follow = false, text = false, asciicast, exchange } = given
  const options = {
    speed: speed === undefined ? null : speedOf(speed),
    maxIdleMs: given['max-idle'] === undefined ? null : durationMs(given['max-idle']),
    fromMs: from === undefined ? 0 : durationMs(from),
    follow,
    form: json ? ('json' as const) : text ? ('text' as const) : ('shown' as const),
    asciicast: asciicast ?? null,
    exchange: exchange ?? null,
  }
  await replayed(id, options, client, io)
}

function watch(id: string, given: Given, client: Client, out: Out): Promise<undefined> {
  return replay(id, { ...given, follow: true }, client, out)
}

async function kill(id: string, { reason }: Given, client: Client): Promise<Done> {
  const body = reason === undefined ? {} : { reason }
  const answer = await client.post(`/v1/sessions/${encodeURIComponent(id)}/kill`, body)
  return { items: [(await answer.json()) as object], text: `${id} is killed\n` }
}
