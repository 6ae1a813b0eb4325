import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { UsageError, type Command } from '../command.ts'
import { addressText } from '../config/address.ts'
import { parseConfig } from '../config/config.ts'
import { withBrokers } from '../config/log.ts'
import { dataFolder } from '../demo-state.ts'
import { brokersOf } from '../log.ts'
import { policyLine } from '../policies.ts'
import { serve } from '../serve.ts'
import type { Running } from '../serving.ts'

export const serveCommand: Command = {
  usage: `sluice serve --config sluice.yaml

  --config <file>  default $SLUICE_CONFIG; schemas/config.schema.json describes it

KAFKA_BROKERS=host:port,… keeps the log there, whatever the file says.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { config: { type: 'string' } },
    })
    const file = values.config ?? io.env['SLUICE_CONFIG']
    if (file === undefined || positionals.length > 0)
      throw new UsageError('name the configuration: --config <file>')
    const read = parseConfig(file, await readFile(file, 'utf8'))
    const brokers = brokersOf(io.env['KAFKA_BROKERS'])
    const config = brokers === null ? read : { ...read, log: withBrokers(read.log, brokers) }
    const running = await serve(config, {
      data: dataFolder(io.env),
      base: dirname(resolve(file)),
      env: io.env,
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

function banner({ api, postgres, http, agents, prometheus, log, revision }: Running): string {
  const lines = [
    `API         http://${addressText(api)}`,
    ...(postgres === null ? [] : [`PostgreSQL  ${addressText(postgres)}`]),
    ...(http === null ? [] : [`HTTP        http://${addressText(http)}`]),
    ...(agents === null ? [] : [`agents      ${addressText(agents)}`]),
    ...(prometheus === null ? [] : [`metrics     http://${addressText(prometheus)}/metrics`]),
    `log         ${log}`,
    `policy      ${revision.slice(0, 12)}`,
  ]
  return `Sluice is ready.\n${lines.map((line) => `  ${line}\n`).join('')}`
}
