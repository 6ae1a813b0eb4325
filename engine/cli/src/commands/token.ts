import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { apiOf, apiUrl } from '../api-url.ts'
import { Unreachable, UsageError, type Command } from '../command.ts'
import { demoState, demoToken } from '../demo-state.ts'
import { accessToken, loginFor } from '../login/access-token.ts'
import { exchangeToken } from '../token-exchange.ts'

export const token: Command = {
  usage: `sluice token [--login <name>] [--json]
sluice token --as <name>
sluice token --subject-token-file <file>

  --login <name>               one of sluice login; default the latest
  --as <name>                  a subject of the demo; langchain-reporting where nobody has logged in
  --subject-token-file <file>  exchange your provider's access token at SLUICE_URL ("-" reads standard input)`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        as: { type: 'string' },
        login: { type: 'string' },
        'subject-token-file': { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    if (positionals.length > 0) throw new UsageError(`unexpected "${positionals.join(' ')}"`)
    const file = values['subject-token-file']
    const ways = [file, values.as, values.login].filter((way) => way !== undefined)
    if (ways.length > 1) throw new UsageError('--as, --login and --subject-token-file exclude each other')
    const minted = file === undefined ? await ofPerson(values.as, values.login) : await exchanged(file)
    io.out(values.json ? `${JSON.stringify({ token: minted })}\n` : `${minted}\n`)
    return 0

    async function ofPerson(as: string | undefined, named: string | undefined): Promise<string> {
      const login = as === undefined ? await loginFor(io.env, named) : null
      if (login === null) return ofDemo(as)
      const api = apiUrl(apiOf(io.env, await demoState(io.env)))
      return (await exchangeToken(api, await accessToken(io.env, login))).token
    }

    async function ofDemo(name = 'langchain-reporting'): Promise<string> {
      const demo = await demoState(io.env)
      if (demo === null)
        throw new Unreachable('nobody has logged in: run sluice login, or start the demo with: npm start')
      return demoToken(demo, name)
    }

    async function exchanged(from: string): Promise<string> {
      const text = await readFile(from === '-' ? '/dev/stdin' : from, 'utf8')
      const api = apiUrl(apiOf(io.env, null))
      return (await exchangeToken(api, text.trim())).token
    }
  },
}
