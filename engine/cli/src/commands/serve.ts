import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { addressText } from '@sluice/core'
import { UsageError, type Command } from '../command.ts'
import { parseConfig } from '../config/config.ts'
import { withBrokers } from '../config/log.ts'
import { dataFolder } from '../demo-state.ts'
import { brokersOf } from '../log.ts'
import { policyLine } from '../policies.ts'
import { serve } from '../serve.ts'
import type { Running } from '../serving.ts'

const workersMax = 64

export const serveCommand: Command = {
  usage: `sluice serve --config sluice.yaml [--workers <n>]

  --config <file>  default $SLUICE_CONFIG; schemas/config.schema.json describes it
  --workers <n>    processes in which callers come in, on the same ports; default 1, which is this one. With more,
                   this process keeps the log, the API and what is one for all, so it counts as a core of its own

KAFKA_BROKERS=host:port,… keeps the log there, whatever the file says.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' }, workers: { type: 'string', default: '1' } },
    })
    const file = values.config ?? io.env['SLUICE_CONFIG']
    if (file === undefined || positionals.length > 0)
      throw new UsageError('name the configuration: --config <file>')
    const count = workersOf(values.workers)
    const text = await readFile(file, 'utf8')
    const read = parseConfig(file, text)
    const brokers = brokersOf(io.env['KAFKA_BROKERS'])
    const config = brokers === null ? read : { ...read, log: withBrokers(read.log, brokers) }
    const running = await serve(config, {
      data: dataFolder(io.env),
      base: dirname(resolve(file)),
      env: io.env,
      workers: { count, text },
      report: (what, error) =>
        io.error(`${what}: ${error instanceof Error ? error.message : String(error)}\n`),
      activated: (change) => io.out(`${policyLine(change)}\n`),
    })
    io.out(banner(running))
    const stopped = io.signal.aborted ? Promise.resolve() : once(io.signal, 'abort')
    const end = await Promise.race([stopped.then(() => 'stopped'), running.lost.then(() => 'lost')])
    if (end === 'lost') io.error('The other gateways have taken this one for lost. Start it again.\n')
    io.out('draining…\n')
    await running.close()
    return end === 'lost' ? 1 : 0
  },
}

/** Throws `UsageError`. */
function workersOf(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > workersMax)
    throw new UsageError(`--workers ${text}: a whole number from 1 to ${workersMax} is needed`)
  return count
}

function banner({ api, postgres, http, ssh, agents, prometheus, log, revision }: Running): string {
  const lines = [
    `API         http://${addressText(api)}`,
    ...(postgres === null ? [] : [`PostgreSQL  ${addressText(postgres)}`]),
    ...(http === null ? [] : [`HTTP        http://${addressText(http)}`]),
    ...(ssh === null ? [] : [`SSH         ${addressText(ssh)}`]),
    ...(agents === null ? [] : [`agents      ${addressText(agents)}`]),
    ...(prometheus === null ? [] : [`metrics     http://${addressText(prometheus)}/metrics`]),
    `log         ${log}`,
    `policy      ${revision.slice(0, 12)}`,
  ]
  return `Sluice is ready.\n${lines.map((line) => `  ${line}\n`).join('')}`
}
