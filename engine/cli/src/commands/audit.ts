import { parseArgs } from 'node:util'
import { connectApi } from '../client.ts'
import { UsageError, type Command, type ExitCode, type Io } from '../command.ts'
import { durationMs } from '../duration.ts'
import { eventLine, type EventLine } from '../event-line.ts'
import { linesOf } from '../lines.ts'
import { erase } from './audit/erase.ts'
import { hold, list, release } from './audit/holds.ts'
import { report } from './audit/report.ts'
import { search } from './audit/search.ts'
import { verify } from './audit/verify.ts'

export const audit: Command = {
  usage: `sluice audit tail [-f] [--since 10m] [--session ses_…] [--last 50] [--json]
sluice audit search [--subject <id>] [--target <name>] [--run <id>] [--rule <rule>] [--table <schema.name>]
                    [--action sql.select] [--effect allow|deny|hold] [--text <words> [--content]]
                    [--since 7d] [--until 2026-11-08] [--last 50] [--json]
sluice audit verify [--log <folder> | --config sluice.yaml] [--since 7d] [--public-key gateway.pub]
                    [--checkpoints kept.jsonl]… [--json]
sluice audit report [--since 7d] [--until 2026-11-08] [--json]
sluice audit erase --session ses_… | --subject <id> | --label <name=value>  --reason <text> [--json]
sluice audit hold --session ses_… | --subject <id> | --label <name=value>  --reason <text> [--json]
sluice audit release <id> --reason <text> [--json]
sluice audit holds ls [--all] [--json]

  tail    the latest events from the gateway; -f follows
  search  requests that fit everything that is given, with what became of them; --text looks in actions, rules and reasons,
          with --content also in statements, values and answers: for auditors, and that they looked is in the log
  verify  reads the log itself, beside running gateways, and names what is missing or changed; on Kafka with
          KAFKA_BROKERS=host:port,… or as the configuration says. --checkpoints holds it against what log.checkpoints
          kept elsewhere, so that an end that was cut off or rewritten together with the log's own signatures is found
  report  what a period had that asks for a look: broken glass, unusually many denials or rows, what somebody did for
          the first time, changes at the gateway; for auditors
  erase   makes the content of sessions that are over unreadable for good, by destroying its keys; the events stay.
          For admins; --as <name>: a subject of the demo
  hold    a legal hold: neither retention nor erase destroys what is recorded of these sessions, those to come too
  release ends it
  holds   which there are; --all also those that were released`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        follow: { type: 'boolean', short: 'f', default: false },
        since: { type: 'string' },
        until: { type: 'string' },
        session: { type: 'string' },
        last: { type: 'string' },
        log: { type: 'string' },
        config: { type: 'string' },
        'public-key': { type: 'string' },
        checkpoints: { type: 'string', multiple: true },
        subject: { type: 'string' },
        target: { type: 'string' },
        run: { type: 'string' },
        rule: { type: 'string' },
        table: { type: 'string' },
        action: { type: 'string' },
        effect: { type: 'string' },
        text: { type: 'string' },
        content: { type: 'boolean' },
        label: { type: 'string' },
        reason: { type: 'string' },
        all: { type: 'boolean', default: false },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [verb, id, ...more] = positionals
    if (verb === 'release' && id !== undefined && more.length === 0) return release(id, values, io)
    switch (positionals.join(' ')) {
      case 'tail':
        return tail(values, io)
      case 'search':
        return search(values, io)
      case 'verify':
        return verify(values, io)
      case 'report':
        return report(values, io)
      case 'erase':
        return erase(values, io)
      case 'hold':
        return hold(values, io)
      case 'release':
        throw new UsageError('name the legal hold: sluice audit release <id>')
      case 'holds ls':
        return list(values.all, values, io)
      default:
        throw new UsageError(`unknown "audit ${positionals.join(' ')}"`)
    }
  },
}

interface TailOptions {
  readonly follow: boolean
  readonly json: boolean
  readonly since?: string | undefined
  readonly session?: string | undefined
  readonly last?: string | undefined
}

async function tail(options: TailOptions, io: Io): Promise<ExitCode> {
  const query = new URLSearchParams()
  if (options.since !== undefined) query.set('since_ms', String(Date.now() - durationMs(options.since)))
  if (options.session !== undefined) query.set('session', options.session)
  const last =
    options.last ?? (options.since === undefined && options.session === undefined ? '50' : undefined)
  if (last !== undefined) query.set('last', last)
  if (options.follow) query.set('follow', 'true')
  const client = await connectApi(io)
  const { body } = await client.get(`/v1/events?${query.toString()}`)
  if (body === null) return 0
  try {
    for await (const line of linesOf(body))
      io.out(options.json ? `${line}\n` : eventLine(JSON.parse(line) as EventLine))
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
  if (options.follow && !io.signal.aborted)
    io.error('the gateway ended its answer: the token has expired, or it stops. Follow again.\n')
  return 0
}
