import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { apiOf, apiUrl } from '../api-url.ts'
import { Unreachable, UsageError, type Command } from '../command.ts'
import { demoState, demoToken } from '../demo-state.ts'
import { accessToken, loginFor } from '../login/access-token.ts'
import { exchangeToken } from '../token-exchange.ts'
import { password } from './token/password.ts'
import { revoke, revoked } from './token/revoke.ts'

export const token: Command = {
  usage: `sluice token [--login <name>] [--target <name>]… [--from <network>]… [--json]
sluice token --as <name> …
sluice token --subject-token-file <file> …
sluice token password [--target <name>]… [--from <network>]… [--as <name>] [--json]
sluice token revoke <id> | --subject <issuer#sub> | --mine  --reason <text> [--as <name>] [--json]
sluice token revoked [--as <name>] [--json]

  password a user name and a password for clients of PostgreSQL that demand SCRAM-SHA-256: good as long as your token
  revoke   ends what a token is good for, at every gateway and at once, with the sessions that live by it: by its id (see
           sluice sessions show), all of a subject, or --mine: all of yours. Your own, or anybody's for admins. Of a subject
           that is what was issued up to now, so log in anew a minute later
  revoked  what was, as long as it matters

  --target <name>              it opens this target and nothing else, not the API either; may be given several times
  --from <network>             it is good from this address or network alone, e.g. 10.1.0.0/16; may be given several times
  --login <name>               one of sluice login; default the latest
  --as <name>                  a subject of the demo; langchain-reporting where nobody has logged in,
                               but for revoke and revoked: erin, who only looks
  --subject-token-file <file>  exchange your provider's access token at SLUICE_URL ("-" reads standard input)`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        as: { type: 'string' },
        login: { type: 'string' },
        'subject-token-file': { type: 'string' },
        target: { type: 'string', multiple: true },
        from: { type: 'string', multiple: true },
        subject: { type: 'string' },
        mine: { type: 'boolean' },
        reason: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [verb, id, ...more] = positionals
    for (const option of ['subject', 'mine', 'reason'] as const)
      if (values[option] !== undefined && verb !== 'revoke')
        throw new UsageError(`--${option} is for sluice token revoke`)
    if (verb === 'password' && id === undefined) return password(values, io)
    if (verb !== undefined && (values.target ?? values.from) !== undefined)
      throw new UsageError('--target and --from are for sluice token and sluice token password')
    if (verb === 'revoke' && more.length === 0) return revoke(id, values, io)
    if (verb === 'revoked' && id === undefined) return revoked(values, io)
    if (verb !== undefined) throw new UsageError(`unexpected "${positionals.join(' ')}"`)
    const file = values['subject-token-file']
    const ways = [file, values.as, values.login].filter((way) => way !== undefined)
    const binding = { targets: values.target ?? [], from: values.from ?? [] }
    if (ways.length > 1) throw new UsageError('--as, --login and --subject-token-file exclude each other')
    const minted = file === undefined ? await ofPerson(values.as, values.login) : await exchanged(file)
    io.out(values.json ? `${JSON.stringify({ token: minted })}\n` : `${minted}\n`)
    return 0

    async function ofPerson(as: string | undefined, named: string | undefined): Promise<string> {
      const login = as === undefined ? await loginFor(io.env, named) : null
      if (login === null) return ofDemo(as)
      const api = apiUrl(apiOf(io.env, await demoState(io.env)))
      return (await exchangeToken(api, await accessToken(io.env, login), binding)).token
    }

    async function ofDemo(name = 'langchain-reporting'): Promise<string> {
      const demo = await demoState(io.env)
      if (demo === null)
        throw new Unreachable('nobody has logged in: run sluice login, or start the demo with: npm start')
      return demoToken(demo, name, binding)
    }

    async function exchanged(from: string): Promise<string> {
      const text = await readFile(from === '-' ? '/dev/stdin' : from, 'utf8')
      const api = apiUrl(apiOf(io.env, null))
      return (await exchangeToken(api, text.trim(), binding)).token
    }
  },
}
