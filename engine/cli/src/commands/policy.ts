import { parseArgs } from 'node:util'
import { PolicyError } from '@sluice/policy'
import { UsageError, type Command, type ExitCode, type Io } from '../command.ts'
import { checkCommand } from './policy/check.ts'
import { evalCommand } from './policy/eval.ts'
import { showFindings } from './policy/findings.ts'
import { fmtCommand } from './policy/fmt.ts'
import { testCommand } from './policy/test.ts'

/** What the four sub-commands are given: each reads what is its own. */
export interface PolicyOptions {
  readonly folder: string
  readonly json: boolean
  readonly check: boolean
  readonly filter?: string | undefined
  readonly input?: string | undefined
}

type Subcommand = (options: PolicyOptions, io: Io) => Promise<ExitCode>

const subcommands: Readonly<Record<string, readonly [Subcommand, ...(keyof PolicyOptions)[]]>> = {
  check: [checkCommand],
  fmt: [fmtCommand, 'check'],
  test: [testCommand, 'filter'],
  eval: [evalCommand, 'input'],
}

export const policy: Command = {
  usage: `sluice policy check <folder> [--json]
sluice policy fmt <folder> [--check] [--json]
sluice policy test <folder> [--filter <regex>] [--json]
sluice policy eval <folder> --input <file> [--json]

  check  compiles; each error with file, row and column
  fmt    formats Rego files as OPA does and names them; --check only names them
  test   runs Rego tests (--filter picks them by package.name) and case tables, with coverage
  eval   judges one request: JSON with only what matters, laid over a neutral one ("-" reads standard input)

Exit code 1 when something was found, failed or is not formatted.`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        filter: { type: 'string' },
        input: { type: 'string' },
      },
    })
    const [name = '', folder, ...more] = positionals
    const known = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined
    if (known === undefined) throw new UsageError(`unknown "policy ${name}"`)
    const [run, ...own] = known
    for (const option of ['check', 'filter', 'input'] as const)
      if (values[option] !== undefined && values[option] !== false && !own.includes(option))
        throw new UsageError(`policy ${name} has no --${option}`)
    if (folder === undefined) throw new UsageError(`name the folder: sluice policy ${name} <folder>`)
    if (more.length > 0) throw new UsageError(`unexpected "${more.join(' ')}"`)
    const options = { ...values, folder }
    try {
      return await run(options, io)
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      showFindings(error.diagnostics, options, io)
      return 1
    }
  },
}
