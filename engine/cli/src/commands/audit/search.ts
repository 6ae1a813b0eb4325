import type { FoundLine, FoundPage } from '@sluice/api'
import { connectApi, type Client } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { instantMs } from '../../instant.ts'
import { patiently } from '../../patience.ts'
import { table } from '../../table.ts'

export interface SearchOptions extends Partial<Record<Filter, string | undefined>> {
  readonly content?: boolean | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly last?: string | undefined
  readonly as?: string | undefined
  readonly json: boolean
}

/** Handed on as they are. */
const filters = ['subject', 'target', 'run', 'rule', 'table', 'action', 'effect', 'text'] as const
type Filter = (typeof filters)[number]

const effects: readonly string[] = ['allow', 'deny', 'hold']
const lastDefault = 50
const lastMax = 100_000
const pageMax = 1_000

/** One line for each exchange that fits, oldest first; of many the latest. */
export async function search(options: SearchOptions, io: Io): Promise<ExitCode> {
  const query = queryOf(options, Date.now())
  const last = lastOf(options.last)
  const client = await connectApi(io, options.as)
  const { exchanges, more } = await patiently(io, 'searching', collected(query, last, client))
  if (options.json) for (const exchange of exchanges) io.out(`${JSON.stringify(exchange)}\n`)
  else
    io.out(
      exchanges.length === 0 ? 'Nothing of that kind is recorded that you may see.\n' : listed(exchanges),
    )
  if (more) io.error(`There is more: these are the latest ${last}. --last shows as many as you say.\n`)
  return 0
}

function queryOf(options: SearchOptions, now: number): URLSearchParams {
  const { effect, text, content = false, since, until } = options
  if (effect !== undefined && !effects.includes(effect))
    throw new UsageError(`--effect is one of ${effects.join(', ')}`)
  if (content && text === undefined)
    throw new UsageError('--content needs the text that is to be found: --text')
  const query = new URLSearchParams()
  for (const filter of filters) {
    const value = options[filter]
    if (value !== undefined) query.set(filter, value)
  }
  if (content) query.set('content', 'true')
  if (since !== undefined) query.set('since_ms', String(instantMs(since, now)))
  if (until !== undefined) query.set('until_ms', String(instantMs(until, now)))
  return query
}

function lastOf(text: string = String(lastDefault)): number {
  const last = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (last < 1 || last > lastMax) throw new UsageError(`--last takes a number from 1 to ${lastMax}`)
  return last
}

/** Page by page. */
async function collected(
  query: URLSearchParams,
  last: number,
  client: Client,
): Promise<{ readonly exchanges: readonly FoundLine[]; readonly more: boolean }> {
  const found: FoundLine[] = []
  let next: string | null = null
  do {
    if (next !== null) query.set('before', next)
    query.set('last', String(Math.min(pageMax, last - found.length)))
    const answer = await client.get(`/v1/exchanges?${query.toString()}`)
    const page = (await answer.json()) as FoundPage
    found.push(...page.exchanges)
    next = page.next
  } while (next !== null && found.length < last)
  return { exchanges: found.toReversed(), more: next !== null }
}

function listed(exchanges: readonly FoundLine[]): string {
  return table(
    ['at', 'session', 'who', 'target', 'action', 'effect', 'rule', 'outcome', 'rows', 'masked'],
    exchanges.map((exchange) => [
      exchange.at.slice(0, 19).replace('T', ' '),
      exchange.session,
      exchange.subject,
      exchange.target,
      exchange.summary.replaceAll('\n', '; '),
      exchange.effect ?? '',
      exchange.rule ?? '',
      [exchange.outcome, exchange.status ?? ''].join(' ').trimEnd(),
      String(exchange.rows),
      String(exchange.masked),
    ]),
  )
}
