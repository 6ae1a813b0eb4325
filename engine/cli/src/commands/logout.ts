import { parseArgs } from 'node:util'
import * as oidc from 'openid-client'
import { connectApi } from '../client.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { demoState } from '../demo-state.ts'
import { chosen, without } from '../login/access-token.ts'
import { changeLogins, readLogins, type Login } from '../login/logins.ts'
import { asked, discover } from '../login/provider.ts'

export const logout: Command = {
  usage: `sluice logout [<name>]

  Forgets the tokens of a login, the latest where none is named, and tells the provider to revoke them, and the gateway at
  SLUICE_URL too: what was made from the access token opens nothing more there.`,

  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
    if (positionals.length > 1) throw new UsageError('name one login')
    const name = chosen(await readLogins(io.env), positionals[0])
    if (name === null) throw new Error('nobody is logged in')
    const login = await changeLogins(io.env, async (logins) => ({
      next: without(logins, name),
      result: logins.logins[name],
    }))
    if (login !== undefined) await Promise.all([revoke(login, io), revokeAtGateway(login, io)])
    io.out(`logged out at ${name}\n`)
    return 0
  },
}

/** Where none is known there is none to tell. Gateway tokens that were made from it live on for minutes at most. */
async function revokeAtGateway({ access_token: token, gateway }: Login, io: Io): Promise<void> {
  const url = gateway ?? io.env['SLUICE_URL']
  if (url === undefined && (await demoState(io.env)) === null) return
  try {
    const client = await connectApi({ ...io, env: { ...io.env, SLUICE_URL: url, SLUICE_TOKEN: token } })
    await client.post('/v1/revocations', { mine: 'this', reason: 'logged out' })
  } catch (error) {
    io.error(`the gateway was not told to revoke what was made from it: ${messageOf(error)}\n`)
  }
}

/** A provider that is down is said, not waited for. */
async function revoke(login: Login, io: Io): Promise<void> {
  if (login.gateway !== undefined) return
  try {
    const config = await discover(login)
    if (config.serverMetadata().revocation_endpoint === undefined) return
    const token = login.refresh_token ?? login.access_token
    await asked(login.issuer, () => oidc.tokenRevocation(config, token))
  } catch (error) {
    io.error(
      `the tokens are forgotten here; the provider could not be told to revoke them: ${messageOf(error)}\n`,
    )
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
