import { connectApi } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'
import { selected, type SelectOptions } from './selected.ts'

export interface EraseOptions extends SelectOptions {
  readonly as?: string | undefined
  readonly json: boolean
}

/** Destroys data keys, for good. */
export async function erase(options: EraseOptions, io: Io): Promise<ExitCode> {
  const { as, json } = options
  const body = selected(options, 'erase')
  const client = await connectApi(io, as)
  const answer = await client.post('/v1/erasures', body)
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
