import type { RevocationLine } from '@sluice/api'
import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

export interface RevokeOptions {
  readonly subject?: string | undefined
  readonly mine?: boolean | undefined
  readonly reason?: string | undefined
  readonly as?: string | undefined
  readonly json: boolean
}

/** One token by its id, or all tokens of a subject up to now. */
export async function revoke(id: string | undefined, options: RevokeOptions, io: Io): Promise<ExitCode> {
  const { subject, mine, reason } = options
  const wanted = [
    ...(id === undefined ? [] : [{ token: id }]),
    ...(subject === undefined ? [] : [{ subject }]),
    ...(mine === true ? [{ mine: 'all' }] : []),
  ]
  const [one, ...others] = wanted
  if (one === undefined || others.length > 0)
    throw new UsageError('name what to revoke: the id of a token, --subject <issuer#sub> or --mine')
  if (reason === undefined || reason === '') throw new UsageError('say why: --reason <text>')
  const client = await connectApi(io, options.as)
  const answer = await client.post('/v1/revocations', { ...one, reason })
  const line = (await answer.json()) as RevocationLine
  io.out(options.json ? `${JSON.stringify(line)}\n` : `${printable(told(line))}\n`)
  return 0
}

/** What may still concern a token. */
export async function revoked({ as, json }: RevokeOptions, io: Io): Promise<ExitCode> {
  const client = await connectApi(io, as)
  const lines = (await (await client.get('/v1/revocations')).json()) as readonly RevocationLine[]
  if (json) for (const line of lines) io.out(`${JSON.stringify(line)}\n`)
  else if (lines.length === 0) io.out('Nothing is revoked that you may see.\n')
  else io.out(table(['revoked', 'what', 'at', 'remembered until', 'by', 'reason'], lines.map(rowOf)))
  return 0
}

function told({ of, token, subject, issued_up_to: upTo, by }: RevocationLine): string {
  if (of === 'token') return `${token ?? ''} is revoked by ${by}, and what was made from it`
  return `the tokens of ${subject ?? ''} are revoked by ${by}; one that is issued after ${second(upTo ?? '')} is good`
}

function rowOf({ of, token, subject, revoked_at: at, until, by, reason }: RevocationLine): readonly string[] {
  return [of, token ?? subject ?? '', second(at), second(until), by, reason]
}

function second(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`
}
