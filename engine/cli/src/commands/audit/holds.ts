import type { LegalHoldLine } from '@sluice/api'
import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'
import { selected, type SelectOptions } from './selected.ts'

export interface HoldOptions extends SelectOptions {
  readonly as?: string | undefined
  readonly json: boolean
}

/** Keeps what is recorded of some sessions. */
export async function hold(options: HoldOptions, io: Io): Promise<ExitCode> {
  const body = selected(options, 'hold')
  const answer = await (await connectApi(io, options.as)).post('/v1/legal-holds', body)
  return show(options, io, await answer.json(), ({ id, selector }) => `${id} holds ${selector}`)
}

export async function release(id: string, options: HoldOptions, io: Io): Promise<ExitCode> {
  const { reason } = options
  if (reason === undefined) throw new UsageError('say why: --reason <text>')
  const client = await connectApi(io, options.as)
  const answer = await client.delete(`/v1/legal-holds/${encodeURIComponent(id)}`, { reason })
  return show(options, io, await answer.json(), (line) => `${line.id} holds ${line.selector} no longer`)
}

export async function list(all: boolean, { as, json }: HoldOptions, io: Io): Promise<ExitCode> {
  const client = await connectApi(io, as)
  const answer = await client.get(`/v1/legal-holds?state=${all ? 'all' : 'active'}`)
  const holds = (await answer.json()) as readonly LegalHoldLine[]
  const rows = holds.map((each) => [
    each.id,
    each.state,
    each.selector,
    `${each.placed_at.slice(0, 19).replace('T', ' ')} UTC`,
    each.by,
    each.reason,
  ])
  if (json) for (const each of holds) io.out(`${JSON.stringify(each)}\n`)
  else io.out(table(['id', 'state', 'of', 'since', 'by', 'reason'], rows))
  return 0
}

function show(
  { json }: HoldOptions,
  io: Io,
  answer: unknown,
  text: (line: LegalHoldLine) => string,
): ExitCode {
  const line = answer as LegalHoldLine
  io.out(json ? `${JSON.stringify(line)}\n` : `${printable(text(line))}\n`)
  return 0
}
