import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { verifyLog } from '@sluice/journal'
import { connectApi } from '../client.ts'
import { UsageError, type Command, type ExitCode, type Io } from '../command.ts'
import { dataFolder } from '../demo-state.ts'
import { durationMs } from '../duration.ts'
import { eventLine, type EventLine } from '../event-line.ts'

export const audit: Command = {
  usage: `sluice audit tail [-f] [--since 10m] [--session ses_…] [--last 50] [--json]
sluice audit verify [--log <folder>] [--json]

  tail    the latest events from the gateway; -f follows
  verify  reads the log itself, beside a running gateway, and names what is missing or changed`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        follow: { type: 'boolean', short: 'f', default: false },
        since: { type: 'string' },
        session: { type: 'string' },
        last: { type: 'string' },
        log: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    switch (positionals.join(' ')) {
      case 'tail':
        return tail(values, io)
      case 'verify':
        return verify(values.log ?? join(dataFolder(io.env), 'log'), values.json, io)
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
    for await (const line of createInterface({ input: Readable.fromWeb(body) }))
      io.out(options.json ? `${line}\n` : eventLine(JSON.parse(line) as EventLine))
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
  return 0
}

async function verify(folder: string, json: boolean, io: Io): Promise<ExitCode> {
  const report = await verifyLog(folder)
  if (json) {
    io.out(`${JSON.stringify(report)}\n`)
    return report.ok ? 0 : 1
  }
  for (const { segment, offset, stream, seq, what } of report.findings) {
    const event = stream === null ? '' : ` (stream ${stream}, event ${String(seq)})`
    io.out(`FINDING  ${segment} at byte ${offset}: ${what}${event}\n`)
  }
  const unknown = report.unknown === 0 ? '' : `, ${report.unknown} of a newer version kept in the chain`
  io.out(
    `${report.ok ? 'OK' : 'NOT OK'}  ${report.events} events in ${report.streams} streams${unknown}  ${folder}\n`,
  )
  return report.ok ? 0 : 1
}
