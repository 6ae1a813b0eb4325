import { parseArgs } from 'node:util'
import { PolicyError } from '@sluice/policy'
import { UsageError, type Command, type ExitCode, type Io } from '../command.ts'
import { activateCommand } from './policy/activate.ts'
import { canCommand } from './policy/can.ts'
import { checkCommand } from './policy/check.ts'
import { evalCommand } from './policy/eval.ts'
import { showFindings } from './policy/findings.ts'
import { fmtCommand } from './policy/fmt.ts'
import { lsCommand } from './policy/ls.ts'
import { testCommand } from './policy/test.ts'
import { whatIfCommand } from './policy/what-if.ts'
import { whyCommand } from './policy/why.ts'

/** What the sub-commands on a folder are given: each reads what is its own. */
export interface PolicyOptions {
  readonly folder: string
  readonly json: boolean
  readonly check: boolean
  readonly filter?: string | undefined
  readonly input?: string | undefined
}

interface Given extends Omit<PolicyOptions, 'folder'> {
  readonly history: boolean
  readonly reason?: string | undefined
  readonly policy?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly target?: string | undefined
  readonly session?: string | undefined
  readonly subject?: string | undefined
  readonly groups?: string | undefined
  readonly type?: string | undefined
}

const optional = [
  'history',
  'check',
  'filter',
  'input',
  'reason',
  'policy',
  'since',
  'until',
  'target',
  'session',
  'subject',
  'groups',
  'type',
] as const

interface Subcommand {
  /** What its one argument is; null when it has none. */
  readonly argument: 'folder' | 'revision' | 'exchange' | null
  /** The option that may stand in its place. */
  readonly instead?: 'policy'
  readonly options: readonly (typeof optional)[number][]
  readonly run: (argument: string, given: Given, io: Io) => Promise<ExitCode>
}

const subcommands: Readonly<Record<string, Subcommand>> = {
  check: onFolder(checkCommand),
  fmt: onFolder(fmtCommand, 'check'),
  test: onFolder(testCommand, 'filter'),
  eval: onFolder(evalCommand, 'input'),
  ls: { argument: null, options: ['history'], run: (_none, given, io) => lsCommand(given, io) },
  activate: {
    argument: 'revision',
    instead: 'policy',
    options: ['reason', 'policy'],
    run: (revision, given, io) =>
      withFindings(given.policy ?? '', given, io, () => activateCommand({ ...given, revision }, io)),
  },
  why: {
    argument: 'exchange',
    options: ['session'],
    run: (exchange, given, io) => whyCommand({ ...given, exchange }, io),
  },
  can: {
    argument: null,
    options: ['target', 'subject', 'groups', 'type'],
    run: (_none, given, io) => canCommand(given, io),
  },
  'what-if': {
    argument: null,
    options: ['policy', 'since', 'until', 'target'],
    run: (_none, given, io) => withFindings(given.policy ?? '', given, io, () => whatIfCommand(given, io)),
  },
}

function onFolder(
  run: (options: PolicyOptions, io: Io) => Promise<ExitCode>,
  ...options: Subcommand['options']
): Subcommand {
  return {
    argument: 'folder',
    options,
    run: (folder, given, io) => withFindings(folder, given, io, () => run({ ...given, folder }, io)),
  }
}

/** Policies that cannot be used are a finding. */
async function withFindings(
  folder: string,
  given: Given,
  io: Io,
  work: () => Promise<ExitCode>,
): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    showFindings(error.diagnostics, { ...given, folder }, io)
    return 1
  }
}

export const policy: Command = {
  usage: `sluice policy check <folder> [--json]
sluice policy fmt <folder> [--check] [--json]
sluice policy test <folder> [--filter <regex>] [--json]
sluice policy eval <folder> --input <file> [--json]
sluice policy ls [--history] [--json]
sluice policy activate <revision> | --policy <folder> [--reason <text>] [--json]
sluice policy what-if --policy <folder> [--since 7d] [--until 2026-11-08] [--target <name>] [--json]
sluice policy why <session>#<exchange> [--json]
sluice policy can --target <name> --subject <id> | --groups <a,b> [--type human] [--json]

  check     compiles; each error with file, row and column
  fmt       formats Rego files as OPA does and names them; --check only names them
  test      runs Rego tests (--filter picks them by package.name) and case tables, with coverage
  eval      judges one request: JSON with only what matters, laid over a neutral one ("-" reads standard input)
  ls        the revisions in a gateway's log, which one is in force, and at which gateway another one; --history: each
            time that one came into force or could not be used, when, where, by whom and why
  activate  puts one of them in force again, or the policies of a folder once they have passed check and tests: at all
            gateways of a shared log, and over watched files until these change; needs the role admin
  what-if   judges the requests in a gateway's log once more, by the policies of a folder, and shows what would
            change; for auditors
  why       how a recorded request was decided: the rules that applied, and the condition at which each other one ended;
            for auditors and admins
  can       what somebody would get of one request of each kind at a target, and of what they asked before; for auditors
            and admins. Samples prove nothing of what they are no sample of

Exit code 1 when something was found, failed, refused, is not formatted or would change.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        history: { type: 'boolean', default: false },
        filter: { type: 'string' },
        input: { type: 'string' },
        reason: { type: 'string' },
        policy: { type: 'string' },
        since: { type: 'string' },
        until: { type: 'string' },
        target: { type: 'string' },
        session: { type: 'string' },
        subject: { type: 'string' },
        groups: { type: 'string' },
        type: { type: 'string' },
      },
    })
    const [name = '', ...rest] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "policy ${name}"`)
    for (const option of optional)
      if (values[option] !== undefined && values[option] !== false && !known.options.includes(option))
        throw new UsageError(`policy ${name} has no --${option}`)
    const isReplaced = known.instead !== undefined && values[known.instead] !== undefined
    const [argument, ...more] = known.argument === null || isReplaced ? ['', ...rest] : rest
    if (argument === undefined)
      throw new UsageError(`name the ${known.argument}: sluice policy ${name} <${known.argument}>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    return await known.run(argument, values, io)
  },
}
