import { parseArgs } from 'node:util'
import type { GrantLine } from '@sluice/api'
import { durationText } from '@sluice/core'
import { connectApi, type Client } from '../client.ts'
import { UsageError, type Command } from '../command.ts'
import { durationMs } from '../duration.ts'
import { printable } from '../printable.ts'
import { table } from '../table.ts'

interface Given {
  readonly target?: string | undefined
  readonly for?: string | undefined
  readonly role?: string | undefined
  readonly reason?: string | undefined
  readonly all: boolean
}

type Option = keyof Given

interface Subcommand {
  readonly hasId: boolean
  readonly options: readonly Option[]
  /** Of one grant, or of several. */
  readonly run: (id: string, given: Given, client: () => Promise<Client>) => Promise<Shown>
}

interface Shown {
  readonly grants: readonly GrantLine[]
  readonly text: string
}

const options: readonly Option[] = ['target', 'for', 'role', 'reason', 'all']

const subcommands: Readonly<Record<string, Subcommand>> = {
  request: { hasId: false, options: ['target', 'for', 'role', 'reason'], run: request },
  ls: { hasId: false, options: ['all'], run: list },
  approve: { hasId: true, options: ['reason'], run: decide('grant') },
  reject: { hasId: true, options: ['reason'], run: decide('reject') },
  revoke: { hasId: true, options: ['reason'], run: revoke },
}

export const access: Command = {
  usage: `sluice access request --target <name> --for 1h --reason <text> [--role <role>] [--json]
sluice access ls [--all] [--json]
sluice access approve <id> [--reason <text>] [--json]
sluice access reject <id> --reason <text> [--json]
sluice access revoke <id> [--reason <text>] [--json]

  request  asks for access to a target for a while, from when it is given; the role is reader by default
  ls       what is asked for and valid, of your own and what you may decide; --all also what is over
  approve  gives it, to somebody else than yourself; needs the role approver
  reject   refuses it
  revoke   ends it at once: who gave it, who asked for it, or an admin

  --as <name>  a subject of the demo`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        target: { type: 'string' },
        for: { type: 'string' },
        role: { type: 'string' },
        reason: { type: 'string' },
        all: { type: 'boolean', default: false },
        as: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "access ${name}"`)
    for (const option of options)
      if (values[option] !== undefined && values[option] !== false && !known.options.includes(option))
        throw new UsageError(`access ${name} has no --${option}`)
    const [id, ...more] = known.hasId ? rest : ['', ...rest]
    if (id === undefined) throw new UsageError(`name the request: sluice access ${name} <id>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const { grants, text } = await known.run(id, values, () => connectApi(io, values.as))
    io.out(values.json ? grants.map((grant) => `${JSON.stringify(grant)}\n`).join('') : text)
    return 0
  },
}

async function request(_none: string, given: Given, client: () => Promise<Client>): Promise<Shown> {
  const { target, for: life, role, reason } = given
  if (target === undefined) throw new UsageError('name the target: --target <name>')
  if (life === undefined) throw new UsageError('say for how long: --for 1h')
  if (reason === undefined) throw new UsageError('say why: --reason <text>')
  const body = { target, life_ms: durationMs(life), reason, ...(role === undefined ? {} : { role }) }
  return one(await (await client()).post('/v1/grants', body), (grant) => {
    const what = `${grant.role} on ${grant.target} for ${durationText(grant.life_ms)}`
    return `${grant.id} asks for ${what}
One of ${grant.approvers.join(', ')} must agree until ${shownTime(grant.expires_at)}: sluice access approve ${grant.id}`
  })
}

async function list(_none: string, { all }: Given, client: () => Promise<Client>): Promise<Shown> {
  const answer = await (await client()).get(`/v1/grants?state=${all ? 'all' : 'live'}&last=500`)
  const grants = (await answer.json()) as readonly GrantLine[]
  const rows = grants.map((grant) => [
    grant.id,
    grant.state,
    grant.on_behalf_of === null ? grant.subject : `${grant.subject} for ${grant.on_behalf_of}`,
    grant.target,
    grant.role,
    durationText(grant.life_ms),
    shownTime(grant.expires_at),
    grant.reason,
  ])
  return {
    grants,
    text: table(['id', 'state', 'subject', 'target', 'role', 'for', 'until', 'reason'], rows),
  }
}

function decide(decision: 'grant' | 'reject'): Subcommand['run'] {
  return async (id, { reason }, client) => {
    if (decision === 'reject' && reason === undefined) throw new UsageError('say why: --reason <text>')
    const body = { decision, ...(reason === undefined ? {} : { reason }) }
    return one(await (await client()).post(`/v1/grants/${pathPart(id)}/decision`, body), (grant) =>
      decision === 'grant'
        ? `${grant.subject} has ${grant.role} on ${grant.target} until ${shownTime(grant.expires_at)}`
        : `${grant.id} is rejected`,
    )
  }
}

async function revoke(id: string, { reason }: Given, client: () => Promise<Client>): Promise<Shown> {
  const body = reason === undefined ? {} : { reason }
  return one(
    await (await client()).delete(`/v1/grants/${pathPart(id)}`, body),
    (grant) => `${grant.id} is revoked: ${grant.subject} has it no longer`,
  )
}

/** As one part of a path, whatever somebody typed. */
function pathPart(id: string): string {
  return encodeURIComponent(id)
}

async function one(answer: Response, text: (grant: GrantLine) => string): Promise<Shown> {
  const grant = (await answer.json()) as GrantLine
  const lines = text(grant).split('\n').map(printable)
  return { grants: [grant], text: `${lines.join('\n')}\n` }
}

function shownTime(iso: string): string {
  return `${iso.slice(0, 19).replace('T', ' ')} UTC`
}
