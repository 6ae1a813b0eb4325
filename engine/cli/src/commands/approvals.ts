import { parseArgs } from 'node:util'
import type { ApprovalLine, ApprovalPage } from '@sluice/api'
import { connectApi, type Client } from '../client.ts'
import { UsageError, type Command } from '../command.ts'
import { listed, lsQuery, lsText, type LsOptions } from './approvals/ls.ts'
import { wholeApprovalId } from './approvals/named.ts'
import { pageText } from './approvals/page.ts'

interface Given extends LsOptions {
  readonly reason?: string | undefined
}

interface Done {
  readonly items: readonly (ApprovalLine | ApprovalPage)[]
  readonly text: string
}

interface Subcommand {
  readonly hasId: boolean
  readonly options: readonly (typeof optional)[number][]
  readonly run: (id: string, given: Given, client: () => Promise<Client>) => Promise<Done>
}

const optional = ['state', 'subject', 'target', 'since', 'until', 'last', 'reason'] as const

const subcommands: Readonly<Record<string, Subcommand>> = {
  ls: { hasId: false, options: optional.filter((option) => option !== 'reason'), run: ls },
  show: { hasId: true, options: [], run: show },
  approve: { hasId: true, options: ['reason'], run: voting('approve') },
  reject: { hasId: true, options: ['reason'], run: voting('reject') },
}

export const approvals: Command = {
  usage: `sluice approvals ls [--state pending|all] [--subject <id>] [--target <name>] [--since 7d] [--until 2026-11-08]
                    [--last 500] [--json]
sluice approvals show <id> [--json]
sluice approvals approve <id> [--reason <text>] [--json]
sluice approvals reject <id> --reason <text> [--json]

  ls       what waits for people, as far as it concerns you; --state also approved, rejected, expired, cancelled, consumed,
           at any gateway and however long ago: the latest of those that --subject asked for, on --target, in a time
  show     what exactly would run, who asks, what they did so far, and the rule that holds it
  approve  lets it run, once enough others agree; needs the role approver, and never works for one's own request
  reject   ends it

  <id> may be the beginning or the end of one, as long as only one of the latest 500 is meant.
  --as <name>  a subject of the demo, e.g. bob`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        state: { type: 'string' },
        subject: { type: 'string' },
        target: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        last: { type: 'string' },
        reason: { type: 'string' },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "approvals ${name}"`)
    for (const option of optional)
      if (values[option] !== undefined && !known.options.includes(option))
        throw new UsageError(`approvals ${name} has no --${option}`)
    const [id, ...more] = known.hasId ? rest : ['', ...rest]
    if (id === undefined) throw new UsageError(`name the approval: sluice approvals ${name} <id>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const { items, text } = await known.run(id, values, () => connectApi(io, values.as))
    if (values.json) for (const item of items) io.out(`${JSON.stringify(item)}\n`)
    else io.out(text)
    return 0
  },
}

async function ls(_none: string, given: Given, client: () => Promise<Client>): Promise<Done> {
  const query = lsQuery(given, Date.now())
  const items = await listed(query, await client())
  return { items, text: lsText(items, given.state) }
}

async function show(given: string, _options: Given, connect: () => Promise<Client>): Promise<Done> {
  const client = await connect()
  const answer = await client.get(`/v1/approvals/${await wholeApprovalId(given, client)}`)
  const page = (await answer.json()) as ApprovalPage
  return { items: [page], text: pageText(page) }
}

function voting(vote: 'approve' | 'reject'): Subcommand['run'] {
  return async (given, { reason }, connect) => {
    if (vote === 'reject' && (reason ?? '').trim() === '')
      throw new UsageError('say why: sluice approvals reject <id> --reason <text>')
    const body = reason === undefined ? { vote } : { vote, reason }
    const client = await connect()
    const answer = await client.post(`/v1/approvals/${await wholeApprovalId(given, client)}/votes`, body)
    const line = (await answer.json()) as ApprovalLine
    return { items: [line], text: votedText(line) }
  }
}

function votedText({ id, state, approved, quorum }: ApprovalLine): string {
  if (state !== 'pending') return `${id} is ${state}\n`
  return `${id} has ${approved} of ${quorum} approvals: ${quorum - approved} more must approve\n`
}
