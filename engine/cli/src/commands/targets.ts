import { parseArgs } from 'node:util'
import type { AddedLine, FindingLine, ProbeLine, TargetDetail, TargetLine } from '@sluice/api'
import { Answered, connectApi, type Client } from '../client.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { findingText } from '../finding-text.ts'
import { printable } from '../printable.ts'
import { table } from '../table.ts'

const options = {
  user: { type: 'string' },
  password: { type: 'string' },
  secret: { type: 'string' },
  label: { type: 'string', multiple: true },
  'tls-ca': { type: 'string' },
  file: { type: 'string' },
  check: { type: 'string' },
  database: { type: 'string' },
  schema: { type: 'string', multiple: true },
  write: { type: 'boolean', default: false },
  as: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** What the command line may say; each subcommand reads its own part. */
export type TargetValues = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

export const targets: Command = {
  usage: `sluice targets ls [--json]
sluice targets show|test <name> [--json]
sluice targets add <name> <url> --user <name> --password <reference> [--label env=prod]… [--check only|no] [--json]
sluice targets add <name> --file <entry.yaml> [--check only|no] [--json]
sluice targets rm <name> [--json]
sluice targets role <role> --database <name> [--schema <name>]… [--write]

  ls    what can be reached, at this gateway or at another one of its log
  show  where one is, what holds there, and what the latest test found; for admins and auditors
  test  has the gateway log in there as a session would, and changes nothing; for admins
  add   adds one at all gateways of the log, for admins, after the gateway has logged in there
  rm    takes one away that was added; sessions at it end
  role  prints SQL that creates a role of PostgreSQL for a target: it may read the tables of the schemas, or with --write
        change their rows, and no more

  <url>                   postgresql://host:5432/database or https://host/path
  --password <reference>  where the gateway finds the password: env:NAME, file:/path, vault:path#field, aws:, gcp: or azure:,
                          never the password itself; api.target_secrets of the gateways says which places may be named
  --secret <reference>    a secret that holds user and password, e.g. vault:database/creds/shop, in the place of both
  --tls-ca <file>         PEM of the authority that signed the target's certificate
  --file <entry.yaml>     everything as in targets: of a configuration file
  --check only|no         only try it; or add it untried
  --schema <name>         default public
  --as <name>             a subject of the demo`,

  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [what, name, ...more] = positionals
    if (what === 'ls' && name === undefined) return list(await connectApi(io, values.as), values.json, io)
    if (what === 'add' && name !== undefined && more.length <= 1) return add(name, more[0], values, io)
    if ((what === 'show' || what === 'test') && name !== undefined && more.length === 0)
      return what === 'show' ? show(name, values, io) : test(name, values, io)
    if (what === 'rm' && name !== undefined && more.length === 0) return remove(name, values, io)
    if (what === 'role' && name !== undefined && more.length === 0) {
      // The adapter and its parser are more than what listing needs.
      const { roleText } = await import('./targets/role.ts')
      io.out(roleText(name, values))
      return 0
    }
    throw new UsageError(`unknown "targets ${positionals.join(' ')}"`)
  },
}

async function list(client: Client, json: boolean, io: Io): Promise<number> {
  const found = (await (await client.get('/v1/targets')).json()) as readonly TargetLine[]
  if (json) for (const target of found) io.out(`${JSON.stringify(target)}\n`)
  else
    io.out(
      table(
        ['target', 'protocol', 'served here', 'from', 'labels'],
        found.map(({ name, protocol, labels, served, source }) => [
          name,
          protocol,
          served ? 'yes' : 'no',
          source,
          Object.entries(labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(' '),
        ]),
      ),
    )
  return 0
}

async function add(name: string, url: string | undefined, values: TargetValues, io: Io): Promise<number> {
  const { check } = values
  if (check !== undefined && check !== 'only' && check !== 'no') throw new UsageError('--check is only or no')
  const { entryOf } = await import('./targets/entry.ts')
  const target = await entryOf(name, url, values)
  const client = await connectApi(io, values.as)
  try {
    const answer = await client.post('/v1/targets', { target, ...(check === undefined ? {} : { check }) })
    const done = (await answer.json()) as AddedLine
    tell(done.findings, done, values.json, io)
    if (!values.json && done.added)
      io.out(`${printable(done.name)} was added: sluice connect ${printable(done.name)}\n`)
    return done.findings.some(({ state }) => state === 'bad') ? 1 : 0
  } catch (error) {
    const findings =
      error instanceof Answered
        ? (error.problem['findings'] as readonly FindingLine[] | undefined)
        : undefined
    if (findings === undefined) throw error
    tell(findings, { name, added: false, findings }, values.json, io)
    io.error('sluice: sessions at this target would fail, so nothing was added\n')
    return 1
  }
}

function tell(findings: readonly FindingLine[], line: AddedLine, json: boolean, io: Io): void {
  if (json) io.out(`${JSON.stringify(line)}\n`)
  else for (const found of findings) io.out(findingText(found))
}

async function show(name: string, { as, json }: TargetValues, io: Io): Promise<number> {
  const client = await connectApi(io, as)
  const answer = await client.get(`/v1/targets/${encodeURIComponent(name)}`)
  const target = (await answer.json()) as TargetDetail
  if (json) io.out(`${JSON.stringify(target)}\n`)
  else {
    io.out(table(['what', 'is'], factsOf(target)))
    for (const found of target.probe?.findings ?? []) io.out(findingText(found))
  }
  return 0
}

function factsOf({
  name,
  protocol,
  state,
  terms,
  probe,
  source,
}: TargetDetail): readonly (readonly string[])[] {
  const rate = terms?.rate ?? null
  return [
    ['target', `${name} (${protocol}), ${source === 'file' ? 'of a file' : 'added'}`],
    [
      'address',
      `${state?.address ?? 'known at another gateway'}${state?.via == null ? '' : ` via ${state.via}`}`,
    ],
    [
      'credential',
      terms?.credential == null ? 'none' : `${terms.credential.user ?? ''} ${terms.credential.place}`.trim(),
    ],
    ['rate', rate === null ? 'unbounded' : `${rate.per_second} a second, ${rate.burst} at once`],
    ...(terms?.settings ?? [])
      .filter(({ value }) => value !== '')
      .map(({ name: key, value }) => [key, value]),
    ['sessions', String(state?.sessions ?? 0)],
    ['tested', probe === null ? 'not since the gateway started' : `${probe.at} by ${probe.by}`],
  ]
}

async function test(name: string, { as, json }: TargetValues, io: Io): Promise<number> {
  const client = await connectApi(io, as)
  const answer = await client.post(`/v1/targets/${encodeURIComponent(name)}/probe`, {})
  const probe = (await answer.json()) as ProbeLine
  if (json) io.out(`${JSON.stringify(probe)}\n`)
  else for (const found of probe.findings) io.out(findingText(found))
  return probe.findings.some(({ state }) => state === 'bad') ? 1 : 0
}

async function remove(name: string, { as, json }: TargetValues, io: Io): Promise<number> {
  const client = await connectApi(io, as)
  await client.delete(`/v1/targets/${encodeURIComponent(name)}`, {})
  io.out(json ? `${JSON.stringify({ name, removed: true })}\n` : `${printable(name)} was removed\n`)
  return 0
}
