import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { Unreachable, UsageError, type Command } from '../command.ts'
import { demoState, demoToken } from '../demo-state.ts'
import { exchangeToken } from '../token-exchange.ts'

export const token: Command = {
  usage: `sluice token [--as <name>] [--json]
sluice token --subject-token-file <file>

  --as <name>                  a subject of the demo, default langchain-reporting
  --subject-token-file <file>  exchange your provider's access token at SLUICE_URL ("-" reads standard input)`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        as: { type: 'string' },
        'subject-token-file': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals.length > 0) throw new UsageError(`unexpected "${positionals.join(' ')}"`)
    const file = values['subject-token-file']
    if (file !== undefined && values.as !== undefined)
      throw new UsageError('--as and --subject-token-file exclude each other')
    const minted = file === undefined ? await ofDemo(values.as) : await exchanged(file)
    io.out(values.json ? `${JSON.stringify({ token: minted })}\n` : `${minted}\n`)
    return 0

    async function ofDemo(name = 'langchain-reporting'): Promise<string> {
      const demo = await demoState(io.env)
      if (demo === null) throw new Unreachable('no demo was started here: run npm start first')
      return demoToken(demo, name)
    }

    async function exchanged(from: string): Promise<string> {
      const text = await readFile(from === '-' ? '/dev/stdin' : from, 'utf8')
      const api = io.env['SLUICE_URL'] ?? 'http://127.0.0.1:7400'
      return (await exchangeToken(api, text.trim())).token
    }
  },
}
