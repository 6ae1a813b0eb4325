import type { ApprovalLine } from '@sluice/api'
import type { Client } from '../../client.ts'
import { UsageError } from '../../command.ts'
import { instantMs } from '../../instant.ts'
import { table } from '../../table.ts'

/** Characters of a statement in a table; the mark behind it says that there is more. */
const statementChars = 60

export interface LsOptions {
  readonly state?: string | undefined
  readonly subject?: string | undefined
  readonly target?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly last?: string | undefined
}

/** What is asked for, as the API takes it, and of how many the newest. */
interface Wanted {
  readonly query: URLSearchParams
  readonly last: number
}

const states = ['pending', 'all', 'approved', 'rejected', 'expired', 'cancelled', 'consumed']
const lastMax = 100_000
const pageMax = 500

export function lsQuery(options: LsOptions, now: number): Wanted {
  const { state = 'pending', subject, target, since, until, last = String(pageMax) } = options
  if (!states.includes(state)) throw new UsageError(`--state is one of ${states.join(', ')}`)
  if (!/^[1-9]\d{0,5}$/.test(last) || Number(last) > lastMax)
    throw new UsageError(`--last takes a number from 1 to ${lastMax}`)
  const query = new URLSearchParams({ state })
  for (const [name, value] of Object.entries({ subject, target }))
    if (value !== undefined) query.set(name, value)
  if (since !== undefined) query.set('since_ms', String(instantMs(since, now)))
  if (until !== undefined) query.set('until_ms', String(instantMs(until, now)))
  return { query, last: Number(last) }
}

/** Page by page, oldest first. */
export async function listed({ query, last }: Wanted, client: Client): Promise<readonly ApprovalLine[]> {
  let found: readonly ApprovalLine[] = []
  for (;;) {
    const wanted = Math.min(pageMax, last - found.length)
    query.set('last', String(wanted))
    const answer = await client.get(`/v1/approvals?${query.toString()}`)
    const page = (await answer.json()) as readonly ApprovalLine[]
    found = [...page, ...found]
    const [first] = page
    if (first === undefined || page.length < wanted || found.length >= last) return found
    query.set('before', first.id)
  }
}

export function lsText(lines: readonly ApprovalLine[], state = 'pending'): string {
  if (lines.length === 0)
    return state === 'pending'
      ? 'Nothing waits for an approval that concerns you.\n'
      : 'No approval of that kind concerns you.\n'
  return table(
    ['approval', 'state', 'approved', 'subject', 'target', 'action', 'until', 'statement'],
    lines.map((line) => [
      line.id,
      line.state,
      `${line.approved}/${line.quorum}`,
      line.subject,
      line.target,
      line.action,
      line.expires_at.slice(0, 19).replace('T', ' '),
      beginning(line.statement),
    ]),
  )
}

function beginning(statement: string | null): string {
  if (statement === null) return '(erased)'
  const characters = Array.from(statement.replaceAll(/\s+/g, ' '))
  if (characters.length <= statementChars) return characters.join('')
  return `${characters.slice(0, statementChars).join('')}… (cut: see approvals show)`
}
