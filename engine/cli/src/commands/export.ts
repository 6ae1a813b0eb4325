import { once } from 'node:events'
import { hostname } from 'node:os'
import { parseArgs } from 'node:util'
import { systemClock, systemIds, type Position, type RecordedEvent } from '@sluice/core'
import { secretSource } from '@sluice/identity'
import {
  deadLetterFile,
  delivered,
  Exporter,
  formats,
  mappers,
  Offsets,
  type Format,
  type Sink,
} from '@sluice/exporters'
import { Answered, connectApi, type Client } from '../client.ts'
import { Unreachable, UsageError, type Command, type Io } from '../command.ts'
import { sinkOf } from '../exporters.ts'
import { instantMs } from '../instant.ts'
import { remoteLog } from '../remote-log.ts'
import { referenceFrom, sinkFrom } from '../sink-text.ts'

export const exportCommand: Command = {
  usage: `sluice export --format ocsf|ecs|cef|json [--sink <sink>] [--since 2026-11-01] [--until 2026-11-08] [--follow]

  --sink <sink>          where to; default stdout
      file:PATH · syslog://HOST:PORT · syslog+tls://HOST:PORT · https://… (JSON lines by POST)
      splunk:https://HOST:8088 · elastic:https://HOST:9200/INDEX · kafka://HOST:PORT,…/TOPIC
  --since, --until       a date, 2026-11-01T08:00:00Z, or how long ago, e.g. 7d; default everything
  --follow, -f           goes on with what comes
  --token env:NAME       Splunk: of the collector; Elastic: an API key; HTTP: a bearer token; or file:PATH
  --secret env:NAME      HTTP: signs what is sent
  --tls-ca FILE          authorities that sign the receiver's certificate
  --dead-letters FILE    what a receiver refuses; default sluice-dead-letters.jsonl

A repeat has the same ids. The gateway itself exports all the time with "exporters" in its configuration.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        format: { type: 'string' },
        sink: { type: 'string', default: 'stdout' },
        since: { type: 'string' },
        until: { type: 'string' },
        follow: { type: 'boolean', short: 'f', default: false },
        token: { type: 'string' },
        secret: { type: 'string' },
        'tls-ca': { type: 'string' },
        'dead-letters': { type: 'string', default: 'sluice-dead-letters.jsonl' },
      },
    })
    if (positionals.length > 0) throw new UsageError(`unknown "export ${positionals.join(' ')}"`)
    const format = formatOf(values.format)
    const of = sinkFrom(values.sink, {
      token: referenceFrom('token', values.token),
      secret: referenceFrom('secret', values.secret),
      tlsCa: values['tls-ca'] ?? null,
    })
    const now = clock.now()
    const sinceMs = values.since === undefined ? 0 : instantMs(values.since, now)
    const untilMs = values.until === undefined ? Infinity : instantMs(values.until, now)
    const client = await connectApi(io)
    const report = (what: string, error: unknown): void =>
      io.error(`${what}: ${error instanceof Error ? error.message : String(error)}\n`)
    const place = { base: process.cwd(), env: io.env }
    const parts = {
      host: hostname(),
      base: place.base,
      secrets: secretSource({ ...place, clock }),
      clock,
      ids,
      report,
    }
    const sink = of === 'stdout' ? toStdout(io) : await sinkOf(of, format, parts)
    const name = of === 'stdout' ? of : of.sink
    const reading = new Reading(client, values.follow, io.signal)
    const exporter = new Exporter(
      { name, mapper: mappers[format], sink, sinceMs, untilMs },
      {
        read: (after) => reading.read(after),
        offsets: new Offsets('', report),
        deadLetters: deadLetterFile(values['dead-letters'], clock),
        clock,
        ids,
        report,
      },
    )
    await finished(exporter, io.signal)
    if (reading.failure !== undefined) throw reading.failure
    if (of !== 'stdout') io.error(`${exporter.documents} documents exported\n`)
    if (exporter.deadLetters > 0)
      io.error(`${exporter.deadLetters} were refused: they are in ${values['dead-letters']}\n`)
    const isInterrupted = io.signal.aborted && !values.follow
    return exporter.deadLetters > 0 || isInterrupted ? 1 : 0
  },
}

const clock = systemClock
const ids = systemIds(clock)

function formatOf(text: string | undefined): Format {
  const format = formats.find((each) => each === text)
  if (format === undefined) throw new UsageError(`name the format: --format ${formats.join('|')}`)
  return format
}

/** Until everything is delivered, or the command is interrupted. */
async function finished(exporter: Exporter, signal: AbortSignal): Promise<void> {
  const stopped = signal.aborted ? Promise.resolve() : once(signal, 'abort')
  await Promise.race([exporter.run(), stopped])
  await exporter.close()
}

/** What the gateway hands out. A follower comes back when the connection broke; anything else ends the export. */
class Reading {
  failure: unknown
  readonly #client: Client
  readonly #follow: boolean
  readonly #signal: AbortSignal
  #began = false

  constructor(client: Client, follow: boolean, signal: AbortSignal) {
    this.#client = client
    this.#follow = follow
    this.#signal = signal
  }

  async *read(after: Position | undefined): AsyncGenerator<RecordedEvent> {
    try {
      for await (const event of remoteLog(this.#client, { after, follow: this.#follow })) {
        this.#began = true
        yield event
      }
      if (!this.#follow) return
    } catch (error) {
      if (this.#signal.aborted) return
      if (!this.#follow || !this.#began || error instanceof Answered) {
        this.failure = error
        return
      }
      throw error
    }
    // A gateway that stops ends its answer in order.
    throw new Unreachable('the gateway ended its answer')
  }
}

function toStdout(io: Io): Sink {
  return {
    async deliver(batch) {
      io.out(batch.map(({ text }) => `${text}\n`).join(''))
      return delivered
    },
    close: async () => {},
  }
}
