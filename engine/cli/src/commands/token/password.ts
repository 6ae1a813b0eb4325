import type { PasswordLine } from '@sluice/api'
import { connectApi } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'
import { printable } from '../../printable.ts'

export interface PasswordOptions {
  readonly target?: readonly string[] | undefined
  readonly from?: readonly string[] | undefined
  readonly as?: string | undefined
  readonly json: boolean
}

/** A user name and a password for clients that answer challenges only. Shown once. */
export async function password({ target, from, as, json }: PasswordOptions, io: Io): Promise<ExitCode> {
  const client = await connectApi(io, as)
  const answer = await client.post('/v1/passwords', {
    ...(target === undefined ? {} : { targets: target }),
    ...(from === undefined ? {} : { from }),
  })
  const line = (await answer.json()) as PasswordLine
  io.out(json ? `${JSON.stringify(line)}\n` : textOf(line))
  return 0
}

function textOf({ user, password: secret, targets, from, expires_at: until }: PasswordLine): string {
  const lines = [
    `user      ${user}`,
    `password  ${secret}`,
    `targets   ${targets === null ? 'all' : targets.join(' ')}${from === null ? '' : `, from ${from.join(' ')}`}`,
    `until     ${until.slice(0, 19).replace('T', ' ')} UTC`,
  ]
  return lines.map((line) => `${printable(line)}\n`).join('')
}
