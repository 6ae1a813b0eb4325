import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Login } from '../src/index.ts'
import { MissingError } from './corpus.ts'
import type { Finding } from './finding.ts'
import { Lanes } from './lanes.ts'
import type { OpenStage } from './stage.ts'
import { message } from '../src/index.ts'

/**
 * Queries by chance, from the grammar and what a database holds: sqlsmith makes them, and they are asked like those of the
 * regression tests. What the gateway refuses is run nowhere, since it may be a call that stops a server.
 */
export interface Smithing {
  /** The same seed over the same database makes the same statements. */
  readonly seed: number
  readonly count: number
}

const run = promisify(execFile)
const outputBytesMax = 256 * 1024 * 1024

/** @throws MissingError */
export async function statementsOf(login: Login, { seed, count }: Smithing): Promise<readonly string[]> {
  const { host, port, user, password, database } = login
  const target = `host=${host} port=${port} user=${user} password=${password} dbname=${database}`
  const options = ['--dry-run', '--exclude-catalog', `--seed=${seed}`, `--max-queries=${count}`]
  try {
    const { stdout } = await run('sqlsmith', [`--target=${target}`, ...options], {
      maxBuffer: outputBytesMax,
    })
    return stdout
      .split(/;\s*\n/)
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new MissingError('there is no sqlsmith: install it (Debian: apt-get install sqlsmith)', {
        cause: error,
      })
    throw error
  }
}

/** What takes longer anywhere is cut off everywhere, and compared as nothing. */
const statementMs = 1_500
const cutOff = /57014|25P02/
/** Two servers need not draw the same. */
const draws = /\btablesample\b/i

export async function* forge(stage: OpenStage, smithing: Smithing): AsyncGenerator<Finding> {
  const statements = await statementsOf(stage.direct, smithing)
  const lanes = await Lanes.open(stage, {})
  try {
    await lanes.aside(`SET statement_timeout = ${statementMs}`)
    for (const statement of statements) {
      const bytes = message.query(statement)
      const { result } = await lanes.ask({ bytes, statement, leavesRefused: true })
      if (result === undefined) throw new Error(`the server waits for data: ${statement}`)
      const { outcome } = result
      const chance = outcome.kind === 'differs' && (cutOff.test(outcome.how) || draws.test(statement))
      yield {
        test: `sqlsmith ${smithing.seed}`,
        statement,
        ...result,
        outcome: chance ? { kind: 'unstable' } : outcome,
      }
    }
  } finally {
    lanes.close()
  }
}
