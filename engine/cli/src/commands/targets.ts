import { parseArgs } from 'node:util'
import type { TargetLine } from '@sluice/api'
import { connectApi } from '../client.ts'
import { UsageError, type Command } from '../command.ts'
import { table } from '../table.ts'

export const targets: Command = {
  usage: `sluice targets ls [--json]

  ls  what can be reached, at this gateway or at another one of its log`,

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
          ['target', 'protocol', 'served here', 'labels'],
          found.map(({ name, protocol, labels, served }) => [
            name,
            protocol,
            served ? 'yes' : 'no',
            Object.entries(labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(' '),
          ]),
        ),
      )
    return 0
  },
}
