import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'

export interface EraseOptions {
  readonly session?: string | undefined
  readonly subject?: string | undefined
  readonly label?: string | undefined
  readonly reason?: string | undefined
  readonly as?: string | undefined
  readonly json: boolean
}

/** Destroys data keys, for good. */
export async function erase(options: EraseOptions, io: Io): Promise<ExitCode> {
  const { session, subject, label, reason, as, json } = options
  const selectors = Object.entries({ session, subject, label }).filter(([, value]) => value !== undefined)
  if (selectors.length !== 1) throw new UsageError('name what to erase: --session, --subject or --label')
  if (reason === undefined) throw new UsageError('say why: --reason <text>')
  const client = await connectApi(io, as)
  const answer = await client.post('/v1/erasures', { ...Object.fromEntries(selectors), reason })
  const erased = (await answer.json()) as Erased
  if (json) io.out(`${JSON.stringify(erased)}\n`)
  else
    io.out(
      `${erased.keys} data keys of ${erased.sessions} sessions are destroyed: nobody can read that content again.\n`,
    )
  return 0
}

interface Erased {
  readonly selector: string
  readonly sessions: number
  readonly keys: number
}
