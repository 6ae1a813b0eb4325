import { parseArgs } from 'node:util'
import * as oidc from 'openid-client'
import { UsageError, type Command, type Io } from '../command.ts'
import { chosen, without } from '../login/access-token.ts'
import { changeLogins, readLogins, type Login } from '../login/logins.ts'
import { asked, discover } from '../login/provider.ts'

export const logout: Command = {
  usage: `sluice logout [<name>]

  Forgets the tokens of a login, the latest where none is named, and tells the provider to revoke them.`,

  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    if (positionals.length > 1) throw new UsageError('name one login')
    const name = chosen(await readLogins(io.env), positionals[0])
    if (name === null) throw new Error('nobody is logged in')
    const login = await changeLogins(io.env, async (logins) => ({
      next: without(logins, name),
      result: logins.logins[name],
    }))
    if (login !== undefined) await revoke(login, io)
    io.out(`logged out at ${name}\n`)
    return 0
  },
}

/** Gateway tokens that were made from it live on for minutes at most. A provider that is down is said, not waited for. */
async function revoke(login: Login, io: Io): Promise<void> {
  try {
    const config = await discover(login)
    if (config.serverMetadata().revocation_endpoint === undefined) return
    const token = login.refresh_token ?? login.access_token
    await asked(login.issuer, () => oidc.tokenRevocation(config, token))
  } catch (error) {
    io.error(
      `the tokens are forgotten here; the provider could not be told to revoke them: ${error instanceof Error ? error.message : String(error)}\n`,
    )
  }
}
