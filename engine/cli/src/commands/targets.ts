import { parseArgs } from 'node:util'
import { connectApi } from '../client.ts'
import { UsageError, type Command } from '../command.ts'
import { table } from '../table.ts'

interface TargetLine {
  readonly name: string
  readonly protocol: string
  readonly labels: Readonly<Record<string, string>>
}

export const targets: Command = {
  usage: 'sluice targets ls [--json]',

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    })
    if (positionals.join(' ') !== 'ls') throw new UsageError(`unknown "targets ${positionals.join(' ')}"`)
    const client = await connectApi(io)
    const found = (await (await client.get('/v1/targets')).json()) as readonly TargetLine[]
    if (values.json) for (const target of found) io.out(`${JSON.stringify(target)}\n`)
    else
      io.out(
        table(
          ['target', 'protocol', 'labels'],
          found.map(({ name, protocol, labels }) => [
            name,
            protocol,
            Object.entries(labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(' '),
          ]),
        ),
      )
    return 0
  },
}
