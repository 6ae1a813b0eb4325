import type { Explained, ExplainedAction, RuleTrace } from '@sluice/policy'
import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { patiently } from '../../patience.ts'
import { printable } from '../../printable.ts'

export interface WhyOptions {
  /** `<session>#<exchange>`, or the exchange of `--session`. */
  readonly exchange: string
  readonly session?: string | undefined
  readonly json: boolean
}

/** How the rules that decided came to it, and the others did not. */
export async function whyCommand(options: WhyOptions, io: Io): Promise<ExitCode> {
  const [first = '', second] = options.exchange.split('#')
  const [session, exchange] = second === undefined ? [options.session, first] : [first, second]
  if (session === undefined)
    throw new UsageError('name the session too: sluice policy why <session>#<exchange>')
  const client = await connectApi(io)
  const asked = new URLSearchParams({ session, exchange }).toString()
  const response = await patiently(io, 'evaluating', client.get(`/v1/policies/explain?${asked}`))
  const explained = (await response.json()) as Explained
  io.out(options.json ? `${JSON.stringify(explained)}\n` : explained.actions.map(textOf).join('\n'))
  return 0
}

/** The sets that the decision folds. */
const sets = new Set(['deny', 'hold', 'allow', 'break_glass', 'mask', 'limit'])

function textOf({ action, recorded, explained, withheld, rules }: ExplainedAction): string {
  const authors = rules.filter(({ name, package: of }) => sets.has(name) && of.startsWith('sluice.rules.'))
  const sealed =
    recorded.effect === explained.effect
      ? []
      : [`  without what is sealed in the log (${withheld.join(', ')}) it would be ${explained.effect}\n`]
  return [
    `${action}: ${recorded.effect}\n`,
    ...recorded.reasons.map(({ rule, message }) => `  ${printable(`${rule}  ${message}`)}\n`),
    ...sealed,
    '\napplied\n',
    ...authors.filter(({ held }) => held).map(lineOf),
    '\nnot applied, each with the condition at which it ended\n',
    ...authors.filter(({ held }) => !held).map((rule) => lineOf(rule) + endOf(rule)),
  ].join('')
}

function lineOf({ name, id, file, row, package: of }: RuleTrace): string {
  return `  ${printable(`${name.padEnd(5)}  ${id === '' ? of : id}  ${file}:${row}`)}\n`
}

function endOf({ failed }: RuleTrace): string {
  if (failed === null) return ''
  const values = failed.values.map(({ name, value }) => `           ${name} = ${printable(value)}\n`)
  return [`         ${failed.row}: ${printable(failed.text)}\n`, ...values].join('')
}
